"""Units of work: each stands or falls alone, and is told of success only once it is durable."""

import asyncio
import sqlite3
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Column, Executable, Integer, String, Table, func, insert, select, text

from consentry.infra.db import Database, Transaction, Work, database as database_module, metadata
from consentry.infra.db.dialect import upsert
from consentry.kernel.errors import ConflictError, ExhaustedError, UnavailableError

pytestmark = pytest.mark.anyio

thing = Table(
    "test_thing",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("count", Integer, nullable=False),
)


def add(tx: Transaction, name: str, count: int = 1) -> str:
    tx.connection.execute(insert(thing).values(name=name, count=count))
    return name


def execute(statement: Executable, tx: Transaction) -> None:
    tx.connection.execute(statement)


def names(database: Database) -> set[str]:
    return set(database.read_now(lambda tx: tx.connection.scalars(select(thing.c.name)).all()))


async def test_a_unit_gives_its_value_once_it_is_stored(database: Database) -> None:
    assert await database.write(lambda tx: add(tx, "a")) == "a"
    assert names(database) == {"a"}


async def test_a_unit_that_fails_takes_nothing_with_it(database: Database) -> None:
    def fail(tx: Transaction) -> None:
        add(tx, "bad")
        raise ValueError("no")

    units = [fail if n % 3 == 0 else partial(add, name=f"n{n}") for n in range(30)]
    running = [database.write(unit) for unit in units]
    answers = await asyncio.gather(*running, return_exceptions=True)
    assert [isinstance(a, ValueError) for a in answers] == [n % 3 == 0 for n in range(30)]
    assert names(database) == {f"n{n}" for n in range(30) if n % 3}


async def test_a_broken_constraint_is_a_conflict(database: Database) -> None:
    answers = await asyncio.gather(
        *(database.write(lambda tx: add(tx, "same")) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(a).__name__ for a in answers) == ["ConflictError"] * 3 + ["str"]
    assert names(database) == {"same"}


async def test_what_follows_a_commit_runs_only_after_one(database: Database) -> None:
    told: list[str] = []

    def unit(tx: Transaction, name: str, *, fails: bool) -> None:
        add(tx, name)
        tx.on_commit(lambda: told.append(name))
        if fails:
            raise ValueError(name)

    await asyncio.gather(
        database.write(lambda tx: unit(tx, "good", fails=False)),
        database.write(lambda tx: unit(tx, "bad", fails=True)),
        return_exceptions=True,
    )
    assert told == ["good"]


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(UnavailableError):
        await database.read(lambda tx: add(tx, "x"))
    assert names(database) == set()


async def test_a_service_is_made_anew_in_each_unit(database: Database) -> None:
    work = Work(database, lambda tx: tx)
    first = await work.write(lambda tx: (add(tx, "a"), tx)[1])
    second = await work.read(lambda tx: tx)
    assert first is not second
    assert work.read_now(lambda tx: tx.connection.scalar(select(func.count()).select_from(thing)))


async def test_upsert_inserts_and_then_updates(database: Database) -> None:
    for count in (1, 2):
        statement = upsert(database.on_sqlite, thing, {"name": "a", "count": count}, ["name"])
        await database.write(partial(execute, statement))
    assert database.read_now(lambda tx: tx.connection.scalar(select(thing.c.count))) == 2


async def test_waiting_changes_are_bounded(sqlite: Database) -> None:
    gate = threading.Event()
    blocked = asyncio.ensure_future(sqlite.write(lambda tx: gate.wait(10)))
    await asyncio.sleep(0.05)
    filler = [
        asyncio.ensure_future(sqlite.write(lambda tx: None))
        for _ in range(database_module.WRITE_QUEUE_MAX)
    ]
    await asyncio.sleep(0)
    with pytest.raises(ExhaustedError):
        await sqlite.write(lambda tx: None)
    gate.set()
    await asyncio.gather(blocked, *filler)


async def test_a_cancelled_caller_who_still_waits_changes_nothing(sqlite: Database) -> None:
    gate = threading.Event()
    blocked = asyncio.ensure_future(sqlite.write(lambda tx: gate.wait(10)))
    await asyncio.sleep(0.05)
    cancelled = asyncio.ensure_future(sqlite.write(lambda tx: add(tx, "late")))
    await asyncio.sleep(0)
    cancelled.cancel()
    with suppress(asyncio.CancelledError):
        await cancelled
    gate.set()
    await blocked
    await sqlite.write(lambda tx: add(tx, "next"))
    assert names(sqlite) == {"next"}


async def test_a_lock_held_by_another_process_is_an_outage_and_not_a_loss(
    sqlite: Database, tmp_path: Path
) -> None:
    path = next(tmp_path.glob("*.db"))
    other = sqlite3.connect(path, isolation_level=None)
    await sqlite.write(partial(execute, text("PRAGMA busy_timeout=50")))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError):
        await sqlite.write(lambda tx: add(tx, "a"))
    other.execute("ROLLBACK")
    other.close()
    await sqlite.write(lambda tx: add(tx, "b"))
    assert names(sqlite) == {"b"}


async def test_a_conflict_error_names_no_value(sqlite: Database) -> None:
    await sqlite.write(lambda tx: add(tx, "secret-name"))
    with pytest.raises(ConflictError) as caught:
        await sqlite.write(lambda tx: add(tx, "secret-name"))
    assert "secret-name" not in caught.value.detail
