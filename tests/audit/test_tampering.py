"""`consentry audit verify` finds every tampering, and says which kind it was."""

import argparse
import random
import shutil
import sqlite3
import sys
from collections import Counter
from pathlib import Path

import pytest

from consentry.audit.commands import add_commands
from consentry.audit.verification import Verdict
from tests.kit.databases import Databases

from .builders import filled
from .tampering import KINDS, Tampering

SMALL = 54
CAMPAIGN = 1_000
ENTRIES = 700


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of a small log, at rest."""
    made = tmp_path_factory.mktemp("log")
    databases = Databases(None, made)
    filled(databases.make(), made, ENTRIES)
    databases.close()
    (database,) = made.glob("*.db")
    database.rename(made / "consentry.db")
    return made


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    asked = parser.parse_args(["audit", *map(str, arguments)])
    code: int = asked.run(asked)
    return code


def tampered(folder: Path, copy: Path, tampering: Tampering, seed: int) -> Path:
    shutil.copytree(folder, copy)
    with sqlite3.connect(copy / "consentry.db") as connection:
        before = list(connection.iterdump())
        tampering(connection, random.Random(seed), copy)  # noqa: S311 to repeat it
        connection.commit()
        assert list(connection.iterdump()) != before, f"{tampering.__name__} changed nothing"
    connection.close()
    return copy


def campaign(folder: Path, room: Path, count: int) -> Counter[str]:
    """So many tamperings, evenly of each kind; how many of each were found."""
    found: Counter[str] = Counter()
    kinds = list(KINDS.items())
    for seed in range(count):
        kind, ways = kinds[seed % len(kinds)]
        way = ways[seed // len(kinds) % len(ways)]
        copy = tampered(folder, room / "copy", way, seed)
        verdict = run("verify", "--data", copy)
        assert verdict != Verdict.GOOD, f"{way.__name__} with seed {seed} went unseen"
        if kind == "forked":
            assert verdict == Verdict.FORKED
        elif kind != "dropped":
            assert verdict in (Verdict.ALTERED, Verdict.INCOMPLETE)
        found[kind] += 1
        shutil.rmtree(copy)
    return found


def test_the_untouched_log_is_good(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "--data", folder) == 0
    said = capsys.readouterr().out
    assert "All 700 leaves lead to the root" in said
    assert "not proved: Self-signed only" in said
    assert said.endswith("GOOD\n")


def test_tampering_of_every_kind_is_found(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert campaign(folder, tmp_path, SMALL) == dict.fromkeys(KINDS, SMALL // len(KINDS))
    assert "GOOD" not in capsys.readouterr().out


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_a_thousand_tamperings_are_all_found(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = campaign(folder, tmp_path, CAMPAIGN)
    capsys.readouterr()
    sys.stdout.write(f"{found.total()} tamperings found: {dict(found)}\n")
    assert found.total() == CAMPAIGN
