"""The running log: waiting, proving, publishing late, and 64 callers at once."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from consentry.audit import Journal, LoggedAct
from consentry.audit.layout import TilePath
from consentry.audit.log import Log
from consentry.audit.merkle import includes, leaf_hash, public_leaf
from consentry.audit.notes import Note, opened
from consentry.audit.publication import Publication
from consentry.audit.store import SqlEntries, SqlLedger
from consentry.audit.trust import Vault
from consentry.infra.db import Database, Transaction
from consentry.infra.system import SystemClock
from consentry.kernel.errors import InvalidError, NotFoundError, UnavailableError
from consentry.kernel.ids import EntryId
from tests.kit.chance import CountingBytes, VirtualClock

from .builders import ORIGIN, a_log, a_subject, an_actor, an_entry, filled, ids, salts, write

pytestmark = pytest.mark.anyio
CALLERS = 64
CALLS = 5


@pytest.fixture
def running(database: Database, tmp_path: Path) -> Log:
    vault = Vault.open(tmp_path, ORIGIN)
    return Log(database, SqlLedger, vault, SystemClock(), delay=timedelta(0))


async def test_64_callers_each_get_a_proof_of_their_own_entry(
    database: Database, running: Log
) -> None:
    await running.start()
    noise = CountingBytes()

    def act(tx: Transaction) -> EntryId:
        journal = Journal(SqlEntries(tx, running.wake), VirtualClock(), ids, noise)
        return journal.record(LoggedAct.ASK_PERMITTED, an_actor(), a_subject())

    async def caller() -> list[int]:
        positions = []
        for _ in range(CALLS):
            proven = await running.wait(await database.write(act), 30)
            seen = opened(Note.parse(proven.checkpoint), running.policy.log)
            (leaf,) = await database.read(
                lambda tx, at=proven.position: SqlLedger(tx).leaves(at, at + 1)  # type: ignore[misc] # bound
            )
            assert seen.size == proven.size
            proof = proven.inclusion
            assert includes(leaf_hash(leaf), proven.position, seen.size, proof, seen.root)
            positions.append(proven.position)
        assert positions == sorted(positions)
        return positions

    found = await asyncio.gather(*(caller() for _ in range(CALLERS)))
    await running.stop()
    assert sorted(p for some in found for p in some) == list(range(CALLERS * CALLS))


async def test_an_entry_that_is_never_committed_is_not_waited_for_long(running: Log) -> None:
    await running.start()
    with pytest.raises(UnavailableError, match="in time"):
        await running.wait(EntryId("nobody"), 0.05)
    await running.stop()


async def test_an_entry_of_another_process_is_found_by_looking(
    sqlite: Database, tmp_path: Path
) -> None:
    log = a_log(sqlite, tmp_path)
    other = a_log(sqlite, tmp_path)
    (entry,) = write(sqlite)
    other.advance()
    waiting = asyncio.create_task(log.wait(entry.id, 10))
    await asyncio.sleep(0)
    await asyncio.to_thread(log.advance)
    assert (await waiting).position == 0


async def test_an_old_entry_is_proven_too(sqlite: Database, tmp_path: Path) -> None:
    log = filled(sqlite, tmp_path, 1)
    (entry,) = write(sqlite)
    for _ in range(3):
        write(sqlite, 400)
        log.advance()
    again = a_log(sqlite, tmp_path)
    proven = await again.wait(entry.id, 10)
    assert (proven.position, proven.size) == (1, 1202)


async def test_what_is_pending_at_the_end_is_placed_before_it_stops(
    sqlite: Database, tmp_path: Path
) -> None:
    log = Log(sqlite, SqlLedger, Vault.open(tmp_path, ORIGIN), SystemClock())
    await log.start()
    write(sqlite, 3000)
    await log.stop()
    assert log.size == 3000


async def test_several_callers_may_wait_for_one_entry(sqlite: Database, tmp_path: Path) -> None:
    log = a_log(sqlite, tmp_path)
    entry = an_entry()
    waiting = [asyncio.create_task(log.wait(entry.id, 10)) for _ in range(3)]
    await asyncio.sleep(0)
    sqlite.write_now(lambda tx: SqlEntries(tx).add(entry, salts(32)))
    await asyncio.to_thread(log.advance)
    assert {(await one).position for one in waiting} == {0}


def test_proofs_and_tiles_beyond_the_log_are_not_found(sqlite: Database, tmp_path: Path) -> None:
    log = filled(sqlite, tmp_path, 10)
    with pytest.raises(NotFoundError):
        log.inclusion(10)
    with pytest.raises(NotFoundError):
        log.inclusion(3, 11)
    with pytest.raises(NotFoundError):
        log.consistency(3, 11)
    with pytest.raises(InvalidError):
        log.consistency(4, 3)
    with pytest.raises(NotFoundError):
        log.tile(TilePath(0, 0, 11), 10)
    assert log.position_of(EntryId("nobody")) is None


def test_tiles_of_an_older_size_are_cut_to_it(sqlite: Database, tmp_path: Path) -> None:
    log = filled(sqlite, tmp_path, 600)
    whole = log.tile(TilePath(0, 1), 600)
    assert log.tile(TilePath(0, 1, 44), 300) == whole[: 44 * 32]
    with pytest.raises(NotFoundError):
        log.tile(TilePath(0, 1), 300)


def test_a_leaf_is_made_of_the_stored_salt_and_body(sqlite: Database, tmp_path: Path) -> None:
    filled(sqlite, tmp_path, 3)
    with sqlite.engine.begin() as connection:
        rows = connection.exec_driver_sql(
            "SELECT e.salt, e.body, l.leaf FROM audit_entry e JOIN audit_leaf l USING (n)"
        ).fetchall()
    assert [public_leaf(salt, body) == leaf for salt, body, leaf in rows] == [True] * 3


def test_a_checkpoint_becomes_public_after_its_delay_and_never_goes_back() -> None:
    clock = VirtualClock()
    notes = {size: f"o\n{size}\n{'A' * 43}=\n\n\u2014 o AAAAAAAA\n" for size in range(1, 9)}
    publication = Publication(notes[1], clock, timedelta(minutes=15))
    assert publication.size == 1
    publication.offer(notes[2], 2)
    clock.advance(timedelta(minutes=10))
    publication.offer(notes[3], 3)
    assert not publication.turn()
    clock.advance(timedelta(minutes=5))
    assert publication.turn()
    assert (publication.size, publication.note) == (2, notes[2])
    clock.advance(timedelta(minutes=10))
    assert publication.turn()
    assert publication.size == 3
    publication.offer(notes[2], 2)
    clock.advance(timedelta(hours=1))
    assert not publication.turn()


def test_waiting_checkpoints_stay_few_and_the_last_one_comes_through() -> None:
    clock = VirtualClock()
    publication = Publication("", clock, timedelta(minutes=15))
    for size in range(1, 3601):
        clock.advance(timedelta(seconds=1))
        publication.offer(f"note {size}", size)
        publication.turn()
        assert len(publication._queue) <= 62
    assert 3600 - 930 <= publication.size <= 3600 - 900
    clock.advance(timedelta(minutes=15))
    assert publication.turn()
    assert publication.size == 3600


def test_keys_are_for_their_owner_alone(sqlite: Database, tmp_path: Path) -> None:
    a_log(sqlite, tmp_path)
    assert (tmp_path / "keys/log.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert b"PRIVATE" not in (tmp_path / "trust.json").read_bytes()


def test_half_a_vault_is_not_made_whole_by_guessing(sqlite: Database, tmp_path: Path) -> None:
    filled(sqlite, tmp_path, 1)
    key = (tmp_path / "keys/log.pem").read_bytes()
    (tmp_path / "keys/log.pem").unlink()
    with pytest.raises(ValueError, match="another log"):
        Vault.open(tmp_path, ORIGIN)
    (tmp_path / "keys/log.pem").write_bytes(key)
    (tmp_path / "trust.json").unlink()
    with pytest.raises(ValueError, match="another log"):
        Vault.open(tmp_path, ORIGIN)


def test_a_first_start_that_died_halfway_starts_over(tmp_path: Path) -> None:
    Vault.open(tmp_path, ORIGIN)
    (tmp_path / "keys/log.pem").unlink()
    assert Vault.open(tmp_path, ORIGIN).trust.policy.log.name == ORIGIN


def test_a_key_that_does_not_fit_the_trust_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    Vault.open(tmp_path / "a", ORIGIN)
    Vault.open(tmp_path / "b", ORIGIN)
    (tmp_path / "a/keys/log.pem").replace(tmp_path / "b/keys/log.pem")
    with pytest.raises(ValueError, match="not the key"):
        Vault.open(tmp_path / "b", ORIGIN)
