"""What the index should answer, worked out camera by camera with nothing of its own machinery."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import asinh, floor, pi, radians, tan

import numpy as np

from consentry.cameras.columns import COUNTED, POINT, Columns, Windows, columns_of_rows
from consentry.kernel.geo import Area, Point
from consentry.kernel.ids import CameraId, PartyId

CELL_ZOOM = 13
TOGETHER = 5


@dataclass(slots=True)
class OracleCamera:
    number: int
    place: Point
    owner: PartyId
    kind: int = 0
    windows: list[tuple[PartyId, int, int, int]] = field(default_factory=list)
    """Party, level, starts_us, ends_us."""

    @property
    def id(self) -> CameraId:
        return CameraId(f"01939f00-0000-7000-8000-{self.number:012x}")

    def level(self, party: PartyId, now_us: int) -> int:
        """What others than the owner may see of it, at best."""
        held = (lvl for to, lvl, a, b in self.windows if to == party and a <= now_us < b)
        return max(held, default=0)

    def is_point_for(self, party: PartyId, area: Area | None, now_us: int) -> bool:
        if self.owner == party:
            return True
        inside = area is not None and area.contains(self.place)
        return inside and self.level(party, now_us) >= POINT

    def is_counted_for(self, party: PartyId, now_us: int) -> bool:
        return self.owner != party and self.level(party, now_us) >= COUNTED


World = dict[int, OracleCamera]


def points(world: World, party: PartyId, area: Area | None, now_us: int) -> set[int]:
    return {n for n, camera in world.items() if camera.is_point_for(party, area, now_us)}


def cell(place: Point, zoom: int) -> tuple[int, int]:
    """Column and row of the map tile that holds a place."""
    size = 1 << zoom
    x = floor((place.lon + 180) / 360 * size) % size
    if abs(place.lat) > 85.06:
        return x, 0 if place.lat > 0 else size - 1
    y = floor((1 - asinh(tan(radians(place.lat))) / pi) / 2 * size)
    return x, min(max(y, 0), size - 1)


def atoms(world: World, party: PartyId, now_us: int) -> Counter[tuple[int, int, int]]:
    """(zoom, column, row) -> how many: cells with fewer than five wait for their neighbours."""
    waiting: Counter[tuple[int, int]] = Counter(
        cell(camera.place, CELL_ZOOM)
        for camera in world.values()
        if camera.is_counted_for(party, now_us)
    )
    shown: Counter[tuple[int, int, int]] = Counter()
    for zoom in range(CELL_ZOOM, -1, -1):
        left: Counter[tuple[int, int]] = Counter()
        for (x, y), count in waiting.items():
            if count >= TOGETHER:
                shown[zoom, x, y] = count
            else:
                left[x >> 1, y >> 1] += count
        waiting = left
    return shown


def cells_of_tile(
    shown: Counter[tuple[int, int, int]], tile: tuple[int, int, int], deeper: int
) -> Counter[tuple[int, int, int]]:
    """Local column and row of each cell's centre, and how many, for one tile."""
    z, tile_x, tile_y = tile
    at_most = min(CELL_ZOOM, z + deeper)
    summed: Counter[tuple[int, int, int]] = Counter()
    for (zoom, x, y), count in shown.items():
        up = max(zoom - at_most, 0)
        summed[zoom - up, x >> up, y >> up] += count
    found: Counter[tuple[int, int, int]] = Counter()
    for (zoom, x, y), count in summed.items():
        # The centre in units of half a cell, then in units of 1/4096 of this tile.
        at = [
            ((2 * v + 1) << 40 >> (zoom + 1)) - (t << 40 >> z)
            for v, t in ((x, tile_x), (y, tile_y))
        ]
        local = [(v << z) * 4096 >> 40 for v in at]
        if all(0 <= v < 4096 for v in local):
            found[local[0], local[1], count] += 1
    return found


def columns(cameras: Sequence[OracleCamera]) -> Columns:
    """As a store would give them."""
    parties = sorted({c.owner for c in cameras} | {w[0] for c in cameras for w in c.windows})
    place = {party: n for n, party in enumerate(parties)}
    rows = [
        (c.id, c.number, c.place.lat, c.place.lon, place[c.owner], c.kind, 0, 0, False,
         None, None, None)
        for c in cameras
    ]  # fmt: skip
    windows = [
        (row, place[to], level, starts, ends)
        for row, camera in enumerate(cameras)
        for to, level, starts, ends in camera.windows
    ]
    return columns_of_rows(rows, parties, Windows.of(windows))


PARTIES = tuple(PartyId(name) for name in ("police", "fire", "rescue", "bakery", "nobody"))
CENTRES = (
    Point(53.55, 9.99),
    Point(-16.5, 179.9995),
    Point(-16.5, -179.9995),
    Point(89.999, 12.0),
    Point(-89.999, -170.0),
    Point(85.0511, 40.0),
    Point(0.0, 0.0),
)


def random_world(chance: np.random.Generator, count: int, now_us: int, first: int = 0) -> World:
    """Cameras around places where maps go wrong, some on the very same spot."""
    cameras = (random_camera(chance, first + n, now_us) for n in range(count))
    return {camera.number: camera for camera in cameras}


def random_camera(chance: np.random.Generator, number: int, now_us: int) -> OracleCamera:
    centre = CENTRES[int(chance.integers(len(CENTRES)))]
    spread = float(chance.choice([0.0, 0.002, 0.02, 0.3]))
    lat = max(-90.0, min(90.0, centre.lat + chance.normal() * spread))
    wide = spread if abs(centre.lat) < 89 else 120.0
    lon = (centre.lon + chance.normal() * wide + 180) % 360 - 180
    camera = OracleCamera(number, Point(lat, lon), PARTIES[int(chance.integers(4))])
    camera.kind = int(chance.integers(7))
    camera.windows = list(_random_windows(chance, now_us))
    return camera


def _random_windows(
    chance: np.random.Generator, now_us: int
) -> Iterator[tuple[PartyId, int, int, int]]:
    for _ in range(int(chance.integers(4))):
        party = PARTIES[int(chance.integers(3))]
        starts = now_us + int(chance.integers(-30, 10)) * 1_000_000
        ends = starts + int(chance.integers(1, 60)) * 1_000_000
        yield party, int(chance.integers(1, 3)), starts, ends
