"""The published log as files in `DIR/log/`, named as it is served.

Any static server can serve the folder, any copy of it can be verified, and nothing in it is needed
by the hub: a file that is lost is written anew.
"""

import shutil
from pathlib import Path
from typing import Final, Protocol

from consentry.infra.files import write_durably

from .layout import TilePath
from .merkle import TILE_HEIGHT, TILE_WIDTH, width_of
from .notes import Checkpoint, Note

CHECKPOINT: Final = "checkpoint"
MODE: Final = 0o644


class Published(Protocol):
    """What a mirror reads of the log."""

    @property
    def public_size(self) -> int: ...

    def public(self) -> str: ...

    def tile(self, path: TilePath, size: int) -> bytes: ...


class Mirror:
    """Not for use by several threads at once."""

    def __init__(self, log: Published, folder: Path) -> None:
        self._log = log
        self._folder = folder
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._size = _size_of(folder / CHECKPOINT)

    def keep_up(self) -> int:
        """Write what was published since; how many tiles that were.

        The checkpoint comes last, so that a copy made at any moment has all that it needs.
        """
        if self._log.public_size <= self._size:
            return 0
        note = self._log.public()
        size = Checkpoint.parse(Note.parse(note).text).size
        fresh = tiles_between(self._size, size)
        for path in fresh:
            target = self._folder / str(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_durably(target, self._log.tile(path, size), MODE)
        write_durably(self._folder / CHECKPOINT, note.encode(), MODE)
        for path in _last_tiles(self._size):
            self._forget_parts(path, size)
        self._size = size
        return len(fresh)

    def _forget_parts(self, path: TilePath, size: int) -> None:
        """Parts of a tile that have become more, or whole, by now."""
        parts = self._folder / f"{path}.p"
        width = width_of(size, path.level or 0, path.number)
        if width == TILE_WIDTH:
            shutil.rmtree(parts, ignore_errors=True)
        elif parts.is_dir():
            for part in parts.iterdir():
                if part.name != str(width):
                    part.unlink()


def tiles_between(old: int, new: int) -> list[TilePath]:
    """Every tile and bundle, whole or in part, of a tree of `new` leaves that `old` leaves lack."""
    found: list[TilePath] = []
    level = 0
    while new >> TILE_HEIGHT * level:
        first = (old >> TILE_HEIGHT * level) // TILE_WIDTH
        last = -(-(new >> TILE_HEIGHT * level) // TILE_WIDTH)
        for number in range(first, last):
            width = width_of(new, level, number)
            found.append(TilePath(level, number, width))
            if level == 0:
                found.append(TilePath(None, number, width))
        level += 1
    return found


def _last_tiles(size: int) -> list[TilePath]:
    """The last tile of each level, named as if it were whole: the ones that may be parts yet."""
    found = [TilePath(None, size // TILE_WIDTH)] if size else []
    level = 0
    while count := size >> TILE_HEIGHT * level:
        found.append(TilePath(level, count // TILE_WIDTH))
        level += 1
    return found


def _size_of(path: Path) -> int:
    """What the folder holds already; 0 where it cannot be read, and all is written anew."""
    try:
        return Checkpoint.parse(Note.parse(path.read_text(encoding="utf-8")).text).size
    except (OSError, ValueError):
        return 0
