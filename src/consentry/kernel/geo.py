"""Places on the sphere: WGS 84 degrees in, metres and square kilometres out.

Distances are great circles on a sphere of mean radius, at most 0.6 % off the ellipsoid: fine for
streets, never for surveying.
"""

from dataclasses import dataclass
from math import asin, atan2, cos, degrees, hypot, pi, radians, sin, sqrt
from typing import Final

EARTH_RADIUS_M: Final = 6_371_008.8
METRES_PER_DEGREE: Final = EARTH_RADIUS_M * pi / 180
POLYGON_VERTICES_MAX: Final = 500
E7: Final = 10_000_000
"""Sealed bytes hold no floats: degrees travel as integers of 1e-7 degree, about a centimetre."""


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees: latitude in [-90, 90], longitude in [-180, 180]. Raises ValueError beyond."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not -90 <= self.lat <= 90:  # also refuses NaN
            raise ValueError(f"latitude {self.lat} is outside -90 to 90")
        if not -180 <= self.lon <= 180:
            raise ValueError(f"longitude {self.lon} is outside -180 to 180")


def distance_m(a: Point, b: Point) -> float:
    """Great-circle distance in metres, by the haversine formula."""
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half_lat, half_lon = sin((lat_b - lat_a) / 2), sin(radians(b.lon - a.lon) / 2)
    chord = half_lat * half_lat + cos(lat_a) * cos(lat_b) * half_lon * half_lon
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))


def offset(origin: Point, *, east_m: float, north_m: float) -> Point:
    """The point so many metres away, on the plane that touches the sphere at `origin`."""
    lat = origin.lat + north_m / METRES_PER_DEGREE
    lon = origin.lon + east_m / (METRES_PER_DEGREE * max(cos(radians(origin.lat)), 1e-9))
    return Point(max(-90.0, min(90.0, lat)), (lon + 180) % 360 - 180)


@dataclass(frozen=True, slots=True)
class Circle:
    centre: Point
    radius_m: float

    def contains(self, point: Point) -> bool:
        return distance_m(self.centre, point) <= self.radius_m

    @property
    def area_km2(self) -> float:
        cap = self.radius_m / (2 * EARTH_RADIUS_M)
        return 4 * pi * (EARTH_RADIUS_M / 1000) ** 2 * sin(min(cap, pi / 2)) ** 2


@dataclass(frozen=True, slots=True)
class Polygon:
    """One ring without holes, its first vertex not repeated, 3 to 500 vertices.

    A side between two vertices runs the short way round, so a ring may cross the antimeridian.
    A ring around a pole is not supported.
    """

    ring: tuple[Point, ...]

    def __post_init__(self) -> None:
        if not 3 <= len(self.ring) <= POLYGON_VERTICES_MAX:
            raise ValueError(f"a polygon has 3 to {POLYGON_VERTICES_MAX} vertices")

    def unrolled(self) -> tuple[tuple[float, float], ...]:
        """The ring as (lon, lat) with longitudes continued beyond 180 where it crosses there."""
        lons = [self.ring[0].lon]
        for point in self.ring[1:]:
            lons.append(lons[-1] + (point.lon - lons[-1] + 180) % 360 - 180)
        return tuple((lon, point.lat) for lon, point in zip(lons, self.ring, strict=True))

    def contains(self, point: Point) -> bool:
        ring = self.unrolled()
        west = min(lon for lon, _ in ring)
        lon = west + (point.lon - west) % 360
        inside = False
        for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (y0 > point.lat) != (y1 > point.lat):
                crossing = x0 + (point.lat - y0) * (x1 - x0) / (y1 - y0)
                inside ^= lon < crossing
        return inside

    @property
    def area_km2(self) -> float:
        """By the trapezium rule on the equal-area cylinder (Lambert)."""
        ring = [(radians(lon), sin(radians(lat))) for lon, lat in self.unrolled()]
        twice = sum(
            (x1 - x0) * (y0 + y1)
            for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True)
        )
        return abs(twice) / 2 * (EARTH_RADIUS_M / 1000) ** 2


Area = Circle | Polygon


def bearing_deg(origin: Point, towards: Point) -> float:
    """Compass bearing in [0, 360) on the local plane; good for the reach of a camera."""
    mid = radians((origin.lat + towards.lat) / 2)
    east = ((towards.lon - origin.lon + 180) % 360 - 180) * cos(mid)
    north = towards.lat - origin.lat
    if hypot(east, north) == 0:
        return 0.0
    return degrees(atan2(east, north)) % 360


def to_e7(value: float) -> int:
    return round(value * E7)


def from_e7(value: int) -> float:
    return value / E7
