"""The city's ground as one SVG: water, parks, roads, buildings. Drawn once, then cached.

Whole metres, north up; about half a megabyte. Names, cameras, incidents and units are not in
it: they change with the time or the part shown, and the page lays them over.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np

from .city import City
from .names import CITY
from .streets import ACROSS_MAX, ALONG_MAX, ALONG_MIN, MAJOR, MIDDLE, MINOR, Ints, Street
from .terrain import (
    BLOCK_DEPTH_M,
    BLOCK_LENGTH_M,
    Floats,
    bend,
    in_river,
    in_sea,
    river_half_width,
    river_x,
    shore_y,
    within_limits,
)

WEST, EAST, SOUTH, NORTH = -3950, 3950, -1960, 3200
WIDTH, HEIGHT = EAST - WEST, NORTH - SOUTH
EXIT_M: Final = 2600
"""How far country roads are drawn beyond the last crossing."""

STYLE: Final = """
svg{color-scheme:light dark}
.land{fill:#e9ede6}.town{fill:#f3f2ee}.water{fill:#b8d8e8}.depth{fill:none;stroke:#9cc6db}
.shore{fill:none;stroke:#d9d2b4;stroke-width:26}.park{fill:#cbe2c0}.b{fill:#d8dbdf}
.tree{fill:#a9cc9b}.r0{stroke:#fff;stroke-width:9}.r1{stroke:#fff;stroke-width:13}
.r2{stroke:#fdf3d0;stroke-width:20}.c2{stroke:#d9c891;stroke-width:25}
.exit{stroke:#d3d8d3;stroke-width:12}
.road path{fill:none;stroke-linejoin:round;stroke-linecap:round}
.pier{stroke:#e9e6dc;stroke-width:13}
@media (prefers-color-scheme:dark){
.land{fill:#0c1116}.town{fill:#10171f}.water{fill:#0b2233}.depth{stroke:#143b55}
.shore{stroke:#1b2a33}.park{fill:#12281d}.b{fill:#1b2530}.tree{fill:#183726}
.r0{stroke:#222e3a}.r1{stroke:#2a3846}.r2{stroke:#3c4d5f}.c2{stroke:#10171f}.exit{stroke:#1c2631}
.pier{stroke:#22303b}}
"""


def draw(city: City) -> str:
    """The ground plan. A page shows parts of it by its own `viewBox`, in the same metres."""
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{CITY}, a fictional city">'
    )
    parts = [
        opening,
        f"<style>{''.join(STYLE.splitlines())}</style>",
        f'<rect class="land" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<path class="town" d="{_ring(_town())}"/>',
        *_water(),
        *(f'<path class="park" d="{_ring(ring)}"/>' for _, ring in city.parks),
        *_trees(city),
        *_roads(city),
        f'<path class="b" d="{_footprints(city.buildings.corners)}"/>',
        "</svg>",
    ]
    return "".join(parts)


def place(x: float, y: float) -> tuple[float, float]:
    """Metres east and north as a position in the picture."""
    return x - WEST, NORTH - y


def _ring(points: Floats) -> str:
    return _line(points) + "Z"


def _line(points: Floats) -> str:
    flat = np.rint(np.stack([points[:, 0] - WEST, NORTH - points[:, 1]], axis=1)).astype(int)
    steps = np.diff(flat, axis=0).tolist()
    start = f"M{flat[0, 0]} {flat[0, 1]}"
    return start + ("l" + " ".join(f"{dx} {dy}" for dx, dy in steps) if steps else "")


def _footprints(corners: Floats) -> str:
    """Every building in one path, in relative whole metres: some thirty bytes each."""
    x = np.rint(corners[..., 0] - WEST).astype(int)
    y = np.rint(NORTH - corners[..., 1]).astype(int)
    rows = np.stack([x[:, 0], y[:, 0], *_steps(x, y)], axis=1).tolist()
    return "".join(f"M{a} {b}l{c} {d} {e} {f} {g} {h}z" for a, b, c, d, e, f, g, h in rows)


def _steps(x: Ints, y: Ints) -> Iterable[Ints]:
    for n in range(3):
        yield x[:, n + 1] - x[:, n]
        yield y[:, n + 1] - y[:, n]


def _town() -> Floats:
    """The built-up ground, a little wider than the last houses."""
    angle = np.linspace(-np.pi, np.pi, 181)
    reach = np.linspace(0.5, 1.4, 361)
    east, north = np.cos(angle), np.sin(angle)
    x, y = 3350 * east[:, None] * reach, 560 + 2470 * north[:, None] * reach
    last = within_limits(x / 1.025, 560 + (y - 560) / 1.035).sum(axis=1) - 1
    rows = np.arange(len(angle))
    return np.stack([x[rows, last], y[rows, last]], axis=1)


def _water() -> list[str]:
    x = np.arange(WEST, EAST + 1, 40.0)
    shore = np.stack([x, shore_y(x)], axis=1)
    floor = np.array([[EAST, SOUTH - 50.0], [WEST, SOUTH - 50.0]])
    y = np.arange(NORTH + 60.0, -1500.0, -40.0)
    west = np.stack([river_x(y) - river_half_width(y), y], axis=1)
    east = np.stack([river_x(y) + river_half_width(y), y], axis=1)
    river = np.concatenate([west, east[::-1]])
    depths = [
        f'<path class="depth" stroke-width="{14 - 3 * n}" d="{_line(shore - [0.0, down])}"/>'
        for n, down in enumerate((95.0, 240.0, 470.0))
    ]
    return [
        f'<path class="shore" d="{_line(shore)}"/>',
        f'<path class="water" d="{_ring(river)}"/>',
        f'<path class="water" d="{_ring(np.concatenate([shore, floor]))}"/>',
        *depths,
        *_piers(),
    ]


def _piers() -> list[str]:
    out = []
    for n, x in enumerate((-900.0, -720.0, -540.0, -360.0)):
        foot = float(shore_y(np.array([x]))[0]) + 8
        tip = foot - (190 if n % 2 else 140)
        out.append(f'<path class="pier" d="{_line(np.array([[x, foot], [x + 26, tip]]))}"/>')
    return out


def _trees(city: City) -> list[str]:
    """A few dots in each park, laid on a spiral so that they neither row up nor touch."""
    dots = []
    for _, ring in city.parks:
        middle, size = ring.mean(axis=0), np.ptp(ring, axis=0) * 0.36
        n = np.arange(1, 15)
        radius, angle = np.sqrt(n / 15), n * 2.399963
        for x, y in middle + np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None] * size:
            left, top = place(x, y)
            dots.append(f"M{left:.0f} {top:.0f}m-13 0a13 13 0 1 0 26 0a13 13 0 1 0-26 0")
    return [f'<path class="tree" d="{"".join(dots)}"/>']


def _roads(city: City) -> list[str]:
    streets = city.streets
    by_rank: dict[int, list[str]] = {MINOR: [], MIDDLE: [], MAJOR: []}
    for street in streets.streets:
        for run in street.runs:
            numbers = list(run)
            points = np.stack([streets.x[numbers], streets.y[numbers]], axis=1)
            by_rank[street.rank].append(_line(points))
    majors = "".join(by_rank[MAJOR])
    return [
        '<g class="road">',
        f'<path class="exit" d="{"".join(_exits(city))}"/>',
        f'<path class="r0" d="{"".join(by_rank[MINOR])}"/>',
        f'<path class="r1" d="{"".join(by_rank[MIDDLE])}"/>',
        f'<path class="c2" d="{majors}"/>',
        f'<path class="r2" d="{majors}"/>',
        "</g>",
    ]


def _exits(city: City) -> Iterable[str]:
    """Country roads: every other major street goes on until the picture ends or water stops it."""
    for street in city.streets.streets:
        if street.rank != MAJOR or street.line % 12:
            continue
        for sign in (-1, 1):
            points = _beyond(street, sign)
            if len(points) > 2:
                yield _line(points)


def _beyond(street: Street, sign: int) -> Floats:
    limits = (-ACROSS_MAX, ACROSS_MAX) if street.along else (ALONG_MIN, ALONG_MAX)
    pitch = BLOCK_LENGTH_M if street.along else BLOCK_DEPTH_M
    way = np.arange(0, sign * (max(map(abs, limits)) * pitch + EXIT_M), sign * 40.0)
    fixed = np.full_like(way, street.line * (BLOCK_DEPTH_M if street.along else BLOCK_LENGTH_M))
    x, y = bend(way, fixed) if street.along else bend(fixed, way)
    outside = np.flatnonzero(~within_limits(x, y))
    if outside.size == 0:
        return np.empty((0, 2))
    x, y = x[outside[0] - 2 :], y[outside[0] - 2 :]
    wet = np.flatnonzero(in_sea(x, y, 40.0) | in_river(x, y, 40.0))
    end = wet[0] if wet.size else len(x)
    return np.stack([x[:end], y[:end]], axis=1)
