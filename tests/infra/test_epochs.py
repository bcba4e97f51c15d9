"""Numbered changes: the order of epochs is the order of commits."""

import threading
from functools import partial

import pytest

from consentry.infra.db import Database, epochs
from consentry.infra.db.epochs import CAMERAS, bump, changed_since, current, prune


def test_a_change_counts_up_and_names_its_keys(database: Database) -> None:
    assert database.read_now(lambda tx: current(tx, CAMERAS)) == 0
    assert database.write_now(lambda tx: bump(tx, CAMERAS, ["b", "a", "a"])) == 1
    assert database.write_now(lambda tx: bump(tx, CAMERAS, ["c"])) == 2
    assert database.write_now(lambda tx: bump(tx, CAMERAS, [])) == 3
    assert database.read_now(lambda tx: current(tx, CAMERAS)) == 3
    assert set(database.read_now(lambda tx: changed_since(tx, CAMERAS, 0, 10))) == {"a", "b", "c"}
    assert database.read_now(lambda tx: changed_since(tx, CAMERAS, 1, 10)) == ["c"]
    assert len(database.read_now(lambda tx: changed_since(tx, CAMERAS, 0, 2))) == 2


def test_epochs_that_are_drawn_at_once_do_not_collide(database: Database) -> None:
    database.write_now(lambda tx: bump(tx, CAMERAS, ["first"]))
    drawn: list[int] = []

    def draw(number: int) -> None:
        drawn.append(database.write_now(lambda tx: bump(tx, CAMERAS, [f"k{number}"])))

    threads = [threading.Thread(target=draw, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(drawn) == list(range(2, 18))


def test_what_changed_long_ago_is_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epochs, "KEPT", 2)
    for key in "abcd":
        database.write_now(partial(bump, name=CAMERAS, keys=[key]))
    assert database.write_now(lambda tx: prune(tx, CAMERAS)) == 2
    assert set(database.read_now(lambda tx: changed_since(tx, CAMERAS, 2, 10))) == {"c", "d"}
    assert database.read_now(lambda tx: current(tx, CAMERAS)) == 4
