"""Where cameras hang: on corners along the street, on shopfronts along the facade."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .buildings import CIVIC, FLATS, HOME, SHOP, Buildings
from .chance import stream
from .model import CityCamera, CityOwner, Device, Sharing, Sort
from .names import SHOPS, SURNAMES
from .streets import HALF_WIDTHS_M, MAJOR, MIDDLE, Streets, rank
from .terrain import Floats, on_land, to_point

CAMERAS: Final = 640
PRESET_RADIUS_M: Final = 420.0
SCENES: Final = 24
SCENES_PRESET: Final = 16
OFFLINE_SHARE: Final = 0.045
CENTRE_M: Final = 450.0

# owners' shares of the 512 cameras that are not an agency's
SHOP_CAMERAS, SCHOOL_CAMERAS, LANDLORD_CAMERAS, HOME_CAMERAS = 190, 34, 88, 200
POLICE_CAMERAS, FIRE_CAMERAS, COUNCIL_CAMERAS = 66, 14, 48

SHARES: Final = {
    Sort.SHOP: (0.10, 0.20, 0.06, 0.28, 0.18, 0.18),
    Sort.SCHOOL: (0.12, 0.18, 0.30, 0.28, 0.12, 0.00),
    Sort.LANDLORD: (0.16, 0.26, 0.06, 0.28, 0.12, 0.12),
    Sort.HOME: (0.24, 0.32, 0.14, 0.18, 0.04, 0.08),
}
"""Chance of each `Sharing`, in its order."""

OPTICS: Final = {
    # height above ground, field of view, reach
    Device.FIXED: (5.5, 88.0, 60.0),
    Device.PTZ: (8.0, 62.0, 140.0),
    Device.DOORBELL: (1.4, 150.0, 14.0),
    Device.BODY_WORN: (1.5, 120.0, 25.0),
    Device.DRONE: (60.0, 70.0, 300.0),
    Device.PLATE_READER: (4.5, 28.0, 35.0),
    Device.INDOOR: (2.8, 105.0, 18.0),
}


@dataclass
class Placing:
    """The city's cameras while they are being hung."""

    seed: int
    streets: Streets
    buildings: Buildings
    owners: list[CityOwner] = field(default_factory=list)
    cameras: list[CityCamera] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = stream(self.seed, "cameras")
        self._consent = stream(self.seed, "sharing")
        self._taken: set[int] = set()

    def hang_all(self) -> None:
        self._agencies()
        self._shops()
        self._schools()
        self._landlords()
        self._homes()

    def _own(self, sort: Sort, name: str) -> str:
        count = sum(owner.sort is sort for owner in self.owners) + 1
        key = sort.value if sort in (Sort.POLICE, Sort.FIRE, Sort.COUNCIL) else ""
        contact = f"{SURNAMES[int(self._chance.integers(len(SURNAMES)))]}"
        self.owners.append(
            CityOwner(key=key or f"{sort.value}-{count:03}", name=name, sort=sort, contact=contact)
        )
        return self.owners[-1].key

    def _hang(  # noqa: PLR0913 a camera simply has this many sides
        self,
        owner: str,
        name: str,
        device: Device,
        at: tuple[float, float],
        bearing: float,
        address: str,
        *,
        sharing: Sharing,
        floor: int | None = None,
        in_home: bool = False,
    ) -> None:
        point = to_point(*at)
        height, fov, reach = OPTICS[device]
        self.cameras.append(
            CityCamera(
                key=f"cam-{len(self.cameras) + 1:03}",
                name=name,
                owner=owner,
                device=device,
                sharing=sharing,
                x=round(at[0], 2),
                y=round(at[1], 2),
                lat=round(point.lat, 7),
                lon=round(point.lon, 7),
                height_m=round(height * float(self._chance.uniform(0.85, 1.2)), 1),
                bearing_deg=round(bearing % 360, 1),
                fov_deg=fov,
                range_m=reach,
                address=address,
                floor=floor,
                in_home=in_home,
                online=bool(self._chance.random() >= OFFLINE_SHARE),
            )
        )

    # Agencies

    def _agencies(self) -> None:
        police = self._own(Sort.POLICE, "Port Halden Police")
        fire = self._own(Sort.FIRE, "Port Halden Fire and Rescue")
        council = self._own(Sort.COUNCIL, "Port Halden City Council")
        corners = self._corners()
        for n in range(POLICE_CAMERAS - 22):
            device = Device.PLATE_READER if n % 4 == 3 else Device.PTZ if n % 4 else Device.FIXED
            self._on_corner(police, next(corners), device)
        for n in range(18):
            self._carried(police, f"Body-worn P{n + 1:02}", Device.BODY_WORN)
        for n in range(4):
            self._carried(police, f"Drone P{n + 1}", Device.DRONE)
        for n in range(FIRE_CAMERAS):
            device, name = (Device.DRONE, "Drone F") if n < 3 else (Device.BODY_WORN, "Helmet F")
            self._carried(fire, f"{name}{n + 1}", device)
        for n in range(COUNCIL_CAMERAS):
            self._on_corner(council, next(corners), Device.PTZ if n % 5 == 0 else Device.FIXED)

    def _corners(self) -> Iterator[int]:
        """Crossings of the greater streets, the centre's first, none twice."""
        streets = self.streets
        great = [n for n in range(len(streets.x)) if self._watched(n)]
        dry = np.array([n for n in great if self._stands_dry(n)])
        far = np.hypot(streets.x[dry], streets.y[dry]) * self._chance.uniform(0.5, 1.5, len(dry))
        return iter(dry[np.argsort(far, kind="stable")].tolist())

    def _watched(self, crossing: int) -> bool:
        """Agencies watch where greater streets meet, and in the very centre more than that."""
        streets = self.streets
        across, along = int(streets.across[crossing]), int(streets.along[crossing])
        if np.hypot(streets.x[crossing], streets.y[crossing]) < CENTRE_M:
            return (across + along) % 2 == 0 and max(rank(across), rank(along)) >= MIDDLE
        meets = min(rank(across), rank(along)) >= MIDDLE
        return meets or (rank(along) == MAJOR and across % 2 == 0)

    def _stands_dry(self, crossing: int) -> bool:
        """Whether all four corners are ground, not bank or bridge."""
        corner = np.array([-1.0, 1.0]) * HALF_WIDTHS_M[MAJOR]
        x, y = np.meshgrid(self.streets.x[crossing] + corner, self.streets.y[crossing] + corner)
        return bool(on_land(x, y).all())

    def _on_corner(self, owner: str, crossing: int, device: Device) -> None:
        streets = self.streets
        there, _ = streets.ways[crossing][int(self._chance.integers(len(streets.ways[crossing])))]
        east = float(streets.x[there] - streets.x[crossing])
        north = float(streets.y[there] - streets.y[crossing])
        length = float(np.hypot(east, north))
        ranks = rank(int(streets.along[crossing])), rank(int(streets.across[crossing]))
        aside, back = (
            HALF_WIDTHS_M[r] - 2.0 for r in (ranks if abs(east) > abs(north) else ranks[::-1])
        )
        at = (
            float(streets.x[crossing]) - (aside * north + back * east) / length,
            float(streets.y[crossing]) + (aside * east - back * north) / length,
        )
        bearing = float(np.degrees(np.arctan2(east, north)))
        name = streets.corner_name(crossing)
        self._hang(owner, name, device, at, bearing, name, sharing=Sharing.ALWAYS)

    def _carried(self, owner: str, name: str, device: Device) -> None:
        """Body-worn and flying cameras: at their last known place, on a street."""
        crossing = int(self._chance.integers(len(self.streets.x)))
        at = float(self.streets.x[crossing]), float(self.streets.y[crossing])
        bearing = float(self._chance.uniform(0, 360))
        address = self.streets.corner_name(crossing)
        self._hang(owner, name, device, at, bearing, address, sharing=Sharing.ALWAYS)

    # Everyone else

    def _shops(self) -> None:
        left = SHOP_CAMERAS
        for n, house in enumerate(self._pick(SHOP, spread_m=1400)):
            if left <= 0:
                return
            street, number = self._street(house), int(self.buildings.number[house])
            trade = SHOPS[n % len(SHOPS)]
            owner = self._own(Sort.SHOP, f"{street} {trade}")
            for k in range(min(left, 1 + n % 3 // 2 + (n % 7 == 0))):
                indoor = k > 0
                self._on_front(owner, house, f"{street} {trade}", indoor=indoor, nth=k)
                left -= 1
            self._taken.add(number)

    def _schools(self) -> None:
        left = SCHOOL_CAMERAS
        for house in self._pick(CIVIC, spread_m=3000):
            if left <= 0:
                return
            name = f"{self._street(house).rsplit(' ', 1)[0]} School"
            owner = self._own(Sort.SCHOOL, name)
            for k in range(min(left, 5)):
                self._on_front(owner, house, name, indoor=k in (2, 3), nth=k)
                left -= 1

    def _landlords(self) -> None:
        left = LANDLORD_CAMERAS
        houses = iter(self._pick(FLATS, spread_m=2200))
        while left > 0:
            name = f"{SURNAMES[int(self._chance.integers(len(SURNAMES)))]} Lettings"
            owner = self._own(Sort.LANDLORD, f"{name} {left}" if self._known(name) else name)
            for _ in range(min(left, 4)):
                house = next(houses)
                name = f"{self._address(house)} entrance"
                self._on_front(owner, house, name, indoor=left % 4 == 0, nth=0)
                left -= 1

    def _homes(self) -> None:
        houses = self._pick(HOME, spread_m=2600)
        for n, house in enumerate(houses[:HOME_CAMERAS]):
            surname = SURNAMES[int(self._chance.integers(len(SURNAMES)))]
            address = self._address(house)
            owner = self._own(Sort.HOME, f"{surname}, {address}")
            inside = n % 25 == 24
            if inside:
                self._inside(owner, house, address)
            else:
                self._doorbell(owner, house, address, fixed=n % 5 == 4)

    def _known(self, name: str) -> bool:
        return any(owner.name == name for owner in self.owners)

    def _pick(self, use: int, *, spread_m: float) -> list[int]:
        """Buildings of that use, likelier near the centre, in a random order."""
        found = np.flatnonzero(self.buildings.use == use)
        far = np.hypot(*self.buildings.centre[found].T)
        order = -np.log(self._chance.random(len(found))) * np.exp(far / spread_m)
        picked: list[int] = found[np.argsort(order, kind="stable")].tolist()
        return picked

    def _street(self, house: int) -> str:
        return self.streets.name_of_line[(True, int(self.buildings.line[house]))]

    def _address(self, house: int) -> str:
        return f"{self._street(house)} {self.buildings.number[house]}"

    def _front(self, house: int, *, out_m: float) -> tuple[float, float]:
        door: Floats = self.buildings.door[house]
        facing = np.radians(self.buildings.facing[house])
        return float(door[0] + out_m * np.sin(facing)), float(door[1] + out_m * np.cos(facing))

    def _on_front(self, owner: str, house: int, name: str, *, indoor: bool, nth: int) -> None:
        suffix = ("", " side", " hall", " stairs", " yard")[nth]
        if indoor:
            at = tuple(self.buildings.centre[house].tolist())
            device, floor = Device.INDOOR, int(self._chance.integers(self.buildings.floors[house]))
        else:
            at, device, floor = self._front(house, out_m=0.4), Device.FIXED, None
        along = float(self.buildings.facade[house]) + 180 * float(self._chance.integers(2))
        label = f"{name}{suffix if suffix or not indoor else ' hall'}"
        self._hang(
            owner,
            label,
            device,
            (at[0], at[1]),
            along,
            self._address(house),
            sharing=self._sharing(owner),
            floor=floor,
        )

    def _doorbell(self, owner: str, house: int, address: str, *, fixed: bool) -> None:
        device = Device.FIXED if fixed else Device.DOORBELL
        at, out = self._front(house, out_m=0.3), float(self.buildings.facing[house])
        name = f"{address} {'drive' if fixed else 'door'}"
        self._hang(owner, name, device, at, out, address, sharing=self._sharing(owner))

    def _inside(self, owner: str, house: int, address: str) -> None:
        x, y = self.buildings.centre[house].tolist()
        self._hang(
            owner,
            f"{address} living room",
            Device.INDOOR,
            (x, y),
            float(self.buildings.facing[house]),
            address,
            sharing=Sharing.OWNER_EMERGENCY,
            floor=0,
            in_home=True,
        )

    def _sharing(self, owner: str) -> Sharing:
        sort = next(o.sort for o in reversed(self.owners) if o.key == owner)
        return list(Sharing)[int(self._consent.choice(len(Sharing), p=SHARES[sort]))]
