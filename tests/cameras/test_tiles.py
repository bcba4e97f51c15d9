"""Tiles: what is drawn where, in bytes that decoders other than ours can read."""

from collections import Counter

import mapbox_vector_tile
import numpy as np
import pytest

from consentry.cameras.columns import FOREVER_US, POINT
from consentry.cameras.mvt import ID_MAX, layer, tagged, untagged
from consentry.cameras.projection import SIZE, mercator_x, mercator_y, morton, unmorton
from consentry.cameras.tiles import POINTS_MAX, Tile, contents, tile
from consentry.kernel.geo import Circle, Point, offset
from tests.cameras.an_index import Both, decoded
from tests.cameras.oracle import CENTRES, PARTIES, OracleCamera, World, cell

POLICE, SHOP = PARTIES[0], PARTIES[3]
HERE = CENTRES[0]


def test_morton_keys_interleave_and_come_apart_again() -> None:
    chance = np.random.default_rng(1)
    x, y = (np.append(chance.integers(0, SIZE, 500), [0, SIZE - 1]) for _ in range(2))
    key = morton(x, y)
    for one, a, b in zip(key.tolist(), x.tolist(), y.tolist(), strict=True):
        assert one == sum(((a >> n & 1) | (b >> n & 1) << 1) << 2 * n for n in range(28))
    back = unmorton(key)
    assert (back[0].tolist(), back[1].tolist()) == (x.tolist(), y.tolist())


def test_both_names_of_the_antimeridian_and_all_of_the_pole_have_a_place() -> None:
    assert mercator_x(np.array([-180.0, 180.0, 0.0])).tolist() == [0, 0, SIZE // 2]
    rows = mercator_y(np.array([90.0, 85.06, 0.0, -85.06, -90.0])).tolist()
    assert rows == [0, 0, SIZE // 2, SIZE - 1, SIZE - 1]


def test_every_number_and_place_is_read_back_as_it_was_written() -> None:
    number = np.array([0, 1, 127, 128, 16_384, ID_MAX], np.int64)
    x, y = np.array([0, 63, 64, 8, 4095, 1]), np.array([4095, 0, 127, 128, 4095, 2])
    level = np.array([0, 1, 0, 1, 1, 0])
    body = layer("cameras", tagged(number, x, y, level), "lvl", (2, 3))
    body += layer("counted", untagged(number, y, x))
    read = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True})
    cameras = read["cameras"]["features"]
    assert [f["id"] for f in cameras] == number.tolist()
    assert [f["geometry"]["coordinates"] for f in cameras] == np.stack([x, y], 1).tolist()
    assert [f["properties"]["lvl"] for f in cameras] == [2, 3, 2, 3, 3, 2]
    counted = read["counted"]["features"]
    assert [f["id"] for f in counted] == number.tolist()
    assert [f["geometry"]["coordinates"] for f in counted] == np.stack([y, x], 1).tolist()


def a_crowd(count: int) -> World:
    chance = np.random.default_rng(5)
    spread = chance.normal(0, 2_000, (count, 2))
    places = [offset(HERE, east_m=float(e), north_m=float(n)) for e, n in spread]
    return {n: OracleCamera(n, place, POLICE) for n, place in enumerate(places)}


@pytest.mark.parametrize("zoom", [8, 10, 11, 13])
@pytest.mark.parametrize("split", [0, 700])
def test_a_crowded_tile_shows_groups_that_add_up(zoom: int, split: int) -> None:
    """`split` of them arrive later and lie in the overlay; it changes nothing in the picture."""
    world = a_crowd(9_000)
    both = Both({n: camera for n, camera in world.items() if n >= split})
    both.world.update(world)
    both.change(range(split))
    x, y = cell(HERE, zoom)
    layers = both.tile(POLICE, None, (zoom, x, y))
    bins: Counter[tuple[int, int]] = Counter()
    for camera in world.values():
        if cell(camera.place, zoom) == (x, y):
            bins[cell(camera.place, zoom + 6)] += 1
    assert sum(bins.values()) > POINTS_MAX
    shown = Counter({(lx >> 6, ly >> 6): n for n, lx, ly in layers["clusters"]})
    alone = [(lx >> 6, ly >> 6) for _, lx, ly in layers.get("cameras", [])]
    expected = {(bx & 63, by & 63): n for (bx, by), n in bins.items()}
    assert dict(shown + Counter(alone)) == expected
    assert sorted(alone) == sorted(at for at, n in expected.items() if n == 1)
    assert min(n for n, *_ in layers["clusters"]) > 1


