"""kill -9 at any moment: nothing acknowledged is lost, nothing handed out is contradicted."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from consentry.audit.copies import DataCopy
from consentry.audit.notes import Note, opened
from consentry.audit.trust import FILE_NAME, load
from consentry.audit.verification import Known, Report, verify

ROOT = Path(__file__).parents[2]
SMALL = 3
CAMPAIGN = 200
WRITES_S_MAX = 0.8


@dataclass
class Handed:
    """All that any of the killed processes has ever told anyone."""

    positions: dict[str, int] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def take(self, line: str) -> None:
        told: dict[str, Any] = json.loads(line)
        self.positions[told["id"]] = told["position"]
        self.notes[told["note"]] = None


def killed(folder: Path, after_s: float) -> list[str]:
    """Start the load, kill it so long after it was ready, and return what it had said."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    command = [sys.executable, "-m", "tests.audit.load", str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        said = process.stdout.read().split("\n")
    return said[:-1]  # the last line was cut by the kill, or is empty


def check(folder: Path, handed: Handed) -> None:
    trust = load(folder / FILE_NAME)
    known = [Known("a caller", opened(Note.parse(note), trust.policy.log)) for note in handed.notes]
    report = Report()
    copy = DataCopy(folder, report)
    verdict = verify(copy, trust.policy, known)
    copy.close()
    assert not report.faults + verdict.faults
    with sqlite3.connect(folder / "consentry.db") as connection:
        query = "SELECT e.id, l.position FROM audit_entry e JOIN audit_leaf l USING (n)"
        stored = dict(connection.execute(query).fetchall())
    connection.close()
    lost = [key for key, position in handed.positions.items() if stored.get(key) != position]
    assert not lost


def campaign(folder: Path, kills: int) -> Handed:
    chance, handed = random.Random(kills), Handed()  # noqa: S311 a draw of moments
    for _ in range(kills):
        for line in killed(folder, chance.uniform(0, WRITES_S_MAX)):
            handed.take(line)
        check(folder, handed)
    return handed


def test_a_few_kills_lose_nothing(tmp_path: Path) -> None:
    handed = campaign(tmp_path, SMALL)
    assert handed.positions


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_two_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    total = 0
    for round_ in range(CAMPAIGN // 20):
        folder = tmp_path / str(round_)
        folder.mkdir()
        handed = campaign(folder, 20)
        total += len(handed.positions)
        sys.stdout.write(f"{20 * (round_ + 1)} kills, {total} acknowledged, none lost\n")
    assert total > CAMPAIGN
