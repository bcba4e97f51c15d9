"""Do a request at most once per key, however often it is sent again.

The key is inserted by the very transaction that makes the change, so there is no moment at which
the change stands and the key does not. The answer is stored afterwards: if the process dies in
between, a repetition is told so and nothing happens twice.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from consentry.kernel.errors import ConflictError

from .columns import Instant
from .tables import metadata

KEPT_HOURS: Final = 24

idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("status", Integer),
    Column("media_type", String(80)),
    Column("body", LargeBinary),
)


@dataclass(slots=True)
class Once:
    """One keyed request on its way: `key` is already bound to who sent it."""

    key: str
    fingerprint: str
    at: datetime
    entered: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer that the first request got; `status` is None where it was never stored."""

    fingerprint: str
    status: int | None
    media_type: str
    body: bytes


current: ContextVar[Once | None] = ContextVar("consentry_once", default=None)


def enter(connection: Connection, once: Once) -> None:
    """Claim the key inside the transaction of the change. Raises ConflictError if it is taken."""
    held = select(idempotency_key.c.key).where(idempotency_key.c.key == once.key)
    if connection.scalar(held) is not None:
        raise ConflictError("A request with this key is under way.", slug="idempotency_in_progress")
    connection.execute(
        insert(idempotency_key).values(key=once.key, fingerprint=once.fingerprint, at=once.at)
    )


def find(connection: Connection, key: str) -> Stored | None:
    row = connection.execute(
        select(idempotency_key).where(idempotency_key.c.key == key)
    ).one_or_none()
    if row is None:
        return None
    return Stored(row.fingerprint, row.status, row.media_type or "", row.body or b"")


def store(connection: Connection, key: str, status: int, media_type: str, body: bytes) -> None:
    connection.execute(
        update(idempotency_key)
        .where(idempotency_key.c.key == key)
        .values(status=status, media_type=media_type, body=body)
    )


def forget_before(connection: Connection, bound: datetime) -> None:
    connection.execute(delete(idempotency_key).where(idempotency_key.c.at < bound))
