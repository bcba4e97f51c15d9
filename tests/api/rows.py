"""All rows of the authorisation matrix: one for every route, or the tests fail."""

from tests.api import rows_audit, rows_cameras, rows_consent, rows_identity, rows_incidents
from tests.api.row import Row

HEALTH: dict[str, Row] = {
    "GET /healthz": Row(theirs=None),
    "GET /readyz": Row(ok=(200, 503), theirs=None),
    "GET /metrics": Row(theirs=None),
}
ROWS: dict[str, Row] = {
    **HEALTH,
    **rows_identity.ROWS,
    **rows_incidents.ROWS,
    **rows_cameras.ROWS,
    **rows_consent.ROWS,
    **rows_audit.ROWS,
}

UNGUARDED = {
    "GET /api/openapi.json": "FastAPI's own: the document, the same for everyone.",
}
"""Routes that name no act and stand in no document. Each with its reason; reviewed by hand."""
