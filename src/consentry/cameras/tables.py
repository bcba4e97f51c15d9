"""The registry's tables. A removed camera leaves its id, number and owner, and nothing else.

Degrees are IEEE doubles, as given. The numbers that tiles show are drawn from `camera_counter`
and never used twice.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from consentry.infra.db import Instant, JsonText, metadata

ID = String(36)
WORD = String(20)

camera = Table(
    "camera",
    metadata,
    Column("id", ID, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("party_id", ID, nullable=False),
    Column("state", WORD, nullable=False),
    Column("name", String(120), nullable=False),
    Column("address", String(200), nullable=False),
    # Null once removed: the hub forgets where it was.
    Column("lat", Double),
    Column("lon", Double),
    Column("kind", WORD, nullable=False),
    Column("setting", WORD, nullable=False),
    Column("floor", Integer),
    Column("height_m", Double),
    Column("bearing_deg", Double),
    Column("fov_deg", Double),
    Column("range_m", Double),
    Column("night_vision", Boolean, nullable=False),
    Column("health", WORD, nullable=False),
    Column("health_at", Instant),
    Column("edge_id", ID, index=True),
    # Who brought the row in, from where, and under which name over there.
    Column("origin_party_id", ID, nullable=False),
    Column("source", String(60), nullable=False),
    Column("reference", String(120)),
    Column("import_id", ID),
    # The import and row that last touched it: a second row of one file under one name is a fault.
    Column("touched_import_id", ID),
    Column("touched_row", Integer),
    Column("added_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("moved_at", Instant),
    Column("removed_at", Instant),
    CheckConstraint("state = 'removed' OR (lat IS NOT NULL AND lon IS NOT NULL)", name="placed"),
    CheckConstraint("lat BETWEEN -90 AND 90", name="lat"),
    CheckConstraint("lon BETWEEN -180 AND 180", name="lon"),
    UniqueConstraint("origin_party_id", "source", "reference"),
    Index("ix_camera_party", "party_id", "id"),
    Index("ix_camera_import", "import_id", "id"),
)
camera_counter = Table(
    "camera_counter",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("next", Integer, nullable=False),
)
camera_import = Table(
    "camera_import",
    metadata,
    Column("id", ID, primary_key=True),
    Column("party_id", ID, nullable=False),
    # Whoever started it, as the log names them: every batch is recorded as theirs.
    Column("actor", JsonText, nullable=False),
    Column("options", JsonText, nullable=False),
    Column("state", WORD, nullable=False),
    Column("job_id", ID, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("rows_total", Integer),
    Column("notes", JsonText, nullable=False),
    Column("rows_read", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("proposed", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    # Everything found wrong; the first of them are kept in `camera_import_error`.
    Column("faults", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("error", JsonText),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Index("ix_camera_import_party", "party_id", "id"),
    Index("ix_camera_import_state", "state"),
)
camera_import_error = Table(
    "camera_import_error",
    metadata,
    Column("import_id", ID, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("row", Integer, nullable=False),
    Column("field", String(60), nullable=False),
    Column("message", String(300), nullable=False),
    Column("limit", String(120)),
)
