"""The published log as files: complete at every size, and as good a witness as the hub itself."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from consentry.app.cli import main
from consentry.audit.bundles import paths
from consentry.audit.layout import TilePath
from consentry.audit.merkle import EMPTY_ROOT
from consentry.audit.mirror import Mirror, tiles_between
from consentry.audit.notes import Checkpoint, sign
from consentry.infra.db import Database
from tests.audit.builders import ORIGIN
from tests.audit.hub import Hub
from tests.audit.keys import LOG_PRIVATE


@pytest.fixture
def hub(sqlite: Database, tmp_path: Path) -> Hub:
    return Hub(sqlite, tmp_path / "data")


class FakeLog:
    """A log whose tiles tell how they were asked for."""

    def __init__(self) -> None:
        self.size = 0

    @property
    def public_size(self) -> int:
        return self.size

    def public(self) -> str:
        return str(sign(Checkpoint(ORIGIN, self.size, EMPTY_ROOT), LOG_PRIVATE))

    def tile(self, path: TilePath, size: int) -> bytes:
        return str(path).encode()


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 1_500), min_size=1, max_size=4))
@example([65_535, 65_537])
def test_at_each_size_it_holds_exactly_the_tiles_of_that_tree(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int]
) -> None:
    folder, log = tmp_path_factory.mktemp("mirror"), FakeLog()
    mirror = Mirror(log, folder)
    for step in sorted(steps):
        log.size = step
        mirror.keep_up()
        if step % 2:
            mirror = Mirror(log, folder)  # a restart in between changes nothing
    assert files(folder) == {"checkpoint", *map(str, paths(log.size))}
    assert mirror.keep_up() == 0


@given(st.integers(0, 200_000), st.integers(0, 2_000))
def test_what_is_new_is_what_the_old_tree_had_not(old: int, more: int) -> None:
    missing = {str(p) for p in paths(old + more)} - {str(p) for p in paths(old)}
    assert missing <= {str(p) for p in tiles_between(old, old + more)}


def test_the_folder_verifies_offline_and_a_changed_file_does_not(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.written(300)
    folder, policy = tmp_path / "log", tmp_path / "data" / "trust.json"
    Mirror(hub.log, folder).keep_up()
    command = ["audit", "verify", "--bundle", str(folder), "--policy", str(policy)]
    assert main(command) == 0
    entries = folder / "tile/entries/000"
    entries.write_bytes(entries.read_bytes()[:-1] + b"!")
    assert main(command) == 1
    entries.unlink()
    assert main(command) == 3
    assert "GOOD" in capsys.readouterr().out


def test_a_file_that_is_no_checkpoint_is_a_slip_and_not_a_forgery(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.written(3)
    folder, policy = tmp_path / "log", tmp_path / "data" / "trust.json"
    Mirror(hub.log, folder).keep_up()
    other = tmp_path / "other.txt"
    other.write_text(json.dumps({"not": "a note"}))
    command = ["audit", "verify", "--bundle", str(folder), "--policy", str(policy)]
    assert main([*command, "--since", str(other)]) == 64
    assert "ALTERED" not in capsys.readouterr().out
