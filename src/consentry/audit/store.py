"""The log in SQL. Never commits: the unit of work around the act, or the sequencer's own, does."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import chain, starmap
from typing import Final

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from consentry.infra.db import Transaction
from consentry.infra.db.dialect import upsert
from consentry.kernel.clock import to_micros

from . import body as body_
from .merkle import Tile
from .model import Entry
from .ports import Erasure, Filter, Head, Kept, Mark, Pending, Place, Searched
from .tables import audit_entry, audit_erasure, audit_head, audit_leaf, audit_tile

HEAD_ID: Final = 1
ROWS_MAX: Final = 256
LOOK_MAX: Final = 20_000

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


def _insert(tx: Transaction, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Many rows to a statement: a call each would pay for the driver as much as for the insert."""
    for start in range(0, len(rows), ROWS_MAX):
        some = rows[start : start + ROWS_MAX]
        row = f"({', '.join(['?' if tx.on_sqlite else '%s'] * len(some[0]))})"
        values = tuple(chain.from_iterable(some))
        tx.connection.exec_driver_sql(f"{statement} {', '.join([row] * len(some))}", values)


class SqlEntries:
    """Implements `ports.Entries`. `wake` hears how many entries were committed: `Log.wake`."""

    def __init__(self, tx: Transaction, wake: Callable[[int], None] | None = None) -> None:
        self._tx = tx
        self._wake = wake
        self._begun = False
        self._count = 0

    def add(self, entry: Entry, salt: bytes) -> None:
        self.add_all([(entry, salt)])

    def add_all(self, entries: Sequence[tuple[Entry, bytes]]) -> None:
        self._begin()
        self._count += len(entries)
        rows = [_row(entry, salt) for entry, salt in entries]
        _insert(self._tx, _ADD, rows)

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        if self._wake is not None:
            wake = self._wake
            self._tx.on_commit(lambda: wake(self._count))
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
        _insert(self._tx, _LEAF, rows)
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


class SqlShelf:
    """Implements `ports.Shelf`. Every query holds the party."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def search(self, party: str, wanted: Filter, before: Place | None, limit: int) -> Searched:
        span = [*_span(wanted), *([tuple_(before.at, before.n) > _PLACE] if before else [])]
        ends = [self._end(column == party, span) for column in (_E.agency, _E.holder)]
        end = max((e for e in ends if e is not None), default=None)
        if end is not None:
            span.append(tuple_(end.at, end.n) <= _PLACE)
        query = _KEPT.where(_readable(party), *span, *_matching(wanted)).limit(limit + 1)
        rows = self._connection.execute(query.order_by(_E.at.desc(), _E.n.desc())).all()
        found = [Kept(*row[1:]) for row in rows[:limit]]
        if len(rows) > limit:
            return Searched(found, Place(rows[limit - 1].at, rows[limit - 1].n))
        return Searched(found, end)

    def one(self, party: str, entry_id: str) -> Kept | None:
        query = _KEPT.where(_readable(party), _E.id == entry_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Kept(*row[1:])

    def between(self, party: str, start: int, end: int) -> Sequence[Kept]:
        place = audit_leaf.c.position
        query = _KEPT.where(_readable(party), place >= start, place < end).order_by(place)
        return [Kept(*row[1:]) for row in self._connection.execute(query)]

    def remove(self, n: int) -> None:
        self._connection.execute(delete(audit_entry).where(_E.n == n))

    def _end(self, own: ColumnElement[bool], span: Sequence[ColumnElement[bool]]) -> Place | None:
        """Where one look ends, so that a rare term never reads a whole log in one request."""
        query = select(_E.at, _E.n).where(own, *span).order_by(_E.at.desc(), _E.n.desc())
        row = self._connection.execute(query.offset(LOOK_MAX - 1).limit(1)).one_or_none()
        return None if row is None else Place(row.at, row.n)


_E: Final = audit_entry.c
_PLACE: Final = tuple_(_E.at, _E.n)
_KEPT: Final = select(_E.at, _E.n, audit_leaf.c.position, _E.salt, _E.body).outerjoin_from(
    audit_entry, audit_leaf, audit_leaf.c.n == _E.n
)


def _readable(party: str) -> ColumnElement[bool]:
    return or_(_E.agency == party, _E.holder == party)


def _span(wanted: Filter) -> list[ColumnElement[bool]]:
    since = [_E.at >= to_micros(wanted.since)] if wanted.since else []
    return [*since, *([_E.at < to_micros(wanted.until)] if wanted.until else [])]


def _matching(wanted: Filter) -> list[ColumnElement[bool]]:
    terms = {
        _E.act: wanted.act.value if wanted.act else "",
        _E.actor_id: wanted.actor_id,
        _E.subject_kind: wanted.subject_kind,
        _E.subject_id: wanted.subject_id,
        _E.reference: wanted.reference,
    }
    return [column == term for column, term in terms.items() if term]


class SqlErasures:
    """Implements `ports.Erasures`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def ask(self, erasure: Erasure) -> None:
        statement = upsert(self._tx.on_sqlite, audit_erasure, asdict(erasure), ["entry_id"])
        self._tx.connection.execute(statement)

    def asked(self, party: str, entry_id: str) -> Erasure | None:
        held = (audit_erasure.c.entry_id == entry_id) & (audit_erasure.c.party == party)
        row = self._tx.connection.execute(select(audit_erasure).where(held)).one_or_none()
        return None if row is None else Erasure(**row._mapping)  # noqa: SLF001 SQLAlchemy's own name

    def settle(self, entry_id: str) -> None:
        held = audit_erasure.c.entry_id == entry_id
        self._tx.connection.execute(delete(audit_erasure).where(held))
