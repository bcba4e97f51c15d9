"""Incidents on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from consentry.consent import IncidentType
from consentry.infra.web import Wire
from consentry.kernel.errors import InvalidError
from consentry.kernel.geo import Area, Circle, Point, Polygon

from .model import (
    By,
    Change,
    Closing,
    Event,
    EventKind,
    Incident,
    NewIncident,
    Origin,
    Outcome,
    Priority,
    Source,
)
from .rules import AREA_VERTICES_MAX

VERSION_MAX = 2**31 - 1
RADIUS_M_MAX = 3_000

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
NoteText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._\-]{0,39}$")]
Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Version = Annotated[int, Field(ge=1, le=VERSION_MAX)]


class PlaceWire(Wire):
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)

    def to_model(self) -> Point:
        return Point(self.lat, self.lon)

    @classmethod
    def of(cls, place: Point) -> "PlaceWire":
        return cls(lat=place.lat, lon=place.lon)


class CircleWire(Wire):
    shape: Literal["circle"]
    centre: PlaceWire
    radius_m: float = Field(gt=0, le=RADIUS_M_MAX)


class PolygonWire(Wire):
    """One ring, its first vertex not repeated."""

    shape: Literal["polygon"]
    ring: list[PlaceWire] = Field(min_length=3, max_length=AREA_VERTICES_MAX)


AreaWire = Annotated[CircleWire | PolygonWire, Field(discriminator="shape")]


class IncidentIn(Wire):
    type: IncidentType
    place: PlaceWire
    title: Title
    address: Address = ""
    priority: Priority = Priority.URGENT
    area: AreaWire | None = Field(
        default=None, description="At most 3 km² around the place. None: a circle of 300 m."
    )

    def to_model(self) -> NewIncident:
        return NewIncident(
            type=self.type,
            place=self.place.to_model(),
            title=self.title,
            address=self.address,
            priority=self.priority,
            area=to_area(self.area),
        )


class DispatchedIn(IncidentIn):
    source: SourceName = Field(description="The system that dispatched it.")
    reference: Reference = Field(description="Its reference there: it is taken in once.")

    def to_source(self) -> Source:
        return Source(name=self.source, reference=self.reference)


class ChangeIn(Wire):
    version: Version = Field(description="The version that this change was made on.")
    type: IncidentType | None = None
    place: PlaceWire | None = None
    area: AreaWire | None = None
    priority: Priority | None = None
    title: Title | None = None
    address: Address | None = None

    def to_model(self) -> Change:
        return Change(
            type=self.type,
            place=self.place.to_model() if self.place else None,
            area=to_area(self.area),
            priority=self.priority,
            title=self.title,
            address=self.address,
        )


class NoteIn(Wire):
    text: NoteText


class CloseIn(Wire):
    version: Version
    outcome: Outcome
    words: Words = ""


class ReopenIn(Wire):
    version: Version


class ByOut(Wire):
    kind: str
    id: str
    name: str

    @classmethod
    def of(cls, by: By) -> "ByOut":
        return cls(kind=by.kind, id=by.id, name=by.name)


class AssignedOut(Wire):
    person_id: str
    name: str
    at: datetime


class ClosingOut(Wire):
    at: datetime
    by: ByOut
    outcome: Outcome
    words: str

    @classmethod
    def of(cls, closing: Closing) -> "ClosingOut":
        by = ByOut.of(closing.by)
        return cls(at=closing.at, by=by, outcome=closing.outcome, words=closing.words)


class SourceOut(Wire):
    name: str
    reference: str


class IncidentOut(Wire):
    id: str
    version: int
    origin: Origin
    source: SourceOut | None
    type: IncidentType
    title: str
    address: str
    priority: Priority
    place: PlaceWire
    area: AreaWire
    opened_at: datetime
    opened_by: ByOut
    shaped_by: list[str] = Field(
        description="Who opened or reopened it by hand, moved or retyped it: for private cameras "
        "they need a second person."
    )
    assigned: list[AssignedOut]
    closing: ClosingOut | None

    @classmethod
    def of(cls, incident: Incident) -> "IncidentOut":
        source = incident.source
        return cls(
            id=incident.id,
            version=incident.version,
            origin=incident.origin,
            source=SourceOut(name=source.name, reference=source.reference) if source else None,
            type=incident.type,
            title=incident.title,
            address=incident.address,
            priority=incident.priority,
            place=PlaceWire.of(incident.place),
            area=of_area(incident.area),
            opened_at=incident.opened_at,
            opened_by=ByOut.of(incident.opened_by),
            shaped_by=sorted(incident.shaped_by),
            assigned=[
                AssignedOut(person_id=one.person_id, name=one.name, at=one.at)
                for one in incident.assigned
            ],
            closing=ClosingOut.of(incident.closing) if incident.closing else None,
        )


class EventOut(Wire):
    n: int
    at: datetime
    kind: EventKind
    by: ByOut
    details: dict[str, Any] = Field(
        description="What changed; coordinates in 1e-7 degrees, radii in millimetres."
    )

    @classmethod
    def of(cls, event: Event) -> "EventOut":
        by = ByOut.of(event.by)
        return cls(n=event.n, at=event.at, kind=event.kind, by=by, details=dict(event.details))


def to_area(area: CircleWire | PolygonWire | None) -> Area | None:
    if area is None:
        return None
    try:
        if isinstance(area, CircleWire):
            return Circle(area.centre.to_model(), area.radius_m)
        return Polygon(tuple(vertex.to_model() for vertex in area.ring))
    except ValueError as error:
        raise InvalidError.of("area", str(error)) from error


def of_area(area: Area) -> CircleWire | PolygonWire:
    if isinstance(area, Circle):
        centre = PlaceWire.of(area.centre)
        return CircleWire(shape="circle", centre=centre, radius_m=area.radius_m)
    return PolygonWire(shape="polygon", ring=[PlaceWire.of(point) for point in area.ring])
