"""Cameras by the hundred thousand, as plain columns: for benches, load and tests.

Clustered like real ones: a dense centre, suburbs along their streets, towns, and a thin rural
tail. Around the same place in the ocean as the city. A million take about a second.
"""

from dataclasses import dataclass
from math import cos, radians
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consentry.kernel.geo import METRES_PER_DEGREE

from .chance import stream
from .model import Device, Sharing
from .terrain import ANCHOR, Floats

COUNT_MAX: Final = 5_000_000
REGION_M: Final = 80_000.0
"""Half the side of the region that everything lies in."""
STREET_M: Final = 95.0
SUBURBS, TOWNS = 48, 260
SHARES: Final = (0.34, 0.40, 0.18, 0.08)
"""Centre, suburbs, towns, countryside."""
CENTRE_M, SUBURB_M, TOWN_M = 2600.0, 1500.0, 650.0
DEVICE_SHARES: Final = (0.52, 0.07, 0.24, 0.02, 0.005, 0.025, 0.12)
SHARING_SHARES: Final = (0.18, 0.26, 0.10, 0.24, 0.10, 0.12)
FOV_DEG: Final = (88, 62, 150, 120, 70, 28, 105)
RANGE_M: Final = (60, 140, 14, 25, 300, 35, 18)
CAMERAS_PER_OWNER: Final = 2.4


@dataclass(frozen=True, slots=True)
class CameraColumns:
    """One row a camera. `device` and `sharing` number their enums in order."""

    lat: Floats
    lon: Floats
    bearing_deg: NDArray[np.float32]
    fov_deg: NDArray[np.float32]
    range_m: NDArray[np.float32]
    device: NDArray[np.uint8]
    sharing: NDArray[np.uint8]
    owner: NDArray[np.int32]
    online: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.lat)


def camera_columns(seed: int, count: int) -> CameraColumns:
    """`count` cameras; the same for the same seed and count."""
    if not 1 <= count <= COUNT_MAX:
        raise ValueError(f"count must be from 1 to {COUNT_MAX}")
    x, y = _places(seed, count)
    chance = stream(seed, "columns")
    device = chance.choice(len(Device), size=count, p=DEVICE_SHARES).astype(np.uint8)
    sharing = chance.choice(len(Sharing), size=count, p=SHARING_SHARES).astype(np.uint8)
    owners = max(1, int(count / CAMERAS_PER_OWNER))
    return CameraColumns(
        lat=ANCHOR.lat + y / METRES_PER_DEGREE,
        lon=ANCHOR.lon + x / (METRES_PER_DEGREE * cos(radians(ANCHOR.lat))),
        bearing_deg=chance.uniform(0, 360, count).astype(np.float32),
        fov_deg=np.asarray(FOV_DEG, np.float32)[device],
        range_m=np.asarray(RANGE_M, np.float32)[device],
        device=device,
        sharing=sharing,
        owner=chance.integers(owners, size=count, dtype=np.int32),
        online=chance.random(count) > 0.04,
    )


def _places(seed: int, count: int) -> tuple[Floats, Floats]:
    """Metres around the anchor."""
    chance = stream(seed, "columns: places")
    group = chance.choice(len(SHARES), size=count, p=SHARES)
    hubs_x, hubs_y = _hubs(chance)
    first, many = np.array([0, 1, 1 + SUBURBS, 0]), np.array([1, SUBURBS, TOWNS, 1])
    hub = first[group] + (chance.random(count) ** 1.7 * many[group]).astype(np.int64)
    reach = np.array([CENTRE_M, SUBURB_M, TOWN_M, 0.0])[group]
    distance = reach * chance.gamma(1.6, 0.6, count)
    angle = chance.uniform(0, 2 * np.pi, count)
    x, y = hubs_x[hub] + distance * np.cos(angle), hubs_y[hub] + distance * np.sin(angle)
    rural = group == len(SHARES) - 1
    x[rural] = chance.uniform(-REGION_M, REGION_M, int(rural.sum()))
    y[rural] = chance.uniform(-REGION_M, REGION_M, int(rural.sum()))
    return _onto_streets(chance, x, y)


def _hubs(chance: np.random.Generator) -> tuple[Floats, Floats]:
    """The centre first, then suburbs in a ring around it, then towns all over the region."""
    angle = chance.uniform(0, 2 * np.pi, SUBURBS)
    ring = chance.uniform(6_000, 24_000, SUBURBS)
    towns = chance.uniform(-REGION_M * 0.95, REGION_M * 0.95, (2, TOWNS))
    x = np.concatenate([[0.0], ring * np.cos(angle), towns[0]])
    y = np.concatenate([[0.0], ring * np.sin(angle), towns[1]])
    return x, y


def _onto_streets(chance: np.random.Generator, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Pull each to the nearest street, of one direction or the other, on either pavement."""
    side = chance.choice([-6.0, 6.0], size=x.size) + chance.normal(0, 0.8, x.size)
    runs_north = chance.random(x.size) < 0.5
    x = np.where(runs_north, np.rint(x / STREET_M) * STREET_M + side, x)
    y = np.where(runs_north, y, np.rint(y / STREET_M) * STREET_M + side)
    bound = REGION_M * 1.2
    return np.clip(x, -bound, bound), np.clip(y, -bound, bound)
