"""Places as integers: web Mercator in 28 bits an axis, and the Morton key that interleaves them.

Sorted by Morton key, the cameras of any tile at any zoom are one contiguous slice, and those of any
circle are a few. 28 bits are 15 cm at the equator; zoom 16 needs exactly 16 + 12 of them.
"""

from math import atanh, cos, floor, pi, radians, sin
from typing import Final

import numpy as np

from .columns import Floats, Ints

BITS: Final = 28
SIZE: Final = 1 << BITS
LAST: Final = SIZE - 1
_SINE_MAX: Final = 0.9999999
_SPREAD: Final = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def mercator_x(lon: Floats) -> Ints:
    """Columns from west to east; the antimeridian's two names are one column."""
    x: Ints = np.floor((lon + 180.0) / 360.0 * SIZE).astype(np.int64) & LAST
    return x


def mercator_y(lat: Floats) -> Ints:
    """Rows from north to south; all beyond 85.05 degrees share the outermost row."""
    sine = np.clip(np.sin(np.radians(lat)), -_SINE_MAX, _SINE_MAX)
    y = np.floor((0.5 - np.arctanh(sine) / (2 * np.pi)) * SIZE)
    clipped: Ints = np.clip(y, 0, LAST).astype(np.int64)
    return clipped


def column_of(lon: float) -> int:
    """As `mercator_x` for one longitude, but not wrapped: it may lie beside the map."""
    return floor((lon + 180.0) / 360.0 * SIZE)


def row_of(lat: float) -> int:
    sine = min(max(sin(radians(lat)), -_SINE_MAX), _SINE_MAX)
    return min(max(floor((0.5 - atanh(sine) / (2 * pi)) * SIZE), 0), LAST)


def cells_of(columns: Ints, rows: Ints) -> Ints:
    """The Morton keys of a whole rectangle of cells, ascending."""
    spread = _spread(np.concatenate([columns, rows]))
    keys = spread[: len(columns)] | (spread[len(columns) :, None] << 1)
    keys = keys.reshape(-1)
    keys.sort()
    return keys


def morton(x: Ints, y: Ints) -> Ints:
    """Interleave the bits: those of x at even places, those of y at odd ones."""
    return _spread(x) | (_spread(y) << 1)


def unmorton(key: Ints) -> tuple[Ints, Ints]:
    return _gather(key), _gather(key >> 1)


def cell_key(x: int, y: int) -> int:
    """The Morton key of one cell."""
    both = x | (y << 64)  # Python's integers have no end: one pass spreads the two
    for shift, mask in _SPREAD:
        both = (both | (both << shift)) & (mask | (mask << 64))
    return (both & (2**64 - 1)) | (both >> 64 << 1)


def unit_vectors(lat: Floats, lon: Floats) -> tuple[Floats, Floats, Floats]:
    """Places on the unit sphere: their straight distances compare as the great circles do."""
    phi, theta = np.radians(lat), np.radians(lon)
    flat = np.cos(phi)
    return flat * np.cos(theta), flat * np.sin(theta), np.sin(phi)


def unit_vector(lat: float, lon: float) -> tuple[float, float, float]:
    phi, theta = radians(lat), radians(lon)
    return cos(phi) * cos(theta), cos(phi) * sin(theta), sin(phi)


def _spread(value: Ints) -> Ints:
    out = value.astype(np.int64)
    for shift, mask in _SPREAD:
        out = (out | (out << shift)) & mask
    return out


def _gather(value: Ints) -> Ints:
    out = value & _SPREAD[-1][1]
    for (shift, _), (_, mask) in zip(_SPREAD[:0:-1], _SPREAD[-2::-1], strict=True):
        out = (out | (out >> shift)) & mask
    return (out | (out >> _SPREAD[0][0])) & 0xFFFFFFFF
