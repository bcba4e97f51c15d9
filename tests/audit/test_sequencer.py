"""Entries get their places: on both databases, out of order, by two at once, after a crash."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from consentry.audit import Proven
from consentry.audit.log import Log
from consentry.audit.merkle import Root, extends, includes, leaf_hash
from consentry.audit.notes import Checkpoint, Note, opened
from consentry.audit.sequencer import AlteredError, Sequencer
from consentry.audit.store import SqlEntries, SqlLedger
from consentry.audit.trust import Vault
from consentry.infra.db import Database, Transaction
from consentry.kernel.errors import NotFoundError, UnavailableError
from tests.kit.databases import Databases

from .builders import ORIGIN, a_log, an_entry, filled, salts, write


def leaves(database: Database) -> list[tuple[int, int, bytes]]:
    with database.engine.begin() as connection:
        rows = connection.execute(
            text("SELECT position, n, leaf FROM audit_leaf ORDER BY position")
        )
        return [(row.position, row.n, bytes(row.leaf)) for row in rows]


def holds(log: Log, leaf: bytes, proven: Proven) -> bool:
    checkpoint = opened(Note.parse(proven.checkpoint), log.policy.log)
    return includes(
        leaf_hash(leaf), proven.position, checkpoint.size, proven.inclusion, checkpoint.root
    )


def test_a_new_log_begins_with_the_empty_tree(database: Database, tmp_path: Path) -> None:
    log = a_log(database, tmp_path)
    assert (log.size, log.alarm) == (0, "")
    assert opened(Note.parse(log.newest()), log.policy.log).size == 0


@pytest.mark.parametrize("count", [1, 255, 256, 257, 1025, 2050])
def test_every_entry_gets_a_place_and_a_proof(
    database: Database, tmp_path: Path, count: int
) -> None:
    log = a_log(database, tmp_path)
    entries = write(database, count)
    steps = [log.advance() for _ in range(4)]
    assert sum(steps) == count == log.size
    assert max(steps) <= 1024
    stored = leaves(database)
    assert [position for position, _, _ in stored] == list(range(count))
    for position in {0, count // 2, count - 1}:
        assert log.position_of(entries[position].id) == position
        assert holds(log, stored[position][2], log.inclusion(position))


def test_what_was_not_committed_gets_no_place(database: Database, tmp_path: Path) -> None:
    log = a_log(database, tmp_path)

    def fails(tx: Any) -> None:
        SqlEntries(tx).add(an_entry(), salts(32))
        raise NotFoundError

    with pytest.raises(NotFoundError):
        database.write_now(fails)
    write(database, 2)
    log.advance()
    assert log.size == 2


def test_a_restarted_log_goes_on_where_it_was(database: Database, tmp_path: Path) -> None:
    before = filled(database, tmp_path, 700)
    old = opened(Note.parse(before.newest()), before.policy.log)
    log = a_log(database, tmp_path)
    write(database, 80)
    log.advance()
    new = opened(Note.parse(log.newest()), log.policy.log)
    assert (old.size, new.size) == (700, 780)
    assert extends(old.tree, new.tree, log.consistency(700, 780))


def test_two_sequencers_take_turns_without_losing_or_doubling(
    database: Database, tmp_path: Path
) -> None:
    one = a_log(database, tmp_path)
    two = a_log(database, tmp_path)
    for round_ in range(6):
        write(database, 100)
        (one, two)[round_ % 2].advance()
    one.advance()
    numbers = [n for _, n, _ in leaves(database)]
    assert len(numbers) == len(set(numbers)) == 600 == one.size


def test_a_crash_between_commit_and_trust_file_is_mended_at_start(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = filled(database, tmp_path, 10)
    handed_out = log.newest()
    write(database, 5)
    with monkeypatch.context() as patch:
        patch.setattr(Vault, "keep", _dies)
        with pytest.raises(OSError, match="power"):
            log.advance()
    assert log.newest() == handed_out  # nothing has left
    again = a_log(database, tmp_path)
    assert (again.alarm, again.size) == ("", 15)
    old = opened(Note.parse(handed_out), log.policy.log)
    new = opened(Note.parse(again.newest()), log.policy.log)
    assert extends(old.tree, new.tree, again.consistency(10, 15))


def _dies(self: Vault, trust: object) -> None:
    raise OSError("power cut")


def test_after_an_unknown_outcome_the_head_is_read_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = filled(database, tmp_path, 3)
    write(database, 4)
    write_now = database.write_now

    def lost_answer(unit: Any) -> Any:
        write_now(unit)
        raise UnavailableError("the connection broke after COMMIT")

    with monkeypatch.context() as patch:
        patch.setattr(database, "write_now", lost_answer)
        with pytest.raises(UnavailableError):
            log.advance()
    assert log.size == 3
    log.advance()
    assert log.size == 7
    assert len(leaves(database)) == 7


def test_a_database_behind_the_trust_file_raises_the_alarm(
    databases: Databases, tmp_path: Path
) -> None:
    filled(databases.make(), tmp_path, 20)
    restored = databases.make()
    log = a_log(restored, tmp_path)
    assert "older copy" in log.alarm
    with pytest.raises(UnavailableError):
        log.newest()


def test_a_shortened_head_raises_the_alarm(database: Database, tmp_path: Path) -> None:
    older = filled(database, tmp_path, 20).newest()
    log = filled(database, tmp_path, 10)
    assert log.size == 30
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_leaf WHERE position >= 20"))
        connection.execute(text("UPDATE audit_head SET size = 20, note = :note"), {"note": older})
    assert "30" in a_log(database, tmp_path).alarm


def test_a_log_that_was_signed_anew_raises_the_alarm(databases: Databases, tmp_path: Path) -> None:
    filled(databases.make(), tmp_path, 20)
    vault = Vault.open(tmp_path, ORIGIN)
    fork = databases.make()
    write(fork, 25)
    Sequencer(fork, SqlLedger, ORIGIN, vault.key).step()
    assert "not the one" in a_log(fork, tmp_path).alarm


def test_a_changed_leaf_stops_the_sequencer(database: Database, tmp_path: Path) -> None:
    filled(database, tmp_path, 5)
    with database.engine.begin() as connection:
        connection.execute(
            text("UPDATE audit_leaf SET leaf = :leaf WHERE position = 2"), {"leaf": b"x" * 33}
        )
    vault = Vault.open(tmp_path, ORIGIN)
    with pytest.raises(AlteredError):
        Sequencer(database, SqlLedger, ORIGIN, vault.key).step()


def test_commits_out_of_order_are_all_placed(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Only there: SQLite has one writer, so its commits have the order of their numbers."""
    databases = Databases(request.getfixturevalue("_postgres"), tmp_path)
    database = databases.make()
    log = a_log(database, tmp_path)
    with database.engine.connect() as slow:
        slow.begin()
        SqlEntries(Transaction(slow)).add(an_entry(), salts(32))  # draws the lower number
        heads = []
        for _ in range(3):
            write(database, 3)
            log.advance()
            heads.append(_head_n(database))
        assert log.size == 9
        slow.commit()
    assert heads == [0, 0, 0]  # never past a number that may still be committed
    log.advance()
    assert log.size == 10
    for _ in range(2):  # one step to mark, one to find the mark settled
        write(database)
        log.advance()
    assert _head_n(database) >= 10
    assert sorted(n for _, n, _ in leaves(database)) == list(range(1, 13))
    databases.close()


def _head_n(database: Database) -> int:
    with database.engine.begin() as connection:
        return int(connection.execute(text("SELECT n FROM audit_head")).scalar_one())


def test_the_proofs_of_older_trees_stay_available(database: Database, tmp_path: Path) -> None:
    log = a_log(database, tmp_path)
    roots = {}
    for _ in range(5):
        write(database, 130)
        log.advance()
        checkpoint = Checkpoint.parse(Note.parse(log.newest()).text)
        roots[checkpoint.size] = checkpoint.root
    stored = leaves(database)
    for size, root in roots.items():
        proof = log.inclusion(100, size).inclusion
        assert includes(leaf_hash(stored[100][2]), 100, size, proof, root)
    old, new = Root(260, roots[260]), Root(520, roots[520])
    assert extends(old, new, log.consistency(260, 520))
