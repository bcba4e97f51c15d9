"""The city is the same for the same seed, and stands where a city can stand."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from shapely import LineString, MultiLineString, MultiPolygon, Point, Polygon, STRtree

from consentry.kernel.geo import distance_m
from consentry.simulation import City
from consentry.simulation.city import PRESET_RADIUS_M
from consentry.simulation.layers import LAYERS, layer
from consentry.simulation.model import AGENCIES, Device, Sharing
from consentry.simulation.placing import CAMERAS, SCENES, SCENES_PRESET
from consentry.simulation.terrain import in_river, in_sea, on_land, to_metres, to_point

CARRIED = {Device.BODY_WORN, Device.DRONE}


def test_the_same_seed_gives_the_same_city(city: City) -> None:
    assert City.build(city.seed).digest() == city.digest()


def test_another_seed_gives_another_city(city: City) -> None:
    assert City.build(city.seed + 1).digest() != city.digest()


def test_it_has_the_size_of_a_town(city: City) -> None:
    assert 10_500 <= len(city.buildings) <= 11_500
    assert len(city.cameras) == CAMERAS
    assert city.streets.bridge.any()
    assert len({street.name for street in city.streets.streets}) == len(city.streets.streets)


def test_every_kind_of_camera_and_of_consent_is_there(city: City) -> None:
    devices = Counter(camera.device for camera in city.cameras)
    sharing = Counter(camera.sharing for camera in city.cameras)
    assert set(devices) == set(Device)
    assert set(sharing) == set(Sharing)
    assert min(sharing.values()) >= 0.05 * CAMERAS
    agencies = sum(camera.owner in AGENCIES for camera in city.cameras)
    assert agencies == pytest.approx(CAMERAS / 5, rel=0.05)
    assert any(camera.in_home for camera in city.cameras)
    assert all(
        (camera.floor is not None) == (camera.device is Device.INDOOR) for camera in city.cameras
    )


def test_every_camera_stands_on_land(city: City) -> None:
    x = np.array([camera.x for camera in city.cameras if camera.device not in CARRIED])
    y = np.array([camera.y for camera in city.cameras if camera.device not in CARRIED])
    assert on_land(x, y).all()
    assert not in_river(x, y).any()
    assert not in_sea(x, y).any()


def test_outdoor_cameras_stand_by_a_street_and_outside_every_house(city: City) -> None:
    streets = MultiLineString(
        [
            LineString([(city.streets.x[n], city.streets.y[n]) for n in run])
            for street in city.streets.streets
            for run in street.runs
        ]
    )
    houses = STRtree([Polygon(ring) for ring in city.buildings.corners])
    for camera in city.cameras:
        at = Point(camera.x, camera.y)
        if camera.device is Device.INDOOR:
            assert houses.query(at, predicate="within").size == 1, camera
        else:
            assert streets.distance(at) < 25, camera
            assert houses.query(at, predicate="within").size == 0, camera


def test_a_camera_looks_along_a_street_or_a_front_and_doorbells_away_from_the_house(
    city: City,
) -> None:
    houses = MultiPolygon([Polygon(ring) for ring in city.buildings.corners]).buffer(0)
    for camera in city.cameras:
        if camera.device is Device.DOORBELL:
            ahead = np.radians(camera.bearing_deg)
            seen = Point(camera.x + 3 * np.sin(ahead), camera.y + 3 * np.cos(ahead))
            assert not houses.contains(seen), camera


def test_no_house_stands_in_water_or_on_another(city: City) -> None:
    corners = city.buildings.corners.reshape(-1, 2)
    assert on_land(corners[:, 0], corners[:, 1]).all()
    houses = [Polygon(ring) for ring in city.buildings.corners]
    assert all(house.is_valid for house in houses)
    pairs = STRtree(houses).query(houses, predicate="overlaps")
    assert pairs.shape[1] == 0


def test_every_address_is_unique(city: City) -> None:
    pairs = set(zip(city.buildings.line.tolist(), city.buildings.number.tolist(), strict=True))
    assert len(pairs) == len(city.buildings)


def test_only_major_streets_cross_the_river(city: City) -> None:
    streets = city.streets
    assert set(streets.edge_rank[streets.bridge].tolist()) == {2}
    middle_x = (streets.x[streets.a] + streets.x[streets.b]) / 2
    middle_y = (streets.y[streets.a] + streets.y[streets.b]) / 2
    wet = in_river(middle_x, middle_y)
    assert (streets.bridge | ~wet).all()
    assert not in_sea(streets.x, streets.y).any()


def test_every_crossing_can_be_reached_and_bridges_are_used(city: City) -> None:
    streets = city.streets
    west, east = int(np.argmin(streets.x)), int(np.argmax(streets.x))
    path, seconds = streets.route(west, east)
    steps = list(pairwise(path))
    assert all(b in {n for n, _ in streets.ways[a]} for a, b in steps)
    assert 200 < seconds < 1800
    bridge = {
        frozenset(p) for p in zip(streets.a[streets.bridge], streets.b[streets.bridge], strict=True)
    }
    assert any(frozenset(step) in bridge for step in steps)


def test_sixteen_cameras_stand_around_the_preset_incident(city: City) -> None:
    assert len(city.preset) == SCENES_PRESET
    centre = city.preset_crossing
    x, y = city.streets.x[centre], city.streets.y[centre]
    assert all(np.hypot(c.x - x, c.y - y) <= PRESET_RADIUS_M for c in city.preset)
    assert {c.sharing for c in city.preset} <= {Sharing.ALWAYS, Sharing.INCIDENT}
    assert sum(c.owner in AGENCIES for c in city.preset) == SCENES_PRESET // 2
    assert all(c.online for c in city.preset)
    scenes = sorted(c.scene for c in city.cameras if c.scene is not None)
    assert scenes == list(range(SCENES))


def test_protected_places_of_each_kind_keep_away_from_the_preset_incident(city: City) -> None:
    assert {spot.kind for spot in city.protected} == {"clinic", "shelter", "worship", "school"}
    centre = city.preset_crossing
    x, y = city.streets.x[centre], city.streets.y[centre]
    near = [s for s in city.protected if np.hypot(s.x - x, s.y - y) < PRESET_RADIUS_M]
    assert near == []


def test_metres_and_degrees_agree() -> None:
    assert to_metres(to_point(321.5, -654.25)) == pytest.approx((321.5, -654.25), abs=1e-6)
    assert distance_m(to_point(0, 0), to_point(300, 400)) == pytest.approx(500, rel=1e-3)


def test_the_layers_are_geojson_and_know_each_camera_address(city: City) -> None:
    layers = {name: layer(city, name) for name in LAYERS}
    assert set(layers) == {"water", "parks", "roads", "buildings", "labels"}
    assert len(layers["buildings"]["features"]) == len(city.buildings)
    addresses = {f["properties"]["address"] for f in layers["buildings"]["features"]}
    assert {c.address for c in city.cameras if " / " not in c.address} <= addresses
    for found in layers.values():
        for feature in found["features"]:
            if feature["geometry"]["type"] == "Polygon":
                ring = feature["geometry"]["coordinates"][0]
                assert ring[0] == ring[-1]
                assert Polygon(ring).exterior.is_ccw, feature["properties"]
    with pytest.raises(KeyError):
        layer(city, "faces")
