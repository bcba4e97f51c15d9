"""The log in four tables. Rows are inserted and never updated; only the one head row moves."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from consentry.infra.db import Instant, metadata

# SQLite numbers only a plain INTEGER primary key by itself.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

audit_entry = Table(
    "audit_entry",
    metadata,
    # Never reused, and never the position: on PostgreSQL commits arrive out of order.
    Column("n", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    # Everything below but the salt repeats the body, for searching; the verifier recomputes it.
    Column("at", BigInteger, nullable=False),
    Column("act", String(40), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("agency", String(36), nullable=False),
    Column("subject_kind", String(40), nullable=False),
    Column("subject_id", String(200), nullable=False),
    Column("holder", String(36), nullable=False),
    Column("reference", String(200), nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    # Both grow at their right edge only: a random key would dirty a page for each entry.
    Index("ix_audit_entry_agency", "agency", "at", "n"),
    Index("ix_audit_entry_holder", "holder", "at", "n"),
    sqlite_autoincrement=True,
)

audit_leaf = Table(
    "audit_leaf",
    metadata,
    Column("position", _NUMBER, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False, unique=True),
    Column("leaf", LargeBinary, nullable=False),
)

audit_tile = Table(
    "audit_tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    # No entry up to this n is still to come.
    Column("n", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
)

audit_erasure = Table(
    "audit_erasure",
    metadata,
    # Asked for by one person and waiting for a second; no part of the log itself.
    Column("entry_id", String(36), primary_key=True),
    Column("party", String(36), nullable=False),
    Column("basis", String(500), nullable=False),
    Column("requested_by", String(80), nullable=False),
    Column("requested_at", Instant, nullable=False),
)
