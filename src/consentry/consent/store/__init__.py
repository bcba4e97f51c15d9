"""The ports of consent in SQL. Nothing here commits: the unit of work around it does."""

from .asks import SqlApprovals, SqlAsks, SqlOpenings
from .safeguards import SqlAgencyStops, SqlLawfulBases, SqlPolicies, SqlProtectedPlaces
from .statements import SqlOwnerKeys, SqlStatements

__all__ = [
    "SqlAgencyStops",
    "SqlApprovals",
    "SqlAsks",
    "SqlLawfulBases",
    "SqlOpenings",
    "SqlOwnerKeys",
    "SqlPolicies",
    "SqlProtectedPlaces",
    "SqlStatements",
]
