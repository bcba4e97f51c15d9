"""A million cameras in the index: a city's worth from the generator, owned and granted two ways."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import numpy as np

from consentry.cameras.columns import FOREVER_US, POINT, Columns, Windows
from consentry.cameras.index import CameraIndex, View
from consentry.kernel.ids import PartyId
from consentry.simulation import camera_columns

COUNT: Final = 1_000_000
SEED: Final = 412
AGENCY: Final = PartyId("agency")
OTHER: Final = PartyId("other")
OTHERS_SHARE: Final = 0.2
GRANTED_SHARE: Final = 0.5


class StillClock:
    """Implements `kernel.clock.Clock`: no time passes while we measure."""

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


@dataclass(frozen=True)
class Million:
    columns: Columns
    view: View


@lru_cache(maxsize=1)
def million(*, mixed: bool) -> Million:
    """All the agency's; or, mixed, a fifth another's, half of those granted to the agency."""
    drawn = camera_columns(SEED, COUNT)
    chance = np.random.default_rng(SEED)
    owner = np.zeros(COUNT, np.int32)
    if mixed:
        owner[chance.random(COUNT) < OTHERS_SHARE] = 1
    granted = np.flatnonzero((owner == 1) & (chance.random(COUNT) < GRANTED_SHARE))
    columns = Columns(
        id=np.array([f"{n:08x}-0000-7000-8000-{n:012x}" for n in range(COUNT)], "S36"),
        number=np.arange(COUNT, dtype=np.int32),
        lat=drawn.lat,
        lon=drawn.lon,
        owner=owner,
        parties=(AGENCY, OTHER),
        kind=drawn.device,
        setting=np.zeros(COUNT, np.uint8),
        health=drawn.online.astype(np.uint8),
        night=drawn.online.copy(),
        bearing=drawn.bearing_deg,
        fov=drawn.fov_deg,
        reach=drawn.range_m,
        windows=Windows(
            row=granted.astype(np.int32),
            party=np.zeros(len(granted), np.int32),
            level=np.full(len(granted), POINT, np.uint8),
            starts_us=np.zeros(len(granted), np.int64),
            ends_us=np.full(len(granted), FOREVER_US),
        ),
    )
    index = CameraIndex(StillClock())
    index.load(columns, 1)
    index.checked(0.0)
    return Million(columns, index.current())
