"""Port Halden, whole: the same seed always gives the same city."""

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import hypot
from typing import Final

import numpy as np

from .buildings import CIVIC, Buildings, park_outlines, raise_buildings
from .chance import stream
from .model import AGENCIES, CityCamera, CityOwner, Device, ProtectedSpot, Sharing
from .placing import PRESET_RADIUS_M, SCENES, SCENES_PRESET, Placing
from .streets import Streets, lay_streets
from .terrain import Floats, to_point

SEED: Final = 412
PRESET_CROSSING: Final = (0, 0)
"""Quay Rd and Mercer Ave: where the preset incident is."""

STREET_SHOWN_MAX: Final = 2

PROTECTED: Final = (
    ("Harbour Clinic", "clinic"),
    ("Northcote Clinic", "clinic"),
    ("Lantern House", "shelter"),
    ("Weir Bank Shelter", "shelter"),
    ("Chapel of the Pilots", "worship"),
    ("Linden Hill Meeting House", "worship"),
)


@dataclass(frozen=True)
class City:
    seed: int
    streets: Streets
    buildings: Buildings
    owners: tuple[CityOwner, ...]
    cameras: tuple[CityCamera, ...]
    protected: tuple[ProtectedSpot, ...]

    @classmethod
    def build(cls, seed: int = SEED) -> "City":
        streets, buildings = lay_streets(seed), raise_buildings(seed)
        placing = Placing(seed, streets, buildings)
        placing.hang_all()
        cameras = _with_preset(placing.cameras, streets)
        spots = _protected(seed, streets, buildings, cameras)
        return cls(seed, streets, buildings, tuple(placing.owners), tuple(cameras), tuple(spots))

    @cached_property
    def parks(self) -> tuple[tuple[str, Floats], ...]:
        return tuple(park_outlines())

    @cached_property
    def owner_of(self) -> dict[str, CityOwner]:
        return {owner.key: owner for owner in self.owners}

    @cached_property
    def preset(self) -> tuple[CityCamera, ...]:
        """The sixteen around the preset incident."""
        return tuple(camera for camera in self.cameras if camera.preset)

    @property
    def preset_crossing(self) -> int:
        return self.streets.number_of[PRESET_CROSSING]

    def digest(self) -> str:
        """A hash over all of it: two equal cities agree, to the last corner of a shed."""
        whole = hashlib.sha256()
        arrays = (
            self.streets.x,
            self.streets.y,
            self.streets.a,
            self.streets.b,
            np.round(self.buildings.corners, 3),
            self.buildings.number,
        )
        for array in arrays:
            whole.update(np.ascontiguousarray(array).tobytes())
        things = [asdict(o) for o in self.owners] + [asdict(c) for c in self.cameras]
        things += [asdict(spot) for spot in self.protected]
        whole.update(json.dumps(things, sort_keys=True).encode())
        return whole.hexdigest()


def _with_preset(cameras: list[CityCamera], streets: Streets) -> list[CityCamera]:
    """Choose the sixteen: half private, all answering to an incident; then eight more scenes."""
    centre = streets.number_of[PRESET_CROSSING]
    x, y = float(streets.x[centre]), float(streets.y[centre])
    near = sorted(cameras, key=lambda camera: hypot(camera.x - x, camera.y - y))
    outdoor = [c for c in near if c.device in (Device.FIXED, Device.PTZ)]
    public = [c for c in outdoor if c.owner in AGENCIES][: SCENES_PRESET // 2]
    private = _spread([c for c in outdoor if c.owner not in AGENCIES])
    chosen = {c.key for c in (*public, *private[: SCENES_PRESET - len(public)])}
    more = [c.key for c in outdoor if c.key not in chosen][: SCENES - SCENES_PRESET]
    scenes = {key: n for n, key in enumerate((*sorted(chosen), *more))}
    return [_staged(camera, chosen, scenes) for camera in cameras]


def _spread(cameras: list[CityCamera]) -> list[CityCamera]:
    """The first two of each street before the rest, so that the wall does not show one corner."""
    seen: Counter[str] = Counter()
    first: list[CityCamera] = []
    rest: list[CityCamera] = []
    for camera in cameras:
        street = camera.address.rsplit(" ", 1)[0]
        (first if seen[street] < STREET_SHOWN_MAX else rest).append(camera)
        seen[street] += 1
    return first + rest


def _staged(camera: CityCamera, chosen: set[str], scenes: dict[str, int]) -> CityCamera:
    if camera.key not in scenes:
        return camera
    preset = camera.key in chosen
    opens = camera.sharing in (Sharing.INCIDENT, Sharing.ALWAYS)
    return replace(
        camera,
        scene=scenes[camera.key],
        preset=preset,
        online=True,
        sharing=Sharing.INCIDENT if preset and not opens else camera.sharing,
    )


def _protected(
    seed: int, streets: Streets, buildings: Buildings, cameras: list[CityCamera]
) -> list[ProtectedSpot]:
    """Clinics, shelters, places of worship, and every school; none by the preset incident."""
    chance = stream(seed, "protected places")
    civic = np.flatnonzero(buildings.use == CIVIC)
    far = np.hypot(*buildings.centre[civic].T) > PRESET_RADIUS_M + 150
    picked = chance.permutation(civic[far])
    spots = []
    for (name, kind), house in zip(PROTECTED, picked.tolist(), strict=False):
        street = streets.name_of_line[(True, int(buildings.line[house]))]
        spots.append(
            _spot(name, kind, buildings.centre[house], f"{street} {buildings.number[house]}")
        )
    schools = {c.owner: c for c in reversed(cameras) if c.owner.startswith("school")}
    for school in schools.values():
        place = np.array([school.x, school.y])
        spots.append(_spot(school.name, "school", place, school.address))
    return spots


def _spot(name: str, kind: str, place: Floats, address: str) -> ProtectedSpot:
    x, y = float(place[0]), float(place[1])
    point = to_point(x, y)
    return ProtectedSpot(
        name=name,
        kind=kind,
        x=round(x, 2),
        y=round(y, 2),
        lat=round(point.lat, 7),
        lon=round(point.lon, 7),
        radius_m=45.0,
        address=address,
    )


__all__ = ["PRESET_RADIUS_M", "SEED", "City"]
