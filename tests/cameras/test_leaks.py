"""What one may not see can't be told from what is not there, and the registry can't be browsed."""

from collections.abc import Iterator

import numpy as np
import pytest

from consentry.cameras.columns import COUNTED, FOREVER_US, POINT
from consentry.cameras.model import KINDS
from consentry.cameras.ranking import ByView
from consentry.cameras.search import Found, by_number, circle, nearest, polygon
from consentry.cameras.search_schemas import answer
from consentry.cameras.shapes import REACH_M_MAX, Disc, Ring
from consentry.cameras.tiles import Tile, tile
from consentry.kernel.geo import Area, Circle, Point, Polygon, offset
from tests.cameras.an_index import Both, decoded
from tests.cameras.oracle import (
    CENTRES,
    PARTIES,
    TOGETHER,
    OracleCamera,
    World,
    atoms,
    cell,
    points,
    random_world,
)
from tests.cameras.test_index import square
from tests.kit import NOON
from tests.kit.chance import VirtualClock

POLICE, FIRE, SHOP = PARTIES[0], PARTIES[1], PARTIES[3]
HERE = CENTRES[0]
AREA = Circle(HERE, 970.0)
ELSEWHERE = offset(HERE, east_m=3_000, north_m=0)


def a_world(seed: int) -> World:
    chance = np.random.default_rng(seed)
    return random_world(chance, 250, Both({}).now_us)


def told(found: Found, towards: Point) -> bytes:
    return answer(found, towards, ByView(), NOON, may_ask=True)


def everything_shown_to_police(both: Both, around: Point, area: Area | None) -> Iterator[bytes]:
    """All that the police can get out of the index around a place, byte by byte."""
    view, viewer = both.index.current(), both.viewer(POLICE, area)
    for zoom in range(17):
        x, y = cell(around, zoom)
        yield tile(view, viewer, Tile(zoom, x, y)).body
        yield tile(view, viewer, Tile(zoom, x, y), KINDS[:3]).body
    for radius in (10.0, 500.0, REACH_M_MAX):
        yield told(circle(view, viewer, Disc(around, radius)), around)
    yield told(nearest(view, viewer, around, 50), around)
    ring = Ring.of(Polygon(tuple(square(around, 4_000))).unrolled())
    yield told(polygon(view, viewer, ring, around), around)
    for number in (*range(260), 9_999):
        yield told(by_number(view, viewer, number), around)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("area", [None, AREA], ids=["no incident", "incident"])
@pytest.mark.parametrize("added_later", [False, True])
@pytest.mark.parametrize("granted", [(), (FIRE,)], ids=["registered only", "granted to another"])
def test_a_hidden_camera_changes_not_one_byte(
    seed: int, area: Area | None, added_later: bool, granted: tuple[str, ...]
) -> None:
    world = a_world(seed)
    windows = [(PARTIES[1], POINT, 0, FOREVER_US)] if granted else []
    hidden = OracleCamera(9_999, offset(HERE, east_m=40, north_m=9), SHOP, windows=windows)
    without, having = Both(dict(world)), Both(dict(world))
    if not added_later:
        having = Both({**world, 9_999: hidden})
    having.world[9_999] = hidden
    having.change([9_999])
    seen = list(everything_shown_to_police(having, hidden.place, area))
    assert seen == list(everything_shown_to_police(without, hidden.place, area))
    fire = having.viewer(FIRE, AREA)
    assert len(by_number(having.index.current(), fire, 9_999)) == len(granted), "it is there"


@pytest.mark.parametrize("level", [COUNTED, POINT])
def test_a_camera_outside_the_area_moves_no_point_and_no_cluster(level: int) -> None:
    world = {n: OracleCamera(n, HERE, POLICE) for n in range(2_100)}
    windows = [(POLICE, level, 0, FOREVER_US)]
    other = OracleCamera(9_999, ELSEWHERE, SHOP, windows=windows)
    without, having = Both(dict(world)), Both({**world, 9_999: other})
    for zoom in range(17):
        x, y = cell(ELSEWHERE, zoom)
        layers = [both.tile(POLICE, AREA, (zoom, x, y)) for both in (without, having)]
        for shown in layers:
            shown.pop("counted", None)
        assert layers[0] == layers[1]


