"""Cameras by the million: all of them, clustered, near the city, and repeatable."""

import numpy as np
import pytest

from consentry.kernel.geo import METRES_PER_DEGREE
from consentry.simulation import camera_columns
from consentry.simulation.columns import COUNT_MAX, REGION_M
from consentry.simulation.model import Device, Sharing
from consentry.simulation.terrain import ANCHOR


def test_a_million_cameras_lie_around_the_city() -> None:
    columns = camera_columns(1, 1_000_000)
    assert len(columns) == len(columns.lon) == len(columns.online) == 1_000_000
    assert np.abs(columns.lat - ANCHOR.lat).max() * METRES_PER_DEGREE <= REGION_M * 1.2 + 1
    assert set(np.unique(columns.device)) == set(range(len(Device)))
    assert set(np.unique(columns.sharing)) == set(range(len(Sharing)))


def test_they_cluster_like_real_ones() -> None:
    columns = camera_columns(2, 200_000)
    north = (columns.lat - ANCHOR.lat) * METRES_PER_DEGREE
    east = (columns.lon - ANCHOR.lon) * METRES_PER_DEGREE * np.cos(np.radians(ANCHOR.lat))
    distance = np.hypot(north, east)
    assert (distance < 3_000).mean() > 0.2
    assert (distance > 40_000).mean() > 0.05


def test_the_same_seed_gives_the_same_columns() -> None:
    first, again = camera_columns(3, 5_000), camera_columns(3, 5_000)
    assert np.array_equal(first.lat, again.lat)
    assert np.array_equal(first.sharing, again.sharing)
    assert not np.array_equal(first.lat, camera_columns(4, 5_000).lat)


@pytest.mark.parametrize("count", [0, -1, COUNT_MAX + 1])
def test_a_count_out_of_bounds_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="count"):
        camera_columns(1, count)
