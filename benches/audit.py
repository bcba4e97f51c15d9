"""The log against plain SQLite: what does it cost that every act can be proved?

The anchor of `batch` and `callers` is the thriftiest program that keeps the same entries: the
standard library's JSON, the driver alone, an equal table with equal indexes and pragmas, no log
over it. Ours ends only when the entries lie under a signed checkpoint that has reached the disk.
"""

import asyncio
import json
import random
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any, Final

from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from benches.rows import Row, row
from consentry.audit import Actor, Entry, Journal, LoggedAct, Subject
from consentry.audit.log import Log
from consentry.audit.store import SqlEntries, SqlLedger
from consentry.audit.tables import audit_entry
from consentry.audit.trust import Vault
from consentry.infra.db import Database, Transaction, metadata
from consentry.infra.system import SystemClock, fresh_id, randomness
from consentry.kernel.ids import EntryId

ROUNDS: Final = 9
BATCH: Final = 1_000
BATCHES: Final = 10
CALLERS: Final = 64
CALLS: Final = 25
PROOF_SIZE: Final = 1_000_000
PROOFS: Final = 400

CLOCK: Final = SystemClock()
COLUMNS: Final = tuple(column.name for column in audit_entry.columns if column.name != "n")
MARKS: Final = f"({','.join('?' * len(COLUMNS))})"
ADD: Final = f"INSERT INTO audit_entry ({','.join(COLUMNS)}) VALUES" + MARKS

JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
Batch = list[tuple[Entry, bytes]]


def rows() -> Iterator[Row]:
    with _bench("batch") as folder:
        yield _batch(folder)
    with _bench("callers") as folder:
        yield _callers(folder)
    with _bench("proof") as folder:
        yield _proof(folder)


def an_entry() -> Entry:
    return Entry(
        id=EntryId(fresh_id()),
        at=datetime.now(UTC),
        act=LoggedAct.ASK_PERMITTED,
        actor=Actor(kind="person", id=_id("p"), role="operator", agency=_id("a"), session=_id("s")),
        on=Subject(kind="camera", id=_id("c"), title="Harbour 12", party=_id("h")),
        decision="permit",
        reference=_id("i"),
        purpose="fire_rescue",
        reason="smoke over the harbour",
    )


def _id(letter: str) -> str:
    return letter * 36


def _batch(folder: Path) -> Row:
    """Acts of 1,000 entries, one after the other, until the last one has its proof."""
    database, log = _ours(folder)
    plain = _plain(folder)

    def add(batch: Batch, tx: Transaction) -> None:
        SqlEntries(tx, log.wake).add_all(batch)

    async def all_batches(batches: list[Batch]) -> None:
        for batch in batches:
            await database.write(partial(add, batch))
        await log.wait(batches[-1][-1][0].id)

    def anchor(batches: list[Batch]) -> None:
        for batch in batches:
            plain.execute("BEGIN IMMEDIATE")
            plain.executemany(ADD, [_plain_row(entry, salt) for entry, salt in batch])
            plain.execute("COMMIT")

    def batches() -> list[Batch]:
        return [[(an_entry(), randomness(32)) for _ in range(BATCH)] for _ in range(BATCHES)]

    with asyncio.Runner() as runner:
        runner.run(log.start())
        mine, theirs = _alternating(
            lambda: _timed(lambda given: runner.run(all_batches(given)), batches()),
            lambda: _timed(anchor, batches()),
        )
        runner.run(log.stop())
    database.close()
    total = BATCH * BATCHES
    anchored = "plain SQLite: the same entries as JSON into an equal table, a commit each 1,000"
    ours, theirs = total / mine, total / theirs
    return row("audit.batch", ours, "entry/s", anchored, theirs, goal=0.7, higher_is_better=True)


def _callers(folder: Path) -> Row:
    """64 who each wait for the proof of their entry, against 64 who each commit their row."""
    database, log = _ours(folder)
    plain = _plain(folder)

    def act(tx: Transaction) -> EntryId:
        return _record(Journal(SqlEntries(tx, log.wake), CLOCK, fresh_id, randomness))

    async def caller() -> None:
        for _ in range(CALLS):
            await log.wait(await database.write(act))

    async def all_callers() -> None:
        await asyncio.gather(*(caller() for _ in range(CALLERS)))

    with asyncio.Runner() as runner:
        runner.run(log.start())
        mine, theirs = _alternating(
            lambda: _timed(lambda _: runner.run(all_callers()), None),
            lambda: _timed(_plain_callers, plain),
        )
        runner.run(log.stop())
    database.close()
    total = CALLERS * CALLS
    anchored = "plain SQLite: 64 threads, one connection, each commits its own row"
    ours, theirs = total / mine, total / theirs
    return row("audit.callers", ours, "entry/s", anchored, theirs, goal=0.8, higher_is_better=True)


