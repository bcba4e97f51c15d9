"""Where tiles lie, as C2SP tlog-tiles names them: `tile/0/x001/x234/067.p/13`. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from .merkle import LEAF_BYTES, TILE_WIDTH

LEVEL_MAX: Final = 6
_ENTRIES: Final = "entries"
_PATH: Final = re.compile(
    r"^(?P<level>entries|[0-9]{1,2})/(?P<number>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?$"
)
_NUMBER_LENGTH_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class TilePath:
    """`level` is None for a bundle of entries, which is public leaves in our log."""

    level: int | None
    number: int
    width: int = TILE_WIDTH

    def __str__(self) -> str:
        level = _ENTRIES if self.level is None else str(self.level)
        part = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number_path(self.number)}{part}"

    @classmethod
    def parse(cls, text: str) -> "TilePath":
        """Read what follows `tile/`, and only the one form in which it may be written."""
        found = _PATH.match(text)
        if not found or len(found["number"]) > _NUMBER_LENGTH_MAX:
            raise ValueError("not the path of a tile")
        number = int(found["number"].replace("x", "").replace("/", ""))
        width = int(found["width"] or TILE_WIDTH)
        level = None if found["level"] == _ENTRIES else int(found["level"])
        path = cls(level, number, width)
        if str(path) != f"tile/{text}" or (level or 0) > LEVEL_MAX or width > TILE_WIDTH:
            raise ValueError("not the path of a tile")
        return path


def number_path(number: int) -> str:
    """1234067 -> x001/x234/067"""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    return "/".join(groups)


def bundle(leaves: list[bytes]) -> bytes:
    """Leaves one after the other, each behind its length in two bytes."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def unbundle(data: bytes) -> list[bytes]:
    """The leaves of a bundle. Raises ValueError for anything that is not exactly that."""
    step = 2 + LEAF_BYTES
    size = LEAF_BYTES.to_bytes(2, "big")
    if len(data) % step or len(data) > step * TILE_WIDTH:
        raise ValueError("not a bundle of leaves")
    leaves = [data[i : i + step] for i in range(0, len(data), step)]
    if not all(leaf.startswith(size) for leaf in leaves):
        raise ValueError("not a bundle of leaves: a length is not 33")
    return [leaf[2:] for leaf in leaves]
