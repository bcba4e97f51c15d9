"""The nouns of the registry: a camera, what is known of it, and how far it has been agreed to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, EdgeId, PartyId

NUMBER_MAX: Final = 2**28 - 1
"""A camera's number is the feature id of its map tile, where it has 28 bits."""


class Kind(StrEnum):
    """What stands there. The order is stored by those who keep columns: only add at the end."""

    FIXED = "fixed"
    PTZ = "ptz"
    DOORBELL = "doorbell"
    BODY_WORN = "body_worn"
    DRONE = "drone"
    PLATE_READER = "plate_reader"
    INDOOR = "indoor"


class Setting(StrEnum):
    """How deep into private life it looks, least first. Only add at the end."""

    PUBLIC = "public"
    BUSINESS = "business"
    HOME = "home"
    HOME_INTERIOR = "home_interior"


class State(StrEnum):
    DRAFT = "draft"
    CONFIRMED = "confirmed"
    REMOVED = "removed"


class Health(StrEnum):
    """Only add at the end."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    DEGRADED = "degraded"
    OFFLINE = "offline"


LISTED: Final = frozenset({State.DRAFT, State.CONFIRMED})
KINDS: Final = tuple(Kind)
SETTINGS: Final = tuple(Setting)
HEALTHS: Final = tuple(Health)


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What its owner says of a camera. None where it is not known; `rules.faults` checks it."""

    name: str
    place: Point
    kind: Kind = Kind.FIXED
    setting: Setting = Setting.BUSINESS
    address: str = ""
    floor: int | None = None
    height_m: float | None = None
    bearing_deg: float | None = None
    """Where it looks, clockwise from north; None too for what turns all the time."""
    fov_deg: float | None = None
    range_m: float | None = None
    night_vision: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a row came from. `party_id` and `source` and `reference` together are unique."""

    party_id: PartyId
    source: str
    reference: str | None = None
    import_id: str | None = None
    """The import that added it, which alone may be undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera. Until it is confirmed only its owner sees it, not even who proposed it."""

    id: CameraId
    number: int
    party_id: PartyId
    """Its owner: an agency, a household or a business."""
    details: Details
    state: State
    health: Health = Health.UNKNOWN
    edge_id: EdgeId | None = None
    origin: Origin
    added_at: datetime
    changed_at: datetime
    confirmed_at: datetime | None = None
    """When its owner last said that all of this is still so."""
    moved_at: datetime | None = None
    health_at: datetime | None = None

    @property
    def place(self) -> Point:
        return self.details.place

    @property
    def name(self) -> str:
        return self.details.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which of a party's cameras to list. None: no matter."""

    states: frozenset[State] = LISTED
    kind: Kind | None = None
    setting: Setting | None = None
    health: Health | None = None
    text: str | None = None
    """Part of the name or the address, whatever its case."""
