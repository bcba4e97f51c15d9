"""Go's checksum-database packages, which share no line with ours, agree on every size."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pymerkle
import pytest

from consentry.audit.bundles import paths
from consentry.audit.layout import TilePath, bundle
from consentry.audit.merkle import (
    TILE_WIDTH,
    Frontier,
    leaf_hash,
    public_leaf,
    tree_root,
)
from consentry.audit.notes import Checkpoint, sign, verifier
from tests.kit.databases import missing

from .builders import ORIGIN
from .keys import LOG_PRIVATE

SOURCE = Path(__file__).parent / "go" / "verify.go"
LIBRARY = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb")
SIZES = [*range(1, 301), 511, 512, 513, 1023, 1024, 1025, 65_535, 65_536, 65_537]


@pytest.fixture(scope="session")
def go_verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None or not LIBRARY.is_dir():
        missing("golang-go with golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    program = folder / "verify"
    surroundings = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
    }
    subprocess.run(["go", "build", "-o", program, SOURCE], check=True, env=surroundings)
    return program


def some_leaves(count: int) -> list[bytes]:
    return [public_leaf(i.to_bytes(32, "big"), b"entry %d" % i) for i in range(count)]


LEAVES = some_leaves(65_537)
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def written(folder: Path, leaves: Sequence[bytes], hashes: Sequence[bytes]) -> Path:
    """The files of a log, made by what the product makes them with."""
    size = len(leaves)
    frontier, tiles = Frontier().append(hashes)
    full = {(tile.level, tile.number): tile.hashes for tile in tiles}
    note = sign(Checkpoint(ORIGIN, size, frontier.root()), LOG_PRIVATE)
    folder.mkdir()
    (folder / "checkpoint").write_text(str(note))
    for path in paths(size):
        if path.level is None:
            start = path.number * TILE_WIDTH
            data = bundle(list(leaves[start : start + path.width]))
        else:
            data = full.get((path.level, path.number)) or frontier.rows[path.level]
        _put(folder, path, data)
    return folder


def _put(folder: Path, path: TilePath, data: bytes) -> None:
    file = folder / str(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def judged(program: Path, folder: Path) -> str:
    key = str(verifier(ORIGIN, LOG_PRIVATE))
    ran = subprocess.run([program, key, folder], capture_output=True, text=True, check=False)
    return ran.stdout.strip()


def test_go_agrees_on_every_size(go_verifier: Path, tmp_path: Path) -> None:
    for size in SIZES:
        folder = written(tmp_path / "log", LEAVES[:size], HASHES[:size])
        assert judged(go_verifier, folder) == f"GOOD {size}"
        shutil.rmtree(folder)


@pytest.mark.parametrize("size", [257, 700])
def test_go_finds_what_was_changed(go_verifier: Path, tmp_path: Path, size: int) -> None:
    changed = [*LEAVES[:100], b"\x01" + b"x" * 32, *LEAVES[101:size]]
    folder = written(tmp_path / "log", LEAVES[:size], HASHES[:size])
    _put(folder, TilePath(None, 0), bundle(changed[:256]))
    assert judged(go_verifier, folder).startswith("BAD")


def forged(folder: Path, size: int) -> tuple[int, list[bytes]]:
    """CVE-2026-56865: a leaf and its hash in the tile below, forged together.

    The leaf tile then disagrees with the tile above it; a reader that proves only the tile it
    asked for by hashes from the same fetch takes the pair.
    """
    leaves = [*LEAVES[:10], b"\x01" + b"f" * 32, *LEAVES[11:size]]
    _put(folder, TilePath(None, 0), bundle(leaves[:256]))
    hashes = b"".join(map(leaf_hash, leaves[:256]))
    _put(folder, TilePath(0, 0), hashes)
    return 10, leaves


def test_the_forgery_of_leaf_and_tile_together_is_found(go_verifier: Path, tmp_path: Path) -> None:
    folder = written(tmp_path / "log", LEAVES[:700], HASHES[:700])
    assert judged(go_verifier, folder) == "GOOD 700"
    forged(folder, 700)
    assert "another root" in judged(go_verifier, folder)  # recomputed from the leaves


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 255, 256, 257, 300])
def test_pymerkle_agrees_on_the_root(size: int) -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in LEAVES[:size]:
        tree.append_entry(leaf)
    assert tree.get_root() == tree_root(HASHES[:size])
