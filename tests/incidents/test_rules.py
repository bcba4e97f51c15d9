"""Areas that stay a room, and what a change makes of an incident."""

from datetime import timedelta
from math import cos, pi, radians, sin

import pytest
from hypothesis import given, strategies as st

from consentry.consent import IncidentType
from consentry.incidents import Assigned, By, Change, EventKind, Outcome
from consentry.incidents.model import Closing
from consentry.incidents.rules import (
    AREA_KM2_MAX,
    AREA_REACH_M_MAX,
    AREA_VERTICES_MAX,
    REOPEN_SPAN,
    area_around,
    changed,
    require_reopenable,
    sees,
)
from consentry.kernel.access import Role
from consentry.kernel.errors import ConflictError, InvalidError
from consentry.kernel.geo import Area, Circle, Point, Polygon, distance_m, offset
from tests.incidents.builders import (
    HARBOUR,
    OPERATOR,
    RESPONDER,
    STATION,
    SUPERVISOR,
    a_person,
    an_incident,
    dispatcher,
    operator,
    responder,
    stranger,
    supervisor,
)
from tests.kit import HOUR, MINUTE, NOON


def ring(*corners: tuple[float, float], around: Point = HARBOUR) -> Polygon:
    """Corners in metres east and north of the place."""
    return Polygon(tuple(offset(around, east_m=e, north_m=n) for e, n in corners))


def square(half_m: float) -> Polygon:
    return ring((-half_m, -half_m), (half_m, -half_m), (half_m, half_m), (-half_m, half_m))


def test_without_an_area_it_is_a_circle_around_the_place() -> None:
    area = area_around(HARBOUR, None)
    assert isinstance(area, Circle)
    assert area.centre == HARBOUR
    assert area.area_km2 < AREA_KM2_MAX


@pytest.mark.parametrize(
    "area", [square(860), Circle(HARBOUR, 970), ring((0, 500), (-400, -400), (400, -400))]
)
def test_an_area_within_its_bounds_is_kept(area: Area) -> None:
    assert area_around(HARBOUR, area) is area


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (square(880), "square kilometres"),
        (Circle(HARBOUR, 990), "square kilometres"),
        (Circle(HARBOUR, 0), "square kilometres"),
        (Circle(STATION, 100), "does not hold the place"),
        (ring((100, 0), (200, 0), (200, 100)), "does not hold the place"),
        (ring((-3200, -5), (3200, -5), (3200, 5), (-3200, 5)), "reaches too far"),
        # A bow tie counts for less than it covers: its halves cancel each other.
        (ring((-2000, -2000), (2000, 2000), (2000, -2000), (-2000, 2000)), "crosses"),
        (ring((0, 0), (100, 100), (0, 0), (-100, 100)), "crosses or touches"),
        (Polygon(tuple(Point(89.99, lon) for lon in (-120.0, 0.0, 120.0))), "around a pole"),
    ],
)
def test_an_area_beyond_its_bounds_is_refused_in_words(area: Area, words: str) -> None:
    with pytest.raises(InvalidError) as caught:
        area_around(HARBOUR, area)
    assert words in caught.value.detail
    assert caught.value.faults[0].field.startswith("area")


def test_a_ring_has_a_bounded_number_of_vertices() -> None:
    many = Polygon(tuple(Point(HARBOUR.lat, HARBOUR.lon + n / 1e6) for n in range(101)))
    with pytest.raises(InvalidError, match=f"{AREA_VERTICES_MAX + 1} vertices"):
        area_around(HARBOUR, many)


def test_an_area_may_lie_across_the_antimeridian() -> None:
    edge_of_the_map = Point(-17.0, 179.9999)
    corners = ((-300.0, -300.0), (300.0, -300.0), (300.0, 300.0), (-300.0, 300.0))
    area = ring(*corners, around=edge_of_the_map)
    assert {point.lon > 0 for point in area.ring} == {True, False}
    assert area_around(edge_of_the_map, area) is area


reaches = st.lists(st.floats(10, 3_500), min_size=3, max_size=12)


@given(reaches)
def test_whatever_is_accepted_stays_a_room(spokes: list[float]) -> None:
    turn = 2 * pi / len(spokes)
    area = ring(*((r * sin(n * turn), r * cos(n * turn)) for n, r in enumerate(spokes)))
    # Counted on a grid, without the formula that the rule uses.
    step = 100.0
    inside = sum(
        area.contains(offset(HARBOUR, east_m=e * step, north_m=n * step))
        for e in range(-35, 36)
        for n in range(-35, 36)
    )
    km2 = inside * step * step / 1e6
    try:
        area_around(HARBOUR, area)
    except InvalidError:
        assert km2 > AREA_KM2_MAX * 0.8 or max(spokes) > AREA_REACH_M_MAX * 0.99
    else:
        assert km2 < AREA_KM2_MAX * 1.2 + 0.1
        assert max(distance_m(one, HARBOUR) for one in area.ring) <= AREA_REACH_M_MAX


