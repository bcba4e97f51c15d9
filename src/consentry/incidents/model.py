"""The nouns of the working room: an incident, who shaped it, who works on it, and its timeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from consentry.consent import IncidentType
from consentry.kernel.access import Principal
from consentry.kernel.canonical import Json
from consentry.kernel.geo import Area, Point
from consentry.kernel.ids import IncidentId, PartyId, PersonId


class Origin(StrEnum):
    """Whether a person opened it by hand, or the dispatch system told of it."""

    MANUAL = "manual"
    DISPATCHED = "dispatched"


class Priority(StrEnum):
    IMMEDIATE = "immediate"
    URGENT = "urgent"
    ROUTINE = "routine"


class Outcome(StrEnum):
    """What looking brought, as told on closing. The public report counts these."""

    HELPED = "helped"
    NO_VALUE = "no_value"
    MISLED = "misled"
    UNFOUNDED = "unfounded"
    NOT_USED = "not_used"
    """No camera was asked for."""
    DUPLICATE = "duplicate"
    CANCELLED = "cancelled"


class EventKind(StrEnum):
    OPENED = "opened"
    DISPATCHED = "dispatched"
    MOVED = "moved"
    RETYPED = "retyped"
    PRIORITY_CHANGED = "priority_changed"
    AREA_CHANGED = "area_changed"
    RETITLED = "retitled"
    READDRESSED = "readdressed"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    NOTED = "noted"
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who did it, with the name as of then."""

    kind: str
    id: str
    name: str = ""

    @classmethod
    def of(cls, principal: Principal) -> "By":
        return cls(kind=principal.kind.value, id=principal.id, name=principal.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    person_id: PersonId
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a dispatched incident comes from. Unique within its agency."""

    name: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    at: datetime
    by: By
    outcome: Outcome
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident of one agency. `version` counts its changes; notes change nothing."""

    id: IncidentId
    party_id: PartyId
    type: IncidentType
    title: str
    address: str = ""
    priority: Priority
    place: Point
    area: Area
    opened_at: datetime
    opened_by: By
    source: Source | None = None
    """None: opened by hand."""
    shaped_at: datetime
    """Since when its type, its place and its being open are what they are now."""
    shaped_by: frozenset[PersonId] = frozenset()
    """Who opened or reopened it by hand, moved it or changed its type, ever."""
    assigned: tuple[Assigned, ...] = ()
    closing: Closing | None = None
    version: int = 1
    events: int = 0

    @property
    def origin(self) -> Origin:
        return Origin.MANUAL if self.source is None else Origin.DISPATCHED

    @property
    def is_open(self) -> bool:
        return self.closing is None

    @property
    def people(self) -> frozenset[PersonId]:
        return frozenset(one.person_id for one in self.assigned)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIncident:
    """What is told when one is opened. Without an area it gets a circle around its place."""

    type: IncidentType
    place: Point
    title: str
    address: str = ""
    priority: Priority = Priority.URGENT
    area: Area | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to change; None leaves it as it is."""

    type: IncidentType | None = None
    place: Point | None = None
    area: Area | None = None
    priority: Priority | None = None
    title: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the timeline. Never changed and never removed."""

    n: int
    at: datetime
    kind: EventKind
    by: By
    details: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which of an agency's incidents to list. None: no matter."""

    open: bool | None = None
    type: IncidentType | None = None
    assigned_to: PersonId | None = None
