"""The tables of consent. Statements, answers, approvals and openings are only ever added to.

`consent_camera` holds one row per camera that has an owner's statement: the row that a permit
reads `FOR SHARE` and a change of consent takes `FOR UPDATE`, so that none overtakes the other.
"""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from consentry.infra.db import Instant, JsonText, metadata

ID = String(36)
HASH = String(64)
KEY = String(64)
WORD = String(40)

consent_camera = Table(
    "consent_camera",
    metadata,
    Column("camera_id", ID, primary_key=True),
    Column("party_id", ID, nullable=False, index=True),
    # Pinned when the first statement came; later keys follow from sealed `rotate`s alone.
    Column("first_key", KEY, nullable=False),
    Column("owner_key", KEY, nullable=False),
    # How many statements and stops were taken in; `seq` and `head` are the newest in order.
    Column("count", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("head", HASH, nullable=False),
)
consent_statement = Table(
    "consent_statement",
    metadata,
    Column("camera_id", ID, primary_key=True),
    # Order of arrival at this camera: the order in which they are folded.
    Column("n", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", HASH, nullable=False),
    Column("type", WORD, nullable=False),
    Column("received_at", Instant, nullable=False),
    # The bytes as sealed, never re-encoded, with the key and seal they came with.
    Column("bytes", LargeBinary, nullable=False),
    Column("key", KEY, nullable=False),
    Column("alg", String(16), nullable=False),
    Column("sig", String(128), nullable=False),
    # The log entry that took it in: the owner's receipt leads there.
    Column("entry_id", ID, nullable=False),
    Index("ix_consent_statement_hash", "camera_id", "hash"),
)
consent_stop = Table(
    "consent_stop",
    metadata,
    Column("camera_id", ID, primary_key=True),
    # Counted together with the statements: the fold takes both in one order.
    Column("n", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("person_id", ID, nullable=False),
    Column("entry_id", ID, nullable=False),
)
consent_audience = Table(
    "consent_audience",
    metadata,
    Column("camera_id", ID, primary_key=True),
    Column("party_id", ID, primary_key=True),
    Column("starts_at", Instant, primary_key=True),
    Column("ends_at", Instant, nullable=False),
    # 2: shown as a point where the rules of the map allow one. No row: not shown.
    Column("level", Integer, nullable=False),
)
consent_owner_key = Table(
    "consent_owner_key",
    metadata,
    Column("party_id", ID, primary_key=True),
    Column("key", KEY, primary_key=True),
    Column("pinned_at", Instant, nullable=False),
    Column("retired_at", Instant),
    Index("ix_consent_owner_key_key", "key", unique=True),
)
consent_ask = Table(
    "consent_ask",
    metadata,
    Column("id", ID, primary_key=True),
    Column("party_id", ID, nullable=False),
    Column("person_id", ID, nullable=False),
    Column("person_name", String(200), nullable=False),
    Column("session_id", String(64), nullable=False),
    Column("role", WORD, nullable=False),
    Column("use", WORD, nullable=False),
    Column("purpose", WORD, nullable=False),
    Column("incident_id", ID),
    Column("case_reference", String(120), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("window_from", Instant),
    Column("window_until", Instant),
    Column("asked_at", Instant, nullable=False),
    Column("lapses_at", Instant, nullable=False),
    Column("state", WORD, nullable=False),
    # SHA-256 of the ask in canonical form: what a second person approves.
    Column("hash", HASH, nullable=False),
    Column("review_due_at", Instant, index=True),
    Column("reviewed_at", Instant),
    Column("reviewed_by", ID),
    Column("review_finding", String(500), nullable=False),
    Index("ix_consent_ask_party", "party_id", "id"),
    Index("ix_consent_ask_open", "state", "lapses_at"),
)
consent_ask_camera = Table(
    "consent_ask_camera",
    metadata,
    Column("ask_id", ID, primary_key=True),
    Column("camera_id", ID, primary_key=True),
    Column("owner_id", ID, nullable=False),
    Column("state", WORD, nullable=False),
    Column("reason", WORD),
    # Why a second person is needed, and what whoever holds the permit must do.
    Column("causes", JsonText, nullable=False),
    Column("obligations", JsonText, nullable=False),
    Column("answer", WORD),
    # The first permit's instant: caps on a session count from here, through every renewal.
    Column("opened_at", Instant),
    Column("until", Instant),
    Column("ticket_id", ID),
    # The newest entry of the log that decided this camera.
    Column("entry_id", ID),
    Index("ix_consent_ask_camera_owner", "owner_id", "ask_id"),
    Index("ix_consent_ask_camera_camera", "camera_id", "ask_id"),
)
consent_access = Table(
    "consent_access",
    metadata,
    # The entry of the log in which this was decided; ids sort by time.
    Column("entry_id", ID, primary_key=True),
    Column("ask_id", ID, nullable=False),
    Column("camera_id", ID, nullable=False),
    Column("owner_id", ID, nullable=False),
    Column("at", Instant, nullable=False),
    Column("decision", WORD, nullable=False),
    Column("reason", WORD),
    Column("until", Instant),
    # A lawful delay hides who and why until then; that there was an access shows at once.
    Column("hidden_until", Instant),
    Index("ix_consent_access_owner", "owner_id", "entry_id"),
)
consent_approval = Table(
    "consent_approval",
    metadata,
    Column("ask_id", ID, primary_key=True),
    Column("kind", WORD, primary_key=True),
    # A delay of notice and a second person's yes may both stand; each kind once per approver.
    Column("person_id", ID, primary_key=True),
    Column("ask_hash", HASH, nullable=False),
    Column("at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("stepped_up", Boolean, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("entry_id", ID, nullable=False),
)
consent_incident = Table(
    "consent_incident",
    metadata,
    # One row per incident that was asked about: asks about it wait here for one another, so that
    # no two count the opened cameras at once and both stay under the bound.
    Column("incident_id", ID, primary_key=True),
)
consent_opening = Table(
    "consent_opening",
    metadata,
    Column("incident_id", ID, primary_key=True),
    Column("camera_id", ID, primary_key=True),
    Column("owner_id", ID, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_consent_opening_at", "incident_id", "at"),
)
protected_place = Table(
    "protected_place",
    metadata,
    Column("id", ID, primary_key=True),
    Column("party_id", ID, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("name", String(120), nullable=False),
    Column("area", JsonText, nullable=False),
    # The box around the area in 1e-7 degrees, so that a point is looked up without reading all.
    Column("south", Integer, nullable=False),
    Column("north", Integer, nullable=False),
    Column("starts_at", Instant),
    Column("ends_at", Instant),
    Index("ix_protected_place_party", "party_id", "id"),
    Index("ix_protected_place_south", "south", "north"),
)
lawful_basis = Table(
    "lawful_basis",
    metadata,
    Column("party_id", ID, primary_key=True),
    Column("camera_id", ID, primary_key=True),
    Column("purpose", WORD, primary_key=True),
    Column("basis", String(500), nullable=False),
    Column("necessity", String(500), nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", ID, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
)
policy_pack = Table(
    "policy_pack",
    metadata,
    Column("party_id", ID, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("body", JsonText, nullable=False),
    Column("hash", HASH, nullable=False),
    Column("loaded_at", Instant, nullable=False),
    Column("loaded_by", ID, nullable=False),
)
agency_stop = Table(
    "agency_stop",
    metadata,
    Column("party_id", ID, primary_key=True),
    Column("stopped", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", ID, nullable=False),
    Column("reason", Text, nullable=False),
)
