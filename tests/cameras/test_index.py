"""The index equals the oracle: for everyone, everywhere, while it changes and is rebuilt."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest

from consentry.cameras.clusters import CELLS_PER_TILE_ZOOM
from consentry.cameras.columns import COUNTED, FOREVER_US, POINT
from consentry.cameras.model import KINDS
from consentry.cameras.search import Found, circle, nearest, polygon
from consentry.cameras.shapes import REACH_M_MAX, Disc, Ring
from consentry.kernel.errors import UnavailableError
from consentry.kernel.geo import Area, Circle, Point, Polygon, distance_m, offset
from consentry.kernel.ids import PartyId
from tests.cameras.an_index import Both
from tests.cameras.oracle import (
    CENTRES,
    PARTIES,
    OracleCamera,
    atoms,
    cell,
    cells_of_tile,
    points,
    random_world,
)
from tests.kit.chance import VirtualClock

SEEDS = range(6)
ROUNDING_M = 1e-3
POLICE, FIRE, SHOP = PARTIES[0], PARTIES[1], PARTIES[3]


def a_both(seed: int, count: int = 300) -> tuple[Both, np.random.Generator]:
    chance = np.random.default_rng(seed)
    clock = VirtualClock()
    both = Both({}, clock)
    both = Both(random_world(chance, count, both.now_us), clock)
    return both, chance


def somewhere(both: Both, chance: np.random.Generator) -> Point:
    numbers = sorted(both.world)
    place = both.world[numbers[int(chance.integers(len(numbers)))]].place
    if abs(place.lat) > 89.9:
        return place
    return offset(place, east_m=float(chance.normal() * 300), north_m=float(chance.normal() * 300))


def an_area(both: Both, chance: np.random.Generator) -> Area | None:
    centre = somewhere(both, chance)
    match int(chance.integers(3)):
        case 0:
            return None
        case 1:
            return Circle(centre, float(chance.uniform(5, 970)))
        case _:
            if abs(centre.lat) > 84:
                return Circle(centre, 900.0)
            return Polygon(tuple(square(centre, 800)))


def square(centre: Point, half_m: float) -> list[Point]:
    signs = ((-1, -1), (1, -1), (1.2, 1), (-1, 1))
    return [offset(centre, east_m=half_m * east, north_m=half_m * north) for east, north in signs]


def assert_same(both: Both, found: Found, expected: dict[int, float], bound: float) -> None:
    """Equal but for what lies within a rounding of the bound; nearest first, own told apart."""
    numbers = found.number.tolist()
    assert len(numbers) == len(set(numbers))
    for number in set(numbers) ^ set(expected):
        assert abs(expected.get(number, bound) - bound) < ROUNDING_M
    distances = found.distance_m.tolist()
    assert distances == sorted(distances)
    for number, distance in zip(numbers, distances, strict=True):
        if number in expected:
            assert distance == pytest.approx(expected[number], abs=ROUNDING_M)


def check_circle(both: Both, chance: np.random.Generator, party: PartyId) -> int:
    area, centre = an_area(both, chance), somewhere(both, chance)
    radius = float(chance.choice([40.0, 700.0, 6_000.0, REACH_M_MAX]))
    found = circle(both.index.current(), both.viewer(party, area), Disc(centre, radius))
    seen = points(both.world, party, area, both.now_us)
    distances = {n: distance_m(centre, both.world[n].place) for n in seen}
    assert_same(both, found, {n: d for n, d in distances.items() if d <= radius}, radius)
    own = {n for n in seen if both.world[n].owner == party}
    assert set(found.number[found.own].tolist()) == own & set(found.number.tolist())
    return len(found)


def check_polygon(both: Both, chance: np.random.Generator, party: PartyId) -> int:
    area, centre = an_area(both, chance), somewhere(both, chance)
    if abs(centre.lat) > 84:
        return 0
    shape = Polygon(tuple(square(centre, float(chance.choice([300.0, 5_000.0])))))
    ring = Ring.of(shape.unrolled())
    found = polygon(both.index.current(), both.viewer(party, area), ring, centre)
    seen = points(both.world, party, area, both.now_us)
    expected = {
        n: distance_m(centre, both.world[n].place)
        for n in seen
        if shape.contains(both.world[n].place)
    }
    assert_same(both, found, expected, 0.0)
    return len(found)


def check_nearest(both: Both, chance: np.random.Generator, party: PartyId) -> int:
    area, towards, count = (
        an_area(both, chance),
        somewhere(both, chance),
        int(chance.integers(1, 9)),
    )
    found = nearest(both.index.current(), both.viewer(party, area), towards, count)
    seen = points(both.world, party, area, both.now_us)
    distances = sorted(distance_m(towards, both.world[n].place) for n in seen)
    expected = [d for d in distances if d <= REACH_M_MAX][:count]
    assert found.distance_m.tolist() == pytest.approx(expected, abs=ROUNDING_M)
    return len(found)


def check_tile(both: Both, chance: np.random.Generator, party: PartyId) -> int:
    area, zoom = an_area(both, chance), int(chance.integers(17))
    x, y = cell(somewhere(both, chance), zoom)
    layers = both.tile(party, area, (zoom, x, y))
    seen = points(both.world, party, area, both.now_us)
    here = {n for n in seen if cell(both.world[n].place, zoom) == (x, y)}
    assert {number for number, *_ in layers.get("cameras", [])} == here
    for number, *local in layers.get("cameras", []):
        deep = cell(both.world[number].place, zoom + 12)
        assert local == [deep[0] & 4095, deep[1] & 4095]
    shown = atoms(both.world, party, both.now_us)
    counted = Counter((cx, cy, n) for n, cx, cy in layers.get("counted", []))
    assert counted == cells_of_tile(shown, (zoom, x, y), CELLS_PER_TILE_ZOOM)
    return len(here) + len(counted)


def check(both: Both, chance: np.random.Generator) -> int:
    """Ask everyone's questions of both; return how much was found, lest all of it be empty."""
    checks = (check_circle, check_polygon, check_nearest, check_tile)
    return sum(ask(both, chance, party) for party in PARTIES for ask in checks for _ in range(3))


