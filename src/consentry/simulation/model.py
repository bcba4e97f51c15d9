"""The nouns of the city: its owners, their cameras, and the places that need more care."""

from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """What an owner is to the city."""

    POLICE = "police"
    FIRE = "fire"
    COUNCIL = "council"
    SHOP = "shop"
    SCHOOL = "school"
    LANDLORD = "landlord"
    HOME = "home"


AGENCIES = (Sort.POLICE, Sort.FIRE, Sort.COUNCIL)


class Device(StrEnum):
    FIXED = "fixed"
    PTZ = "ptz"
    DOORBELL = "doorbell"
    BODY_WORN = "body_worn"
    DRONE = "drone"
    PLATE_READER = "plate_reader"
    INDOOR = "indoor"


class Sharing(StrEnum):
    """The kind of grant an owner has sealed; `registry` lets no one watch."""

    REGISTRY = "registry"
    ASK = "ask"
    OWNER_EMERGENCY = "owner_emergency"
    INCIDENT = "incident"
    SCHEDULE = "schedule"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class CityOwner:
    key: str
    """Stable within the city: `shop-017`. The hub gives its own ids."""
    name: str
    sort: Sort
    contact: str
    """Who signs for it. Invented, as everything here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityCamera:
    key: str
    name: str
    owner: str
    device: Device
    sharing: Sharing
    x: float
    y: float
    lat: float
    lon: float
    height_m: float
    bearing_deg: float
    fov_deg: float
    range_m: float
    address: str
    floor: int | None = None
    in_home: bool = False
    """Sees the inside of a home: closed to all but an owner's own emergency."""
    online: bool = True
    scene: int | None = None
    """Number of the generated scene it will show once there is video."""
    preset: bool = False
    """One of the sixteen around the preset incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedSpot:
    name: str
    kind: str
    x: float
    y: float
    lat: float
    lon: float
    radius_m: float
    address: str
