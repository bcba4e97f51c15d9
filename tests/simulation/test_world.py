"""Time passes in the city: repeatably, and nobody drives through houses."""

import numpy as np
import pytest
from shapely import LineString, MultiLineString, Point, prepare

from consentry.simulation import Call, City, HealthChanged, World
from consentry.simulation.world import STEP_S_MAX, UnitState


def test_how_a_span_is_cut_into_steps_changes_nothing(city: City) -> None:
    whole, parts = World(city), World(city)
    at_once = whole.step(1800)
    in_parts = [happening for _ in range(720) for happening in parts.step(2.5)]
    assert at_once == in_parts
    assert [u.place(city.streets) for u in whole.units] == [
        u.place(city.streets) for u in parts.units
    ]


def test_another_seed_gives_another_run(city: City) -> None:
    assert World(city, 1).step(3600) != World(city, 2).step(3600)


def test_units_stay_on_the_streets_and_drive_no_faster_than_they_can(city: City) -> None:
    streets = city.streets
    ends = zip(streets.a.tolist(), streets.b.tolist(), strict=True)
    net = MultiLineString(
        [LineString([(streets.x[a], streets.y[a]), (streets.x[b], streets.y[b])]) for a, b in ends]
    )
    prepare(net)
    world = World(city)
    before = np.array([unit.place(streets) for unit in world.units])
    for _ in range(300):
        world.step(5)
        after = np.array([unit.place(streets) for unit in world.units])
        assert np.hypot(*(after - before).T).max() <= 5 * 13.5 * 1.5 + 1e-6
        assert all(net.dwithin(Point(place), 0.01) for place in after.tolist())
        before = after


def test_calls_come_from_addresses_and_units_arrive_near_them(city: City) -> None:
    world = World(city)
    calls = [h for h in world.step(3600) if isinstance(h, Call)]
    assert 4 <= len(calls) <= 30
    assert [call.number for call in calls] == list(range(1, len(calls) + 1))
    by_number = {call.number: call for call in calls}
    there = [unit for unit in world.units if unit.state is UnitState.ON_SCENE]
    assert there
    for unit in there:
        assert unit.call is not None
        call, (x, y) = by_number[unit.call], unit.place(city.streets)
        assert np.hypot(x - call.x, y - call.y) < 150


def test_cameras_fail_and_come_back(city: City) -> None:
    world = World(city)
    changes = [h for h in world.step(STEP_S_MAX / 4) if isinstance(h, HealthChanged)]
    assert {change.online for change in changes} == {True, False}
    last = {change.camera: change.online for change in changes}
    assert all(world.online[camera] is online for camera, online in last.items())


@pytest.mark.parametrize("dt", [-1, STEP_S_MAX + 1, float("nan")])
def test_a_step_out_of_bounds_is_refused(city: City, dt: float) -> None:
    with pytest.raises(ValueError, match="step"):
        World(city).step(dt)
