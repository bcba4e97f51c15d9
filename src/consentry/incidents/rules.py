"""Who sees an incident, how far its area reaches, and what a change makes of it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from consentry.kernel.access import Principal, PrincipalKind, Role
from consentry.kernel.canonical import Json
from consentry.kernel.errors import ConflictError, InvalidError
from consentry.kernel.geo import Area, Circle, Point, Polygon, distance_m, to_e7
from consentry.kernel.ids import PersonId

from .model import Change, EventKind, Incident

AREA_KM2_MAX: Final = 3.0
AREA_REACH_M_MAX: Final = 3_000.0
"""No part of the area lies farther from the place: a thin strip could follow every street."""
AREA_VERTICES_MAX: Final = 100
AREA_RADIUS_M: Final = 300.0
REOPEN_SPAN: Final = timedelta(minutes=15)
_SEE_ALL: Final = frozenset({Role.OPERATOR, Role.INVESTIGATOR, Role.SUPERVISOR})

Told = tuple[EventKind, Mapping[str, Json]]


def sees_all(principal: Principal) -> bool:
    """Whether every incident of their agency is theirs to see. A responder sees assigned ones."""
    return principal.kind is PrincipalKind.TOKEN or bool(principal.roles & _SEE_ALL)


def sees(principal: Principal, incident: Incident) -> bool:
    if incident.party_id != principal.party_id:
        return False
    return sees_all(principal) or principal.person_id in incident.people


def area_around(place: Point, given: Area | None) -> Area:
    """The area as given, or a circle around the place. Raises InvalidError beyond the bounds."""
    area = given or Circle(place, AREA_RADIUS_M)
    if isinstance(area, Polygon):
        _check_ring(area)
    if not 0 < area.area_km2 <= AREA_KM2_MAX:
        raise InvalidError.of(
            "area", f"covers {area.area_km2:.2f} square kilometres", f"at most {AREA_KM2_MAX}"
        )
    if not area.contains(place):
        raise InvalidError.of("area", "does not hold the place of the incident")
    if _reach_m(area, place) > AREA_REACH_M_MAX:
        raise InvalidError.of(
            "area", "reaches too far from the place", f"{AREA_REACH_M_MAX:.0f} metres"
        )
    return area


def area_after_move(area: Area, place: Point) -> Area:
    """A circle moves along. A polygon stays where it is, and may no longer fit."""
    return Circle(place, area.radius_m) if isinstance(area, Circle) else area


def require_open(incident: Incident) -> None:
    if not incident.is_open:
        raise ConflictError("This incident is closed.", slug="incident_closed")


def require_version(incident: Incident, version: int) -> None:
    if incident.version != version:
        raise ConflictError(
            f"This incident was changed meanwhile: it is at version {incident.version}. "
            "Read it again, then repeat the change if it still makes sense.",
            slug="version_changed",
        )


def require_reopenable(incident: Incident, now: datetime) -> None:
    """Reopening undoes a slip. What is closed for longer needs an incident of its own."""
    if incident.closing is None:
        raise ConflictError("This incident is open.", slug="incident_open")
    if now - incident.closing.at > REOPEN_SPAN:
        minutes = REOPEN_SPAN // timedelta(minutes=1)
        raise ConflictError(
            f"Closed more than {minutes} minutes ago. Open a new incident.", slug="closed_too_long"
        )


def changed(
    incident: Incident, change: Change, person_id: PersonId, now: datetime
) -> tuple[Incident, list[Told]]:
    """The incident after a person's change, and what is to be told of it: nothing if it is as is.

    Whoever moves or retypes has shaped it from then on, also where they put it back later.
    """
    told = list(_differences(incident, change))
    if not told:
        return incident, []
    place = change.place or incident.place
    after = replace(
        incident,
        type=change.type or incident.type,
        place=place,
        area=area_around(place, change.area or area_after_move(incident.area, place)),
        priority=change.priority or incident.priority,
        title=incident.title if change.title is None else change.title,
        address=incident.address if change.address is None else change.address,
        version=incident.version + 1,
    )
    if after.place != incident.place or after.type != incident.type:
        after = shaped(after, person_id, now)
    return after, told


def shaped(incident: Incident, person_id: PersonId, now: datetime) -> Incident:
    return replace(incident, shaped_at=now, shaped_by=incident.shaped_by | {person_id})


def place_json(place: Point) -> dict[str, Json]:
    return {"lat_e7": to_e7(place.lat), "lon_e7": to_e7(place.lon)}


def area_json(area: Area) -> dict[str, Json]:
    if isinstance(area, Circle):
        millimetres = round(area.radius_m * 1000)
        return {"shape": "circle", "centre": place_json(area.centre), "radius_mm": millimetres}
    return {"shape": "polygon", "ring": [place_json(point) for point in area.ring]}


def _differences(incident: Incident, change: Change) -> Iterator[Told]:
    for kind, name, show in _TELLS:
        before, after = getattr(incident, name), getattr(change, name)
        if after is not None and after != before:
            yield kind, {"from": show(before), "to": show(after)}


def _text(value: Any) -> str:
    return str(value)


_TELLS: Final = (
    (EventKind.RETYPED, "type", _text),
    (EventKind.MOVED, "place", place_json),
    (EventKind.AREA_CHANGED, "area", area_json),
    (EventKind.PRIORITY_CHANGED, "priority", _text),
    (EventKind.RETITLED, "title", _text),
    (EventKind.READDRESSED, "address", _text),
)


def _reach_m(area: Area, place: Point) -> float:
    if isinstance(area, Circle):
        return distance_m(area.centre, place) + area.radius_m
    return max(distance_m(point, place) for point in area.ring)


def _check_ring(area: Polygon) -> None:
    """The area of a ring that crosses itself, or runs around a pole, says nothing of its reach."""
    if len(area.ring) > AREA_VERTICES_MAX:
        raise InvalidError.of(
            "area.ring", f"has {len(area.ring)} vertices", f"at most {AREA_VERTICES_MAX}"
        )
    ring = area.unrolled()
    if abs(ring[0][0] - ring[-1][0]) > 180:
        raise InvalidError.of("area.ring", "runs around a pole")
    if _crosses_itself(ring):
        raise InvalidError.of("area.ring", "crosses or touches itself")


_Vertex = tuple[float, float]


def _crosses_itself(ring: tuple[_Vertex, ...]) -> bool:
    sides = list(zip(ring, ring[1:] + ring[:1], strict=True))
    last = len(sides) - 1
    return any(
        _cross(sides[i], sides[j])
        for i in range(len(sides))
        for j in range(i + 2, len(sides))
        if (i, j) != (0, last)  # the first and the last side share a vertex
    )


def _cross(a: tuple[_Vertex, _Vertex], b: tuple[_Vertex, _Vertex]) -> bool:
    return (
        _side(a, b[0]) * _side(a, b[1]) <= 0
        and _side(b, a[0]) * _side(b, a[1]) <= 0
        and _boxes_meet(a, b)
    )


def _boxes_meet(a: tuple[_Vertex, _Vertex], b: tuple[_Vertex, _Vertex]) -> bool:
    return all(
        max(a[0][k], a[1][k]) >= min(b[0][k], b[1][k])
        and max(b[0][k], b[1][k]) >= min(a[0][k], a[1][k])
        for k in (0, 1)
    )


def _side(line: tuple[_Vertex, _Vertex], point: _Vertex) -> int:
    (x0, y0), (x1, y1) = line
    turn = (x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0)
    return (turn > 0) - (turn < 0)
