"""Distances, areas and insides, held against shapely and known figures."""

from math import inf, nan

import pytest
from hypothesis import assume, given, strategies as st
from shapely import Point as FlatPoint, Polygon as FlatPolygon

from consentry.kernel.geo import (
    POLYGON_VERTICES_MAX,
    Circle,
    Point,
    Polygon,
    bearing_deg,
    distance_m,
    from_e7,
    offset,
    to_e7,
)

points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize("lat", [nan, inf, -inf, 90.0001, -90.0001])
def test_a_latitude_beyond_the_poles_is_refused(lat: float) -> None:
    with pytest.raises(ValueError, match="latitude"):
        Point(lat, 0)


@pytest.mark.parametrize("lon", [nan, inf, 180.0001, -181])
def test_a_longitude_beyond_the_antimeridian_is_refused(lon: float) -> None:
    with pytest.raises(ValueError, match="longitude"):
        Point(0, lon)


def test_a_known_distance() -> None:
    paris, london = Point(48.8566, 2.3522), Point(51.5074, -0.1278)
    assert distance_m(paris, london) == pytest.approx(343_560, rel=0.001)


def test_the_antimeridian_and_the_poles_are_no_edges() -> None:
    assert distance_m(Point(0, 179.999), Point(0, -179.999)) == pytest.approx(222.39, rel=0.001)
    assert distance_m(Point(90, 0), Point(90, 120)) == pytest.approx(0, abs=1e-6)


@given(points, points)
def test_distance_is_symmetric_and_bounded(a: Point, b: Point) -> None:
    assert distance_m(a, b) == pytest.approx(distance_m(b, a))
    assert 0 <= distance_m(a, b) <= 20_016_000


@given(
    st.builds(Point, st.floats(-80, 80), st.floats(-180, 180)),
    st.floats(-2000, 2000),
    st.floats(-2000, 2000),
)
def test_an_offset_lies_where_it_should(origin: Point, east: float, north: float) -> None:
    assume(abs(east) + abs(north) > 1)
    moved = offset(origin, east_m=east, north_m=north)
    length = (east**2 + north**2) ** 0.5
    assert distance_m(origin, moved) == pytest.approx(length, rel=0.01)


@pytest.mark.parametrize(
    ("east", "north", "bearing"), [(0, 10, 0), (10, 0, 90), (0, -10, 180), (-10, 0, 270)]
)
def test_bearings_are_those_of_the_compass(east: float, north: float, bearing: float) -> None:
    origin = Point(40, 179.99999)
    assert bearing_deg(origin, offset(origin, east_m=east, north_m=north)) == pytest.approx(
        bearing, abs=0.01
    )


def test_areas_of_known_size() -> None:
    assert Circle(Point(10, 10), 1000).area_km2 == pytest.approx(3.14159, rel=1e-4)
    corner = Point(50, 179.995)
    square = Polygon(
        (
            corner,
            offset(corner, east_m=1000, north_m=0),
            offset(corner, east_m=1000, north_m=1000),
            offset(corner, east_m=0, north_m=1000),
        )
    )
    assert square.area_km2 == pytest.approx(1.0, rel=0.01)


offsets = st.tuples(st.floats(-3000, 3000), st.floats(-3000, 3000))


@given(st.floats(-180, 180), st.lists(offsets, min_size=3, max_size=8), offsets)
def test_inside_agrees_with_shapely(
    lon: float, ring: list[tuple[float, float]], at: tuple[float, float]
) -> None:
    origin = Point(30, lon)
    flat = FlatPolygon(ring)
    assume(flat.is_valid and flat.area > 1000 and flat.boundary.distance(FlatPoint(at)) > 5)
    polygon = Polygon(tuple(offset(origin, east_m=e, north_m=n) for e, n in ring))
    inside = polygon.contains(offset(origin, east_m=at[0], north_m=at[1]))
    assert inside == flat.contains(FlatPoint(at))


@pytest.mark.parametrize("count", [0, 2, POLYGON_VERTICES_MAX + 1])
def test_a_polygon_has_a_bounded_number_of_vertices(count: int) -> None:
    with pytest.raises(ValueError, match="vertices"):
        Polygon(tuple(Point(0, n / 1000) for n in range(count)))


@given(st.floats(-180, 180))
def test_sealed_degrees_keep_a_centimetre(degrees: float) -> None:
    assert from_e7(to_e7(degrees)) == pytest.approx(degrees, abs=5.1e-8)
