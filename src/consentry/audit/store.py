"""The log in SQL. Never commits: the unit of work around the act, or the sequencer's own, does."""

from collections.abc import Callable, Sequence
from itertools import starmap
from typing import Final

from sqlalchemy import CursorResult, func, insert, select, update

from consentry.infra.db import Transaction
from consentry.kernel.clock import to_micros

from . import body as body_
from .merkle import Tile
from .model import Entry
from .ports import Head, Mark, Pending
from .tables import audit_entry, audit_head, audit_leaf, audit_tile

HEAD_ID: Final = 1

# Driver statements: these run for every act, where SQLAlchemy's own would cost more than the work.
_COLUMNS: Final = tuple(column.name for column in audit_entry.columns if column.name != "n")
_ADD: Final = f"INSERT INTO audit_entry ({', '.join(_COLUMNS)}) VALUES"
_LEAF: Final = "INSERT INTO audit_leaf (position, n, leaf) VALUES"
_PENDING: Final = "SELECT n, id, salt, body FROM audit_entry e WHERE n > {}{} ORDER BY n LIMIT {}"
_UNPLACED: Final = " AND NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.n = e.n)"
_SEQUENCE: Final = (
    "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('audit_entry', 'n')), 0)"
)
_TRANSACTION: Final = "SELECT pg_current_xact_id()::text::bigint"
_OLDEST: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def _values(tx: Transaction, count: int) -> str:
    return f" ({', '.join(['?' if tx.on_sqlite else '%s'] * count)})"


class SqlEntries:
    """Implements `ports.Entries`. `wake` tells the sequencer, once the act is committed."""

    def __init__(self, tx: Transaction, wake: Callable[[], None] | None = None) -> None:
        self._tx = tx
        self._wake = wake
        self._begun = False

    def add(self, entry: Entry, salt: bytes) -> None:
        self.add_all([(entry, salt)])

    def add_all(self, entries: Sequence[tuple[Entry, bytes]]) -> None:
        self._begin()
        rows = [_row(entry, salt) for entry, salt in entries]
        self._tx.connection.exec_driver_sql(_ADD + _values(self._tx, len(_COLUMNS)), rows)

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        if self._wake is not None:
            self._tx.on_commit(self._wake)
        if not self._tx.on_sqlite:
            # Draw the transaction's id before any n: `SqlLedger.settled` rests on that order.
            self._tx.connection.exec_driver_sql(_TRANSACTION)


def _row(entry: Entry, salt: bytes) -> tuple[object, ...]:
    at = to_micros(entry.at)
    return (
        entry.id,
        at - at % 1_000_000,  # the body holds whole seconds
        entry.act.value,
        entry.actor.id,
        entry.actor.agency,
        entry.on.kind,
        entry.on.id,
        entry.on.party,
        entry.reference,
        salt,
        body_.encode(entry),
    )


class SqlLedger:
    """Implements `ports.Ledger`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._connection = tx.connection

    def head(self) -> Head | None:
        # On SQLite the transaction began IMMEDIATE, and no row lock is needed.
        query = select(audit_head.c.size, audit_head.c.n, audit_head.c.note).with_for_update()
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Head(row.size, row.n, row.note)

    def settled(self, mark: Mark | None) -> int:
        if self._tx.on_sqlite:  # one writer: numbers are committed in their order
            return self._connection.scalar(select(func.max(audit_entry.c.n))) or 0
        if mark is None or self._number(_OLDEST) <= mark.transaction:
            return 0
        return mark.n

    def mark(self) -> Mark | None:
        if self._tx.on_sqlite:
            return None
        n = self._number(_SEQUENCE)
        # Drawn after reading n: whoever drew a number up to n has an older transaction id.
        return Mark(n, self._number(_TRANSACTION))

    def pending(self, after: int, limit: int) -> Sequence[Pending]:
        mark = "?" if self._tx.on_sqlite else "%s"
        # On SQLite numbers are placed in their order: all beyond the head's wait.
        query = _PENDING.format(mark, "" if self._tx.on_sqlite else _UNPLACED, mark)
        result = self._connection.exec_driver_sql(query, (after, limit))
        return list(starmap(Pending, result.cursor.fetchall()))

    def extend(
        self, position: int, leaves: Sequence[tuple[int, bytes]], tiles: Sequence[Tile]
    ) -> None:
        rows = [(position + i, n, leaf) for i, (n, leaf) in enumerate(leaves)]
        self._connection.exec_driver_sql(_LEAF + _values(self._tx, 3), rows)
        if tiles:
            full = [{"level": t.level, "number": t.number, "hashes": t.hashes} for t in tiles]
            self._connection.execute(insert(audit_tile), full)

    def move(self, old_size: int, new: Head) -> bool:
        values = {"size": new.size, "n": new.n, "note": new.note}
        from_there = audit_head.c.size == old_size
        moved: CursorResult[object] = self._connection.execute(
            update(audit_head).where(audit_head.c.id == HEAD_ID, from_there).values(values)
        )
        return moved.rowcount == 1

    def begin(self, first: Head) -> None:
        self._connection.execute(
            insert(audit_head).values(id=HEAD_ID, size=first.size, n=first.n, note=first.note)
        )

    def tile(self, level: int, number: int) -> bytes | None:
        at = (audit_tile.c.level == level) & (audit_tile.c.number == number)
        return self._connection.scalar(select(audit_tile.c.hashes).where(at))

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        place = audit_leaf.c.position
        query = select(audit_leaf.c.leaf).where(place >= start, place < end).order_by(place)
        return list(self._connection.scalars(query))

    def position(self, entry_id: str) -> int | None:
        return self._connection.scalar(
            select(audit_leaf.c.position)
            .join(audit_entry, audit_entry.c.n == audit_leaf.c.n)
            .where(audit_entry.c.id == entry_id)
        )

    def _number(self, query: str) -> int:
        return int(self._connection.exec_driver_sql(query).scalar_one())