@pytest.mark.parametrize("seed", SEEDS)
def test_it_equals_the_oracle_when_loaded(seed: int) -> None:
    both, chance = a_both(seed)
    assert sum(check(both, chance) for _ in range(4)) > 100


@pytest.mark.parametrize("seed", SEEDS)
def test_it_equals_the_oracle_while_cameras_come_go_move_and_are_granted(seed: int) -> None:
    both, chance = a_both(seed)
    for _ in range(6):
        both.shuffle(chance, 25)
        assert check(both, chance) > 0
    assert len(both.index.current().blocks) == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_it_equals_the_oracle_during_a_rebuild_and_after_it(seed: int) -> None:
    both, chance = a_both(seed)
    both.shuffle(chance, 60)
    making = both.index.begin_rebuild()
    both.shuffle(chance, 30)
    block = making.build(both.now_us)
    check(both, chance)
    both.shuffle(chance, 30)
    check(both, chance)
    assert both.index.adopt(making, block)
    assert check(both, chance) > 0
    both.shuffle(chance, 30)
    assert check(both, chance) > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_windows_open_and_close_by_the_clock_alone(seed: int) -> None:
    both, chance = a_both(seed)
    both.shuffle(chance, 60)
    for step in range(12):
        if step == 6:
            making = both.index.begin_rebuild()
            block = making.build(both.now_us)
            both.clock.advance(timedelta(seconds=2))
            assert both.index.adopt(making, block)
        both.clock.advance(timedelta(seconds=3))
        both.index.checked(both.clock.monotonic())
        check(both, chance)


def a_camera(number: int, place: Point, owner: PartyId, *granted: PartyId) -> OracleCamera:
    windows = [(party, POINT, 0, FOREVER_US) for party in granted]
    return OracleCamera(number, place, owner, windows=windows)


HERE = CENTRES[0]
AROUND = Circle(HERE, 900.0)


def seen_by(both: Both, party: PartyId, area: Area | None = AROUND) -> list[int]:
    found = circle(both.index.current(), both.viewer(party, area), Disc(HERE, 5_000.0))
    return [int(number) for number in found.number]


def test_a_withdrawn_grant_is_gone_with_the_next_change() -> None:
    both = Both({1: a_camera(1, HERE, SHOP, POLICE)})
    assert seen_by(both, POLICE) == [1]
    both.world[1].windows = []
    both.change([1])
    assert seen_by(both, POLICE) == []
    assert len(both.index.current().blocks) == 1, "written in place"


