"""Numbered changes: whoever keeps a picture of the rows in memory learns what to read again.

`bump` is the last statement of a transaction that changes such rows. Its row lock makes the order
of epochs equal the order of commits, so a reader that has seen epoch n has missed nothing below.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, Column, String, Table, delete, insert, select, update

from .database import Transaction
from .tables import metadata

KEPT: Final = 2_000
"""So many epochs back it can be told what changed; whoever is further behind reads all anew."""
CAMERAS: Final = "cameras"
"""Rows of the registry and whatever decides who may see them; keys are camera ids."""

epoch = Table(
    "epoch",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
epoch_change = Table(
    "epoch_change",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, primary_key=True),
    Column("key", String(36), primary_key=True),
)


def bump(tx: Transaction, name: str, keys: Iterable[str]) -> int:
    """Count one change of these keys and return its epoch."""
    step = update(epoch).where(epoch.c.name == name).values(value=epoch.c.value + 1)
    value = tx.connection.scalar(step.returning(epoch.c.value))
    if value is None:
        value = 1
        tx.connection.execute(insert(epoch).values(name=name, value=value))
    rows = [{"name": name, "value": value, "key": key} for key in sorted(set(keys))]
    if rows:
        tx.connection.execute(insert(epoch_change), rows)
    return int(value)


def current(tx: Transaction, name: str) -> int:
    return tx.connection.scalar(select(epoch.c.value).where(epoch.c.name == name)) or 0


def prune(tx: Transaction, name: str) -> int:
    """Forget what changed longer than `KEPT` epochs ago; how many rows that were."""
    bound = current(tx, name) - KEPT
    old = delete(epoch_change).where(epoch_change.c.name == name, epoch_change.c.value <= bound)
    return tx.connection.execute(old).rowcount


def changed_since(tx: Transaction, name: str, value: int, limit: int) -> list[str]:
    """Up to `limit` distinct keys changed after epoch `value`; more than that: read all anew."""
    query = (
        select(epoch_change.c.key)
        .where(epoch_change.c.name == name, epoch_change.c.value > value)
        .distinct()
        .limit(limit)
    )
    return list(tx.connection.scalars(query))
