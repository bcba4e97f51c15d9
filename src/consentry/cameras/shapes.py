"""Circles and polygons over many cameras at once, at the antimeridian and the poles too."""

from dataclasses import dataclass
from math import asin, cos, degrees, inf, isfinite, pi, radians, sin
from typing import Final, Protocol

import numpy as np
import shapely

from consentry.kernel.errors import InvalidError
from consentry.kernel.geo import EARTH_RADIUS_M, Area, Circle, Point

from .block import Block
from .columns import Bools, Floats, Ints
from .projection import BITS, cells_of, column_of, row_of, unit_vector
from .spans import flattened

CELLS_ACROSS: Final = 8
"""A box is covered by so many cells a side: fewer cells, more cameras that lie beside it."""
REACH_M_MAX: Final = 20_000.0
"""The largest radius of a circle, and half the largest side of a polygon's box."""
_MARGIN: Final = 1e-9
"""Degrees by which a box is widened, against rounding."""


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees. `east` may lie beyond 180 and `west` below -180: the box runs from west to east."""

    south: float
    north: float
    west: float
    east: float

    def spans(self, block: Block) -> tuple[Ints, Ints]:
        """The runs of slots that hold every camera of the box, and some beside it."""
        x0, x1 = column_of(self.west), column_of(self.east)
        y0, y1 = row_of(self.north), row_of(self.south)
        shift = min(BITS, (max(x1 - x0, y1 - y0) // CELLS_ACROSS).bit_length())
        around = 1 << (BITS - shift)
        columns = np.arange(x0 >> shift, min((x1 >> shift) + 1, (x0 >> shift) + around))
        rows = np.arange(y0 >> shift, (y1 >> shift) + 1)
        cells = cells_of(columns & (around - 1), rows)
        gaps = np.flatnonzero(cells[1:] != cells[:-1] + 1)
        starts = cells[np.append(0, gaps + 1)] << (2 * shift)
        ends = (cells[np.append(gaps, -1)] + 1) << (2 * shift)
        return block.key.searchsorted(starts), block.key.searchsorted(ends)


class Shape(Protocol):
    @property
    def box(self) -> Box: ...

    def holds(self, block: Block, slots: Ints) -> Bools: ...


@dataclass(frozen=True, slots=True)
class Disc:
    """All within a great-circle distance, compared by the square of the straight one."""

    centre: Point
    radius_m: float

    @property
    def box(self) -> Box:
        angle = self.radius_m / EARTH_RADIUS_M
        reach = degrees(angle) + _MARGIN
        south, north = self.centre.lat - reach, self.centre.lat + reach
        narrow = cos(radians(self.centre.lat))
        wide = 180.0
        if south > -90 and north < 90 and sin(angle) < narrow:
            wide = min(180.0, degrees(asin(sin(angle) / narrow)) + _MARGIN)
        return Box(
            max(south, -90.0), min(north, 90.0), self.centre.lon - wide, self.centre.lon + wide
        )

    @property
    def square_max(self) -> float:
        """The square of the chord of the radius."""
        half = min(self.radius_m / (2 * EARTH_RADIUS_M), pi / 2)
        return (2 * sin(half)) ** 2

    def squares(self, block: Block, slots: Ints) -> Floats:
        """The squared chords from the centre, on the unit sphere."""
        return chord_squares(self.centre, block, slots)

    def holds(self, block: Block, slots: Ints) -> Bools:
        held: Bools = self.squares(block, slots) <= self.square_max
        return held


@dataclass(frozen=True, slots=True)
class Ring:
    """A polygon whose longitudes run on beyond 180 where it crosses there."""

    polygon: shapely.Polygon
    box: Box

    @classmethod
    def of(cls, vertices: tuple[tuple[float, float], ...]) -> "Ring":
        """From (lon, lat) as `Polygon.unrolled` gives them. Raises InvalidError."""
        polygon = shapely.Polygon(vertices)
        west, south, east, north = polygon.bounds
        if east - west >= 180:
            raise InvalidError.of("polygon", "reaches around a pole or half the world")
        if not polygon.is_valid or polygon.area == 0:
            raise InvalidError.of("polygon", "has sides that cross or touch, or holds no area")
        shapely.prepare(polygon)
        return cls(polygon, Box(south - _MARGIN, north + _MARGIN, west - _MARGIN, east + _MARGIN))

    def holds(self, block: Block, slots: Ints) -> Bools:
        west = self.box.west
        lon = west + (block.columns.lon[slots] - west) % 360.0
        held: Bools = shapely.contains_xy(self.polygon, lon, block.columns.lat[slots])
        return held


def shape_of(area: Area) -> Disc | Ring:
    if isinstance(area, Circle):
        return Disc(area.centre, area.radius_m)
    return Ring.of(area.unrolled())


def slots_within(shape: Shape, block: Block) -> Ints:
    """The slots inside, ascending."""
    slots = flattened(*shape.box.spans(block))
    return slots[shape.holds(block, slots)]


def chord_squares(centre: Point, block: Block, slots: Ints) -> Floats:
    x, y, z = unit_vector(centre.lat, centre.lon)
    total = block.ux[slots] - x
    total *= total
    for axis, at in ((block.uy, y), (block.uz, z)):
        step = axis[slots] - at
        step *= step
        total += step
    return total


def metres(squares: Floats) -> Floats:
    """Great-circle metres from squared chords of the unit sphere."""
    distance: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(np.sqrt(squares) / 2, 1.0))
    return distance


def extent_m(box: Box) -> float:
    """The longer side of a box, in metres; infinite where it is not a number."""
    equator = 0.0 if box.south <= 0 <= box.north else min(abs(box.south), abs(box.north))
    tall = radians(box.north - box.south) * EARTH_RADIUS_M
    wide = radians(box.east - box.west) * EARTH_RADIUS_M * cos(radians(equator))
    longest = max(tall, wide)
    return longest if isfinite(longest) else inf
