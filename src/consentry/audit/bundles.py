"""The log as one zip to take away: checkpoint, tiles and, for auditors, their private entries."""

import base64
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import IO, Final

from .layout import TilePath
from .log import Log
from .merkle import TILE_HEIGHT, TILE_WIDTH, width_of
from .notes import Checkpoint, Note
from .ports import Kept

PRIVATE_STEP: Final = 8192

Between = Callable[[int, int], Sequence[Kept]]


def write_bundle(log: Log, target: IO[bytes], between: Between | None = None) -> int:
    """Write all that proves the newest checkpoint, and return its size.

    `between` gives the private entries of positions [start, end) that the reader may have.
    """
    note = log.newest()
    size = Checkpoint.parse(Note.parse(note).text).size
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        bundle.writestr("checkpoint", note)
        for path in paths(size):
            bundle.writestr(str(path), log.tile(path, size))
        if between is not None:
            for start in range(0, size, PRIVATE_STEP):
                lines = map(_line, between(start, min(start + PRIVATE_STEP, size)))
                bundle.writestr(f"private/{start:012d}.jsonl", "".join(lines))
    return size


def paths(size: int) -> list[TilePath]:
    """Every tile and every bundle of entries in a tree of `size` leaves."""
    found, level = [], 0
    while size >> TILE_HEIGHT * level:
        count = -(-(size >> TILE_HEIGHT * level) // TILE_WIDTH)
        found += [TilePath(level, n, width_of(size, level, n)) for n in range(count)]
        level += 1
    count = -(-size // TILE_WIDTH)
    return [*found, *(TilePath(None, n, width_of(size, 0, n)) for n in range(count))]


def _line(kept: Kept) -> str:
    values = {
        "position": kept.position,
        "salt": base64.b64encode(kept.salt).decode(),
        "entry": kept.body.decode(),
    }
    return json.dumps(values, ensure_ascii=False) + "\n"