def test_moving_takes_a_circle_along_and_says_who_shaped_it() -> None:
    before = an_incident(shaped_by=frozenset())
    after, told = changed(before, Change(place=STATION), SUPERVISOR, NOON + HOUR)
    assert (after.place, after.area.contains(STATION)) == (STATION, True)
    assert after.shaped_by == {SUPERVISOR}
    assert after.shaped_at == NOON + HOUR
    assert after.version == before.version + 1
    assert [kind for kind, _ in told] == [EventKind.MOVED]


def test_moving_out_of_a_polygon_needs_a_new_area() -> None:
    before = an_incident(area=square(50))
    with pytest.raises(InvalidError, match="does not hold"):
        changed(before, Change(place=STATION), OPERATOR, NOON)
    after, _ = changed(before, Change(place=STATION, area=Circle(STATION, 50)), OPERATOR, NOON)
    assert after.area == Circle(STATION, 50)


@pytest.mark.parametrize(
    ("change", "kind", "shapes"),
    [
        (Change(type=IncidentType.MEDICAL), EventKind.RETYPED, True),
        (Change(place=STATION), EventKind.MOVED, True),
        (Change(area=square(400)), EventKind.AREA_CHANGED, False),
        (Change(title="Fire on the quay"), EventKind.RETITLED, False),
        (Change(address="Quay 4"), EventKind.READDRESSED, False),
    ],
)
def test_only_moving_and_retyping_shape_it(change: Change, kind: EventKind, shapes: bool) -> None:
    before = an_incident()
    after, told = changed(before, change, SUPERVISOR, NOON + MINUTE)
    assert [one for one, _ in told] == [kind]
    assert (SUPERVISOR in after.shaped_by) is shapes
    assert (after.shaped_at > before.shaped_at) is shapes
    assert OPERATOR in after.shaped_by


def test_putting_it_back_does_not_unsay_who_shaped_it() -> None:
    moved, _ = changed(an_incident(), Change(place=STATION), SUPERVISOR, NOON + MINUTE)
    back, _ = changed(moved, Change(place=HARBOUR), OPERATOR, NOON + HOUR)
    assert back.shaped_by == {OPERATOR, SUPERVISOR}
    assert back.shaped_at == NOON + HOUR


def test_a_change_to_what_is_already_so_is_none() -> None:
    before = an_incident()
    after, told = changed(before, Change(type=before.type, title=before.title), SUPERVISOR, NOON)
    assert (after, told) == (before, [])


def test_a_responder_sees_what_they_are_assigned_to_and_others_see_their_agency() -> None:
    mine = an_incident(assigned=(Assigned(person_id=RESPONDER, name="Rolf", at=NOON),))
    assert not sees(responder, an_incident())
    assert sees(responder, mine)
    for one in (operator, supervisor, dispatcher, a_person(Role.INVESTIGATOR)):
        assert sees(one, an_incident())
    assert not sees(stranger, mine)


@pytest.mark.parametrize(
    ("waited", "undone"),
    [(timedelta(0), True), (REOPEN_SPAN, True), (REOPEN_SPAN + timedelta(microseconds=1), False)],
)
def test_a_closing_is_undone_soon_or_not_at_all(waited: timedelta, undone: bool) -> None:
    closing = Closing(at=NOON, by=By.of(supervisor), outcome=Outcome.HELPED)
    closed = an_incident(closing=closing)
    if undone:
        require_reopenable(closed, NOON + waited)
        return
    with pytest.raises(ConflictError) as caught:
        require_reopenable(closed, NOON + waited)
    assert caught.value.code == "closed_too_long"


def test_longitude_shrinks_with_latitude_and_the_bound_does_not() -> None:
    far_north = Point(80.0, 12.0)
    half_lon = 700 / (111_195 * cos(radians(80)))
    area = Polygon(
        (
            Point(79.9937, 12 - half_lon),
            Point(79.9937, 12 + half_lon),
            Point(80.0063, 12 + half_lon),
            Point(80.0063, 12 - half_lon),
        )
    )
    assert area_around(far_north, area).area_km2 == pytest.approx(1.96, rel=0.02)
