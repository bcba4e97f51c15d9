"""Masks: what of the picture nobody but the owner is shown."""

from dataclasses import dataclass
from typing import Final, TypeGuard

from consentry.kernel.canonical import Json

from .reading import Fields

MASKS_MAX: Final = 32
VERTICES_MAX: Final = 64
MASK_SCALE: Final = 10_000
"""Masks are drawn in ten-thousandths of the picture's width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masks:
    polygons: tuple[tuple[tuple[int, int], ...], ...]

    def parts(self) -> dict[str, Json]:
        return {"polygons": [[list(vertex) for vertex in ring] for ring in self.polygons]}


def read_masks(fields: Fields) -> Masks:
    rings = _list(fields.raw("polygons"), MASKS_MAX)
    read = None if rings is None else [_ring(ring) for ring in rings]
    if read is None or any(ring is None for ring in read):
        fields.refuse(
            "polygons",
            "must list rings of [x, y]",
            f"at most {MASKS_MAX} rings of 3 to {VERTICES_MAX} points, 0 to {MASK_SCALE}",
        )
    return Masks(polygons=tuple(ring for ring in read if ring is not None))


def _ring(value: Json) -> tuple[tuple[int, int], ...] | None:
    vertices = _list(value, VERTICES_MAX)
    if vertices is None or len(vertices) < 3:
        return None
    found = []
    for vertex in vertices:
        if not isinstance(vertex, list) or len(vertex) != 2:
            return None
        x, y = vertex
        if not _is_coordinate(x) or not _is_coordinate(y):
            return None
        found.append((x, y))
    return tuple(found)


def _is_coordinate(value: Json) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MASK_SCALE


def _list(value: Json, most: int) -> list[Json] | None:
    return value if isinstance(value, list) and len(value) <= most else None
