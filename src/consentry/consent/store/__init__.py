"""The ports of consent in SQL. Nothing here commits: the unit of work around it does."""

from consentry.consent.ports import Stores
from consentry.infra.db import Transaction

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
    "sql_stores",
]


def sql_stores(tx: Transaction) -> Stores:
    """Every store of consent over one transaction."""
    return Stores(
        statements=SqlStatements(tx),
        keys=SqlOwnerKeys(tx),
        asks=SqlAsks(tx),
        approvals=SqlApprovals(tx),
        openings=SqlOpenings(tx),
        places=SqlProtectedPlaces(tx),
        bases=SqlLawfulBases(tx),
        policies=SqlPolicies(tx),
        stops=SqlAgencyStops(tx),
    )