def test_a_removed_camera_is_gone_and_its_number_with_it() -> None:
    both = Both({1: a_camera(1, HERE, POLICE), 2: a_camera(2, HERE, POLICE)})
    del both.world[1]
    both.change([1])
    assert seen_by(both, POLICE) == [2]


def test_the_wider_of_two_windows_for_one_party_counts() -> None:
    camera = a_camera(1, HERE, SHOP)
    camera.windows = [(POLICE, POINT, 0, FOREVER_US), (POLICE, COUNTED, 0, FOREVER_US)]
    assert seen_by(Both({1: camera}), POLICE) == [1]


def test_counted_only_is_no_point_within_an_area_either() -> None:
    camera = a_camera(1, HERE, SHOP)
    camera.windows = [(POLICE, COUNTED, 0, FOREVER_US)]
    assert seen_by(Both({1: camera}), POLICE) == []


def test_equals_come_by_number_whatever_block_they_lie_in() -> None:
    both = Both({n: a_camera(n, HERE, POLICE) for n in (5, 3, 9)})
    both.world[4] = a_camera(4, HERE, POLICE)
    both.change([4])
    assert seen_by(both, POLICE) == [3, 4, 5, 9]


def test_kinds_narrow_what_is_found() -> None:
    both = Both({n: a_camera(n, HERE, POLICE) for n in range(7)})
    for n, camera in both.world.items():
        camera.kind = n
    both.change(both.world)
    viewer = both.viewer(POLICE)
    found = circle(both.index.current(), viewer, Disc(HERE, 10.0), [KINDS[2], KINDS[5]])
    assert found.number.tolist() == [2, 5]


def test_a_full_circle_says_that_there_is_more() -> None:
    both = Both({n: a_camera(n, HERE, POLICE) for n in range(8)})
    view, viewer = both.index.current(), both.viewer(POLICE)
    found = circle(view, viewer, Disc(HERE, 10.0), limit=5)
    assert (found.number.tolist(), found.truncated) == ([0, 1, 2, 3, 4], True)
    assert not circle(view, viewer, Disc(HERE, 10.0), limit=8).truncated


def test_it_refuses_when_it_was_never_checked_and_when_too_long_ago() -> None:
    both = Both({})
    both.clock.advance(timedelta(seconds=3))
    both.index.current()
    both.clock.advance(timedelta(seconds=0.01))
    with pytest.raises(UnavailableError) as caught:
        both.index.current()
    assert caught.value.code == "index_stale"


def test_a_rebuild_that_a_load_overtook_is_thrown_away() -> None:
    both = Both({1: a_camera(1, HERE, POLICE)})
    making = both.index.begin_rebuild()
    block = making.build(both.now_us)
    both.index.load(block, 7)
    both.world.clear()
    both.change([1])
    assert not both.index.adopt(making, block)
    assert seen_by(both, POLICE) == []


def test_a_rebuild_is_wanted_once_the_overlay_has_outgrown_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("consentry.cameras.index.OVERLAY_ROWS_MIN", 2)
    both = Both({n: a_camera(n, HERE, POLICE) for n in range(10)})
    assert not both.index.wants_rebuild()
    for n in (10, 11, 12):
        both.world[n] = a_camera(n, HERE, POLICE)
    both.change([10, 11, 12])
    assert both.index.wants_rebuild()
    making = both.index.begin_rebuild()
    assert not both.index.wants_rebuild(), "one at a time"
    both.index.adopt(making, making.build(both.now_us))
    assert not both.index.wants_rebuild()
    assert seen_by(both, POLICE) == list(range(13))


def test_too_many_audiences_show_to_fewer_never_to_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consentry.cameras.audience.AUDIENCES_MAX", 3)
    granted = ([POLICE], [FIRE], [POLICE, FIRE], [PARTIES[2]])
    both = Both({n: a_camera(n, HERE, SHOP, *to) for n, to in enumerate(granted)})
    for party in PARTIES[:3]:
        assert set(seen_by(both, party)) <= points(both.world, party, AROUND, both.now_us)
    assert seen_by(both, SHOP) == [0, 1, 2, 3], "its owner sees it always"
