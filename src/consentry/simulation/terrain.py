"""The ground of Port Halden: where it lies, how its grid bends, where the water is.

Metres east and north of an anchor in the open Atlantic, 900 km west of Brittany: no street,
household or agency of the real world can be mistaken for one of ours, the sea below is 4 km deep,
and the sun still keeps the hours of the time zone.
"""

from math import cos, radians, sin
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consentry.kernel.geo import METRES_PER_DEGREE, Point

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ANCHOR: Final = Point(47.0, -17.0)
TIME_ZONE: Final = "Atlantic/Madeira"

TURN: Final = 0.21
BLOCK_LENGTH_M: Final = 118.0
BLOCK_DEPTH_M: Final = 92.0

RIVER_WIDTH_M: Final = 140.0
BANK_M: Final = 24.0
BEACH_M: Final = 34.0
LIMIT_CENTRE: Final = (0.0, 560.0)
LIMIT_RADII: Final = (3270.0, 2390.0)


def bend(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Where the point (u, v) of the ruled grid comes to lie, in metres east and north."""
    x = u * cos(TURN) - v * sin(TURN)
    y = u * sin(TURN) + v * cos(TURN)
    return (
        x + 85 * np.sin(y / 910) + 14 * np.sin(y / 310 + x / 700),
        y + 70 * np.sin(x / 760) + 9 * np.cos(x / 280),
    )


def shore_y(x: Floats) -> Floats:
    return -1080 + 150 * np.sin(x / 640) + 0.16 * x


def river_x(y: Floats) -> Floats:
    return 620 + 240 * np.sin(y / 620) + 0.22 * y


def river_half_width(y: Floats) -> Floats:
    """Half the width from west to east; the mouth opens over the last kilometre to the sea."""
    return RIVER_WIDTH_M / 2 + 130 * np.clip((-150 - y) / 1000, 0, 1) ** 1.6


def in_river(x: Floats, y: Floats, margin_m: float = 0.0) -> Flags:
    within: Flags = np.abs(x - river_x(y)) < river_half_width(y) + margin_m
    return within & ~in_sea(x, y)


def in_sea(x: Floats, y: Floats, margin_m: float = 0.0) -> Flags:
    below: Flags = y < shore_y(x) + margin_m
    return below


def within_limits(x: Floats, y: Floats) -> Flags:
    """Inside the city's edge: an ellipse whose rim frays, so that it does not look drawn."""
    east, north = (x - LIMIT_CENTRE[0]) / LIMIT_RADII[0], (y - LIMIT_CENTRE[1]) / LIMIT_RADII[1]
    angle = np.arctan2(north, east)
    rim = 1 + 0.06 * np.sin(5 * angle + 0.7) + 0.045 * np.sin(11 * angle)
    inside: Flags = np.hypot(east, north) < rim
    return inside


def on_land(x: Floats, y: Floats) -> Flags:
    """Ground that may be built on: inside the limits, off the beach and the banks."""
    return within_limits(x, y) & ~in_sea(x, y, BEACH_M) & ~in_river(x, y, BANK_M)


def to_degrees(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Latitude and longitude, on the plane that touches the sphere at the anchor."""
    lat = ANCHOR.lat + y / METRES_PER_DEGREE
    lon = ANCHOR.lon + x / (METRES_PER_DEGREE * cos(radians(ANCHOR.lat)))
    return lat, lon


def to_point(x: float, y: float) -> Point:
    lat, lon = to_degrees(np.array([x]), np.array([y]))
    return Point(float(lat[0]), float(lon[0]))


def to_metres(point: Point) -> tuple[float, float]:
    east = (point.lon - ANCHOR.lon) * METRES_PER_DEGREE * cos(radians(ANCHOR.lat))
    return east, (point.lat - ANCHOR.lat) * METRES_PER_DEGREE
