"""The registry in SQL. Never commits: the unit of work around it does."""

from .cameras import SqlCameras
from .facts import SqlCameraFacts, SqlColumns, SqlParties
from .imports import SqlImports

__all__ = ["SqlCameraFacts", "SqlCameras", "SqlColumns", "SqlImports", "SqlParties"]
