"""An index beside the plain world that it is compared with."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import mapbox_vector_tile
import numpy as np

from consentry.cameras.index import CameraIndex
from consentry.cameras.search import Viewer
from consentry.cameras.tiles import Tile, tile
from consentry.kernel.clock import to_micros
from consentry.kernel.geo import Area
from consentry.kernel.ids import CameraId, PartyId
from tests.cameras.oracle import World, columns, random_camera
from tests.kit.chance import VirtualClock

Feature = tuple[int, int, int]
"""Id, x, y."""


@dataclass(slots=True)
class Both:
    """Every change goes to the world and to the index."""

    world: World
    clock: VirtualClock = field(default_factory=VirtualClock)
    index: CameraIndex = field(init=False)
    epoch: int = 1

    def __post_init__(self) -> None:
        self.index = CameraIndex(self.clock)
        self.index.load(columns(list(self.world.values())), self.epoch)
        self.index.checked(self.clock.monotonic())

    @property
    def now_us(self) -> int:
        return to_micros(self.clock.now())

    def change(self, numbers: Iterable[int]) -> None:
        """Tell the index that these cameras are as the world has them now."""
        named = list(numbers)
        ids = [CameraId(f"01939f00-0000-7000-8000-{number:012x}") for number in named]
        held = [self.world[number] for number in named if number in self.world]
        self.epoch += 1
        self.index.apply(ids, columns(held), self.epoch)
        self.index.checked(self.clock.monotonic())

    def shuffle(self, chance: np.random.Generator, count: int) -> None:
        """Move, remove, add and re-grant cameras at random."""
        touched = set()
        for _ in range(count):
            number = int(chance.integers(len(self.world) + 40))
            touched.add(number)
            fate = int(chance.integers(4))
            if number not in self.world or fate == 0:
                self.world[number] = random_camera(chance, number, self.now_us)
            elif fate == 1:
                del self.world[number]
            else:
                other = random_camera(chance, number, self.now_us)
                self.world[number].windows = other.windows
                self.world[number].kind = other.kind
                self.world[number].owner = other.owner
        self.change(touched)

    def viewer(self, party: PartyId, area: Area | None = None) -> Viewer:
        return Viewer.of(party, area)

    def tile(
        self, party: PartyId, area: Area | None, at: tuple[int, int, int]
    ) -> dict[str, list[Feature]]:
        drawn = tile(self.index.current(), self.viewer(party, area), Tile(*at))
        return decoded(drawn.body)


def decoded(body: bytes) -> dict[str, list[Feature]]:
    """The features of each layer, sorted, read by a decoder that is not ours."""
    layers = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True})
    found = {}
    for name, layer in layers.items():
        assert layer["extent"] == 4096
        assert layer["version"] == 2
        assert all(f["geometry"]["type"] == "Point" for f in layer["features"])
        found[name] = sorted((f["id"], *f["geometry"]["coordinates"]) for f in layer["features"])
    return found
