"""Map tiles over a million cameras: authorised, clustered and encoded, against encoding alone.

The anchor is `mapbox-vector-tile` given the very features that our tile holds, authorised and
clustered beforehand, as the columns they come in; it makes its points and encodes them.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import mapbox_vector_tile
import numpy as np
import shapely
from numpy.typing import NDArray

from benches.million import AGENCY, COUNT, Million, million
from benches.rows import Row, row
from consentry.cameras.search import Viewer
from consentry.cameras.tiles import Tile, tile
from consentry.kernel.geo import Circle, Point

ZOOMS: Final = (8, 10, 12, 14)
TILES: Final = 24
ROUNDS: Final = 5
GOAL: Final = 0.1
OPTIONS: Final = {"y_coord_down": True}
MIXED_ZOOM: Final = 12


@dataclass(frozen=True)
class Layer:
    name: str
    id: list[int]
    place: NDArray[np.int64]
    properties: list[dict[str, Any]]


@dataclass(frozen=True)
class Query:
    viewer: Viewer
    at: Tile
    layers: list[Layer]


def rows() -> Iterator[Row]:
    city = million(mixed=False)
    for zoom in ZOOMS:
        yield _row(f"tiles.z{zoom}", city, [_query(city, zoom, n, None) for n in _chosen()])
    # Others' cameras as well: points within an incident's area, elsewhere counts by cell.
    city = million(mixed=True)
    queries = [_query(city, MIXED_ZOOM, n, 970.0) for n in _chosen()]
    yield _row("tiles.mixed", city, queries)


def _chosen() -> list[int]:
    """A tile is asked for where cameras are, the more the likelier."""
    return [int(n) for n in np.random.default_rng(11).integers(0, COUNT, TILES)]


def _query(city: Million, zoom: int, number: int, area_m: float | None) -> Query:
    block = city.view.blocks[0]
    slot = int(block.slots_of_numbers(np.array([number], np.int32))[0])
    at = Tile(zoom, int(block.x[slot]) >> (28 - zoom), int(block.y[slot]) >> (28 - zoom))
    centre = Point(float(city.columns.lat[number]), float(city.columns.lon[number]))
    viewer = Viewer.of(AGENCY, None if area_m is None else Circle(centre, area_m))
    read = mapbox_vector_tile.decode(tile(city.view, viewer, at).body, default_options=OPTIONS)
    return Query(viewer, at, [_layer(name, layer["features"]) for name, layer in read.items()])


def _layer(name: str, features: list[Any]) -> Layer:
    places = np.array([feature["geometry"]["coordinates"] for feature in features])
    ids = [feature["id"] for feature in features]
    return Layer(name, ids, places, [feature["properties"] for feature in features])


def _anchor(query: Query) -> bytes:
    layers = []
    for layer in query.layers:
        points = shapely.points(layer.place).tolist()
        features = [
            {"geometry": point, "properties": properties, "id": number}
            for point, properties, number in zip(points, layer.properties, layer.id, strict=True)
        ]
        layers.append({"name": layer.name, "features": features})
    encoded: bytes = mapbox_vector_tile.encode(layers, default_options=OPTIONS)
    return encoded


def _row(name: str, city: Million, queries: list[Query]) -> Row:
    for query in {query.at: query for query in queries}.values():
        ours = mapbox_vector_tile.decode(tile(city.view, query.viewer, query.at).body)
        assert ours == mapbox_vector_tile.decode(_anchor(query))
        assert ours
    mine, theirs = [], []
    for _ in range(ROUNDS):
        for query in queries:
            start = time.perf_counter()
            tile(city.view, query.viewer, query.at)
            between = time.perf_counter()
            _anchor(query)
            theirs.append((time.perf_counter() - between) * 1000)
            mine.append((between - start) * 1000)
    return row(
        name, median(mine), "ms", "mapbox", median(theirs), goal=GOAL, higher_is_better=False
    )