def test_groups_stand_at_the_middle_of_their_own() -> None:
    both = Both(a_crowd(5_000))
    zoom, (x, y) = 12, cell(HERE, 12)
    for count, lx, ly in both.tile(POLICE, None, (zoom, x, y))["clusters"]:
        members = [
            cell(camera.place, zoom + 12)
            for camera in both.world.values()
            if cell(camera.place, zoom + 6) == ((x << 6) + (lx >> 6), (y << 6) + (ly >> 6))
        ]
        assert len(members) == count
        assert abs(np.mean([m[0] & 4095 for m in members]) - lx) <= 1
        assert abs(np.mean([m[1] & 4095 for m in members]) - ly) <= 1


def test_from_z14_on_every_camera_is_a_point() -> None:
    both = Both({n: OracleCamera(n, HERE, POLICE) for n in range(POINTS_MAX + 500)})
    layers = both.tile(POLICE, None, (14, *cell(HERE, 14)))
    assert set(layers) == {"cameras"}
    assert len(layers["cameras"]) == POINTS_MAX + 500


def test_groups_are_counted_after_authorisation() -> None:
    world = a_crowd(5_000)
    for number in range(3_500):
        world[number].owner = SHOP
    layers = Both(world).tile(POLICE, None, (10, *cell(HERE, 10)))
    assert "clusters" not in layers, "1,500 are one's own: no need to group them"
    assert {number for number, *_ in layers["cameras"]} == {
        n
        for n, camera in world.items()
        if camera.owner == POLICE and cell(camera.place, 10) == cell(HERE, 10)
    }


def test_others_have_level_two_and_ones_own_three() -> None:
    granted = [(POLICE, POINT, 0, FOREVER_US)]
    both = Both({1: OracleCamera(1, HERE, POLICE), 2: OracleCamera(2, HERE, SHOP, windows=granted)})
    drawn = tile(
        both.index.current(), both.viewer(POLICE, Circle(HERE, 50.0)), Tile(16, *cell(HERE, 16))
    )
    features = mapbox_vector_tile.decode(drawn.body)["cameras"]["features"]
    assert {f["id"]: f["properties"]["lvl"] for f in features} == {1: 3, 2: 2}
    assert drawn.shows_others


def test_an_empty_tile_is_empty_and_shows_nobody() -> None:
    both = Both({1: OracleCamera(1, HERE, POLICE)})
    drawn = tile(both.index.current(), both.viewer(POLICE), Tile(14, 0, 0))
    assert (drawn.body, drawn.shows_others) == (b"", False)


def test_low_zooms_are_kept_until_the_index_changes() -> None:
    both = Both({1: OracleCamera(1, HERE, POLICE)})
    at = Tile(5, *cell(HERE, 5))
    first = tile(both.index.current(), both.viewer(POLICE), at)
    assert tile(both.index.current(), both.viewer(POLICE), at) is first
    del both.world[1]
    both.change([1])
    assert tile(both.index.current(), both.viewer(POLICE), at).body == b""


def test_every_camera_is_in_exactly_one_tile_of_each_zoom() -> None:
    chance = np.random.default_rng(3)
    places = [
        Point(float(chance.uniform(-90, 90)), float(chance.uniform(-180, 180))) for _ in range(300)
    ]
    both = Both({n: OracleCamera(n, place, POLICE) for n, place in enumerate(places)})
    view, viewer = both.index.current(), both.viewer(POLICE)
    for zoom in (0, 1, 3):
        tiles = [Tile(zoom, x, y) for x in range(1 << zoom) for y in range(1 << zoom)]
        drawn = [n for at in tiles for n in contents(view, viewer, at).number.tolist()]
        assert sorted(drawn) == list(range(300))
        read = [
            n for at in tiles for n, *_ in decoded(tile(view, viewer, at).body).get("cameras", [])
        ]
        assert sorted(read) == list(range(300))