def test_only_sums_of_five_are_told_and_none_depends_on_incident_or_filter() -> None:
    for seed in range(6):
        both = Both(a_world(seed))
        view = both.index.current()
        for camera in list(both.world.values())[:40]:
            for zoom in range(17):
                at = Tile(zoom, *cell(camera.place, zoom))
                asked = [
                    tile(view, both.viewer(POLICE), at),
                    tile(view, both.viewer(POLICE), at, KINDS[:1]),
                    tile(view, both.viewer(POLICE, Circle(camera.place, 900.0)), at),
                ]
                counted = [decoded(one.body).get("counted", []) for one in asked]
                assert counted[0] == counted[1] == counted[2]
                assert all(count >= TOGETHER for count, *_ in counted[0])


def test_cells_under_five_wait_until_they_together_hold_five() -> None:
    windows = [(POLICE, COUNTED, 0, FOREVER_US)]
    x, y = cell(HERE, 13)
    east = Point(HERE.lat, HERE.lon + 360 / 2**13 * (1 if x % 2 == 0 else -1))
    assert [v >> 1 for v in cell(east, 13)] == [x >> 1, y >> 1], "cells of one parent"
    world = {n: OracleCamera(n, HERE, SHOP, windows=windows) for n in range(4)}
    for count, expected in ((0, {}), (1, {(12, x >> 1, y >> 1): 5})):
        world |= {10 + n: OracleCamera(10 + n, east, SHOP, windows=windows) for n in range(count)}
        assert dict(atoms(world, POLICE, 0)) == expected
        at = (13, *cell(HERE, 13))
        drawn = Both(dict(world)).tile(POLICE, None, (12, at[1] >> 1, at[2] >> 1))
        assert drawn.get("counted", []) == ([(5, 2048, 2048)] if expected else [])
    world |= {20 + n: OracleCamera(20 + n, HERE, SHOP, windows=windows) for n in range(1)}
    assert dict(atoms(world, POLICE, 0)) == {(13, x, y): 5}, "the one beside waits again"
    assert Both(dict(world)).tile(POLICE, None, (0, 0, 0))["counted"][0][0] == 5


def sweep(both: Both, area: Area | None) -> set[int]:
    """Try to enumerate the registry: every number, a net of circles and polygons, all tiles."""
    view, viewer = both.index.current(), both.viewer(POLICE, area)
    got: set[int] = set()
    for number in range(400):
        got |= set(by_number(view, viewer, number).number.tolist())
    places = {camera.place for camera in both.world.values()} | set(CENTRES)
    for place in places:
        got |= set(circle(view, viewer, Disc(place, REACH_M_MAX)).number.tolist())
        got |= set(nearest(view, viewer, place, 512).number.tolist())
        if abs(place.lat) < 84:
            ring = Ring.of(Polygon(tuple(square(place, 9_000))).unrolled())
            got |= set(polygon(view, viewer, ring, place).number.tolist())
    for zoom in range(17):
        for x, y in {cell(place, zoom) for place in places}:
            layers = decoded(tile(view, viewer, Tile(zoom, x, y)).body)
            got |= {number for number, *_ in layers.get("cameras", [])}
    return got


@pytest.mark.parametrize("seed", range(2))
def test_sweeping_the_world_brings_up_own_cameras_alone(seed: int) -> None:
    both = Both(a_world(seed), VirtualClock())
    own = {n for n, camera in both.world.items() if camera.owner == POLICE}
    assert sweep(both, None) == own
    granted = points(both.world, POLICE, AREA, both.now_us)
    assert granted > own
    assert sweep(both, AREA) == granted
