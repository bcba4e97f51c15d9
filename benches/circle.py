"""5,000 cameras out of a million, sorted by distance and authorised, for an incident.

Floor: distance, mask and sort over exactly the cameras of the circle, found beforehand. R*Tree: the
box from SQLite's, in memory, with all columns beside it, then the floor's own arithmetic. A fifth
of the cameras are another's: shown where they are granted and lie in the incident's area.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benches.million import AGENCY, COUNT, Million, million
from benches.rows import Row, row
from consentry.cameras.columns import Bools, Floats
from consentry.cameras.search import Found, Viewer, circle, nearest
from consentry.cameras.shapes import Disc
from consentry.kernel.geo import EARTH_RADIUS_M, Circle, Point

HITS: Final = 5_000
CENTRES: Final = 40
ROUNDS: Final = 5
AREA_M: Final = 970.0
FLOOR_GOAL: Final = 2.5
RTREE_GOAL: Final = 0.05
ROUNDING_M: Final = 1e-3

Answer = tuple[NDArray[np.int64], Floats]
"""Numbers and metres, nearest first."""


@dataclass(frozen=True)
class Query:
    """One circle, and the columns of the cameras in it as the floor is given them."""

    viewer: Viewer
    disc: Disc
    number: NDArray[np.int64]
    lat: Floats
    lon: Floats
    own: Bools
    granted: Bools


def rows() -> Iterator[Row]:
    city = million(mixed=True)
    queries = [_query(city, number) for number in _centres()]
    tree = _rtree(city)

    def ours(query: Query) -> Found:
        return circle(city.view, query.viewer, query.disc, limit=HITS + 1)

    def by_tree(query: Query) -> Answer:
        return _by_rtree(tree, query)

    for query in queries:
        _assert_same(ours(query), _floor(query))
        _assert_same(ours(query), by_tree(query))
    # Each anchor has rounds of its own: none is timed on caches that the other has just filled.
    mine, floor = _interleaved((ours, _floor), queries)
    yield row("circle.floor", mine, "ms", "numpy", floor, goal=FLOOR_GOAL, higher_is_better=False)
    mine, tree_ms = _interleaved((ours, by_tree), queries)
    yield row(
        "circle.rtree", mine, "ms", "R*Tree", tree_ms, goal=RTREE_GOAL, higher_is_better=False
    )


def _centres() -> list[int]:
    return [int(n) for n in np.random.default_rng(7).integers(0, COUNT, CENTRES)]


def _query(city: Million, number: int) -> Query:
    columns = city.columns
    centre = Point(float(columns.lat[number]), float(columns.lon[number]))
    viewer = Viewer.of(AGENCY, Circle(centre, AREA_M))
    reached = nearest(city.view, viewer, centre, HITS).distance_m
    disc = Disc(centre, float(reached[-1]) + ROUNDING_M / 2)
    metres = _metres(centre, columns.lat, columns.lon)
    inside = np.flatnonzero(metres <= disc.radius_m)
    granted = np.zeros(COUNT, np.bool_)
    granted[columns.windows.row] = True
    return Query(
        viewer=viewer,
        disc=disc,
        number=inside,
        lat=columns.lat[inside],
        lon=columns.lon[inside],
        own=columns.owner[inside] == 0,
        granted=granted[inside],
    )


def _floor(query: Query) -> Answer:
    metres = _metres(query.disc.centre, query.lat, query.lon)
    # The area is a circle around the same centre, so its distances are at hand.
    seen = query.own | (query.granted & (metres <= AREA_M))
    number, metres = query.number[seen], metres[seen]
    order = np.argsort(metres)
    return number[order], metres[order]


def _metres(centre: Point, lat: Floats, lon: Floats) -> Floats:
    phi, here = np.radians(lat), np.radians(centre.lat)
    tall = np.sin((phi - here) / 2)
    wide = np.sin((np.radians(lon) - np.radians(centre.lon)) / 2)
    chord = tall * tall + np.cos(phi) * np.cos(here) * wide * wide
    metres: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(chord))
    return metres


def _rtree(city: Million) -> sqlite3.Connection:
    columns = city.columns
    granted = np.zeros(COUNT, np.bool_)
    granted[columns.windows.row] = True
    tree = sqlite3.connect(":memory:")
    tree.execute(
        "CREATE VIRTUAL TABLE place USING rtree(id, south, north, west, east,"
        " +lat REAL, +lon REAL, +own INTEGER, +granted INTEGER)"
    )
    lat, lon = columns.lat.tolist(), columns.lon.tolist()
    flags = (columns.owner == 0).tolist(), granted.tolist()
    values = zip(range(COUNT), lat, lat, lon, lon, lat, lon, *flags, strict=True)
    tree.executemany("INSERT INTO place VALUES (?,?,?,?,?,?,?,?,?)", values)
    return tree


def _by_rtree(tree: sqlite3.Connection, query: Query) -> Answer:
    box = query.disc.box
    found = tree.execute(
        "SELECT id, lat, lon, own, granted FROM place"
        " WHERE north >= ? AND south <= ? AND east >= ? AND west <= ?",
        (box.south, box.north, box.west, box.east),
    ).fetchall()
    number, lat, lon, own, granted = (np.array(column) for column in zip(*found, strict=True))
    inside = _metres(query.disc.centre, lat, lon) <= query.disc.radius_m
    return _floor(
        Query(
            viewer=query.viewer,
            disc=query.disc,
            number=number[inside],
            lat=lat[inside],
            lon=lon[inside],
            own=own[inside].astype(np.bool_),
            granted=granted[inside].astype(np.bool_),
        )
    )


def _assert_same(found: Found, expected: Answer) -> None:
    """The same cameras at the same distances; equals may stand in either order."""
    assert len(found) == HITS
    assert sorted(found.number.tolist()) == sorted(expected[0].tolist())
    assert np.abs(found.distance_m - expected[1]).max() < ROUNDING_M


def _interleaved(sides: tuple[Callable[[Query], Any], ...], queries: list[Query]) -> list[float]:
    """The median milliseconds of each side, all sides taking turns at each query."""
    taken: list[list[float]] = [[] for _ in sides]
    for _ in range(ROUNDS):
        for query in queries:
            for side, times in zip(sides, taken, strict=True):
                start = time.perf_counter()
                side(query)
                times.append((time.perf_counter() - start) * 1000)
    return [median(times) for times in taken]