def _record(journal: Journal) -> EntryId:
    entry = an_entry()
    return journal.record(
        entry.act,
        entry.actor,
        entry.on,
        decision=entry.decision,
        reference=entry.reference,
        purpose=entry.purpose,
        reason=entry.reason,
    )


def _plain_callers(plain: sqlite3.Connection) -> None:
    lock = threading.Lock()

    def caller() -> None:
        for _ in range(CALLS):
            values = _plain_row(an_entry(), randomness(32))
            with lock:  # faster for all than 64 connections, which would sleep on a busy file
                plain.execute("BEGIN IMMEDIATE")
                plain.execute(ADD, values)
                plain.execute("COMMIT")

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _proof(folder: Path) -> Row:
    database, log = _ours(folder)
    log.open()
    batch = [(an_entry(), randomness(32)) for _ in range(BATCH)]
    for start in range(0, PROOF_SIZE, BATCH):
        fresh = [(_renamed(entry, start + i), salt) for i, (entry, salt) in enumerate(batch)]
        database.write_now(partial(_add, fresh))
        log.advance()
    chance = random.Random(1)
    plain = sqlite3.connect(folder / "consentry.db")
    read = "SELECT leaf FROM audit_leaf WHERE position = ?"
    mine, theirs = [], []
    for _ in range(PROOFS):
        position = chance.randrange(PROOF_SIZE)
        mine.append(_timed(log.inclusion, position))
        theirs.append(_timed(lambda at: plain.execute(read, (at,)).fetchone(), position))
    database.close()
    anchored = "the goal: a proof within 2 ms (reading the leaf alone: "
    anchored += f"{median(theirs) * 1e3:.3f} ms)"
    return row(
        "audit.proof", median(mine) * 1e3, "ms", anchored, 2.0, goal=1.0, higher_is_better=False
    )


def _add(batch: Batch, tx: Transaction) -> None:
    SqlEntries(tx).add_all(batch)


def _renamed(entry: Entry, number: int) -> Entry:
    return replace(entry, id=EntryId(f"{number:036d}"))


def _plain_row(entry: Entry, salt: bytes) -> tuple[Any, ...]:
    actor, on = entry.actor, entry.on
    values = {
        "v": 1,
        "id": entry.id,
        "at": entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "act": entry.act.value,
        "actor": {
            "kind": actor.kind,
            "id": actor.id,
            "role": actor.role,
            "agency": actor.agency,
            "session": actor.session,
        },
        "on": {"kind": on.kind, "id": on.id, "title": on.title, "party": on.party},
        "decision": entry.decision,
        "reference": entry.reference,
        "purpose": entry.purpose,
        "reason": entry.reason,
    }
    body = JSON(values).encode()
    return (
        entry.id,
        int(entry.at.timestamp()) * 1_000_000,
        entry.act.value,
        entry.actor.id,
        entry.actor.agency,
        entry.on.kind,
        entry.on.id,
        entry.on.party,
        entry.reference,
        salt,
        body,
    )


def _ours(folder: Path) -> tuple[Database, Log]:
    database = Database(f"sqlite:///{folder / 'consentry.db'}")
    metadata.create_all(database.engine)
    vault = Vault.open(folder, "consentry.bench/log")
    return database, Log(database, SqlLedger, vault, CLOCK, delay=timedelta(0))


def _plain(folder: Path) -> sqlite3.Connection:
    plain = sqlite3.connect(folder / "plain.db", isolation_level=None, check_same_thread=False)
    plain.execute("PRAGMA journal_mode=WAL")
    plain.execute("PRAGMA synchronous=FULL")
    plain.execute("PRAGMA foreign_keys=ON")
    plain.execute(str(CreateTable(audit_entry).compile(dialect=dialect())))
    for index in audit_entry.indexes:
        plain.execute(str(CreateIndex(index).compile(dialect=dialect())))
    return plain


def _timed(what: Callable[[Any], object], given: Any) -> float:
    start = time.perf_counter()
    what(given)
    return time.perf_counter() - start


def _alternating(ours: Callable[[], float], anchor: Callable[[], float]) -> tuple[float, float]:
    """The medians of both, in rounds that take turns; the first round only warms up."""
    rounds = [(ours(), anchor()) for _ in range(ROUNDS + 1)][1:]
    return median(mine for mine, _ in rounds), median(theirs for _, theirs in rounds)


@contextmanager
def _bench(name: str) -> Iterator[Path]:
    folder = Path(mkdtemp(prefix=f"consentry-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
