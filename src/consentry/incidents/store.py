"""The working room in SQL. Never commits: the unit of work around it does."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update

from consentry.consent import IncidentFacts, IncidentType
from consentry.identity.tables import membership, person
from consentry.infra.db import Transaction
from consentry.kernel.access import Principal
from consentry.kernel.errors import NotFoundError
from consentry.kernel.geo import Area, Circle, Point, Polygon
from consentry.kernel.ids import IncidentId, PartyId, PersonId

from .model import (
    Assigned,
    By,
    Closing,
    Event,
    EventKind,
    Filter,
    Incident,
    Outcome,
    Priority,
    Source,
)
from .rules import sees
from .tables import incident, incident_assignment, incident_event, incident_shaper


class SqlIncidents:
    """Implements `ports.Incidents`."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def add(self, new: Incident) -> None:
        self._connection.execute(insert(incident).values(_to_row(new)))
        self._put_people(new)

    def get(self, incident_id: IncidentId, party_id: PartyId) -> Incident:
        return self._one(_of(party_id).where(incident.c.id == incident_id))

    def held(self, incident_id: IncidentId, party_id: PartyId) -> Incident:
        return self._one(_of(party_id).where(incident.c.id == incident_id).with_for_update())

    def from_source(self, party_id: PartyId, source: Source) -> Incident | None:
        query = _of(party_id).where(
            incident.c.source_name == source.name,
            incident.c.source_reference == source.reference,
        )
        found = self._load(query)
        return found[0] if found else None

    def change(self, changed: Incident) -> None:
        row = _to_row(changed)
        self._connection.execute(
            update(incident)
            .where(incident.c.id == changed.id, incident.c.party_id == changed.party_id)
            .values(row)
        )
        for table in (incident_shaper, incident_assignment):
            self._connection.execute(delete(table).where(table.c.incident_id == changed.id))
        self._put_people(changed)

    def add_events(self, incident_id: IncidentId, events: Sequence[Event]) -> None:
        rows = [_event_row(incident_id, event) for event in events]
        self._connection.execute(insert(incident_event), rows)

    def timeline(self, incident_id: IncidentId, after: int, limit: int) -> Sequence[Event]:
        query = (
            select(incident_event)
            .where(incident_event.c.incident_id == incident_id, incident_event.c.n > after)
            .order_by(incident_event.c.n)
            .limit(limit)
        )
        return [_to_event(row) for row in self._connection.execute(query)]

    def page(
        self, party_id: PartyId, wanted: Filter, before: str | None, limit: int
    ) -> Sequence[Incident]:
        query = _of(party_id)
        if before is not None:
            query = query.where(incident.c.id < before)
        if wanted.open is not None:
            closed_at = incident.c.closed_at
            query = query.where(closed_at.is_(None) if wanted.open else closed_at.is_not(None))
        if wanted.type is not None:
            query = query.where(incident.c.type == wanted.type.value)
        if wanted.assigned_to is not None:
            theirs = select(incident_assignment.c.incident_id).where(
                incident_assignment.c.person_id == wanted.assigned_to
            )
            query = query.where(incident.c.id.in_(theirs))
        return self._load(query.order_by(incident.c.id.desc()).limit(limit))

    def open_by_hand(self, party_id: PartyId, person_id: PersonId) -> int:
        query = select(func.count()).where(
            incident.c.party_id == party_id,
            incident.c.closed_at.is_(None),
            incident.c.source_name.is_(None),
            incident.c.opened_by_id == person_id,
        )
        return self._connection.scalar(query) or 0

    def _one(self, query: Select[Any]) -> Incident:
        found = self._load(query)
        if not found:
            raise NotFoundError
        return found[0]

    def _load(self, query: Select[Any]) -> list[Incident]:
        rows = list(self._connection.execute(query))
        ids = [row.id for row in rows]
        shapers = self._by_incident(incident_shaper, ids)
        assigned = self._by_incident(incident_assignment, ids)
        return [_to_incident(row, shapers[row.id], assigned[row.id]) for row in rows]

    def _by_incident(self, table: Any, ids: Sequence[str]) -> Mapping[str, list[Row[Any]]]:
        found: dict[str, list[Row[Any]]] = {one: [] for one in ids}
        if ids:
            query = select(table).where(table.c.incident_id.in_(ids)).order_by(table.c.person_id)
            for row in self._connection.execute(query):
                found[row.incident_id].append(row)
        return found

    def _put_people(self, of: Incident) -> None:
        shapers = [{"incident_id": of.id, "person_id": one} for one in sorted(of.shaped_by)]
        if shapers:
            self._connection.execute(insert(incident_shaper), shapers)
        assigned = [
            {"incident_id": of.id, "person_id": one.person_id, "name": one.name, "at": one.at}
            for one in of.assigned
        ]
        if assigned:
            self._connection.execute(insert(incident_assignment), assigned)


class SqlColleagues:
    """Implements `ports.Colleagues` over the tables of identity, which it only reads."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def name(self, party_id: PartyId, person_id: PersonId, at: datetime) -> str | None:
        query = (
            select(person.c.name)
            .join(membership, membership.c.person_id == person.c.id)
            .where(
                membership.c.party_id == party_id,
                membership.c.person_id == person_id,
                membership.c.suspended_at.is_(None),
                membership.c.expires_at.is_(None) | (membership.c.expires_at > at),
            )
        )
        name: str | None = self._connection.scalar(query)
        return name


class SqlIncidentFacts:
    """What consent and the camera search may know of an incident."""

    def __init__(self, tx: Transaction) -> None:
        self._incidents = SqlIncidents(tx)

    def for_incident(self, incident_id: IncidentId, party_id: PartyId) -> IncidentFacts | None:
        found = self._find(incident_id, party_id)
        if found is None:
            return None
        return IncidentFacts(
            id=found.id,
            type=found.type,
            place=found.place,
            opened_at=found.opened_at,
            shaped_at=found.shaped_at,
            closed_at=found.closing.at if found.closing else None,
            shaped_by=found.shaped_by,
            assigned=found.people,
        )

    def area(self, incident_id: IncidentId, who: Principal) -> Area | None:
        """Where an open incident lets those who see it look for cameras; None once it is closed."""
        found = self._find(incident_id, who.party)
        return found.area if found is not None and found.is_open and sees(who, found) else None

    def _find(self, incident_id: IncidentId, party_id: PartyId) -> Incident | None:
        try:
            return self._incidents.get(incident_id, party_id)
        except NotFoundError:
            return None


def _of(party_id: PartyId) -> Select[Any]:
    return select(incident).where(incident.c.party_id == party_id)


def _to_row(value: Incident) -> dict[str, Any]:
    closing, source = value.closing, value.source
    return {
        "id": value.id,
        "party_id": value.party_id,
        "type": value.type.value,
        "title": value.title,
        "address": value.address,
        "priority": value.priority.value,
        "lat": value.place.lat,
        "lon": value.place.lon,
        "area": _area_to_json(value.area),
        "opened_at": value.opened_at,
        **_by_to_row("opened_by", value.opened_by),
        "source_name": source.name if source else None,
        "source_reference": source.reference if source else None,
        "shaped_at": value.shaped_at,
        "closed_at": closing.at if closing else None,
        **_by_to_row("closed_by", closing.by if closing else None),
        "outcome": closing.outcome.value if closing else None,
        "outcome_words": closing.words if closing else None,
        "version": value.version,
        "events": value.events,
    }


def _to_incident(row: Any, shapers: Iterable[Any], assigned: Iterable[Any]) -> Incident:
    source = None
    if row.source_name is not None:
        source = Source(name=row.source_name, reference=row.source_reference)
    return Incident(
        id=row.id,
        party_id=row.party_id,
        type=IncidentType(row.type),
        title=row.title,
        address=row.address,
        priority=Priority(row.priority),
        place=Point(row.lat, row.lon),
        area=_area_from_json(row.area),
        opened_at=row.opened_at,
        opened_by=By(kind=row.opened_by_kind, id=row.opened_by_id, name=row.opened_by_name),
        source=source,
        shaped_at=row.shaped_at,
        shaped_by=frozenset(one.person_id for one in shapers),
        assigned=tuple(
            Assigned(person_id=one.person_id, name=one.name, at=one.at) for one in assigned
        ),
        closing=_to_closing(row),
        version=row.version,
        events=row.events,
    )


def _to_closing(row: Any) -> Closing | None:
    if row.closed_at is None:
        return None
    return Closing(
        at=row.closed_at,
        by=By(kind=row.closed_by_kind, id=row.closed_by_id, name=row.closed_by_name),
        outcome=Outcome(row.outcome),
        words=row.outcome_words,
    )


def _by_to_row(name: str, by: By | None) -> dict[str, Any]:
    return {
        f"{name}_kind": by.kind if by else None,
        f"{name}_id": by.id if by else None,
        f"{name}_name": by.name if by else None,
    }


def _event_row(incident_id: IncidentId, event: Event) -> dict[str, Any]:
    return {
        "incident_id": incident_id,
        "n": event.n,
        "at": event.at,
        "kind": event.kind.value,
        **_by_to_row("by", event.by),
        "details": dict(event.details),
    }


def _to_event(row: Any) -> Event:
    return Event(
        n=row.n,
        at=row.at,
        kind=EventKind(row.kind),
        by=By(kind=row.by_kind, id=row.by_id, name=row.by_name),
        details=row.details,
    )


def _area_to_json(area: Area) -> dict[str, Any]:
    if isinstance(area, Circle):
        return {"centre": [area.centre.lat, area.centre.lon], "radius_m": area.radius_m}
    return {"ring": [[point.lat, point.lon] for point in area.ring]}


def _area_from_json(value: Mapping[str, Any]) -> Area:
    if "ring" in value:
        return Polygon(tuple(Point(lat, lon) for lat, lon in value["ring"]))
    return Circle(Point(*value["centre"]), value["radius_m"])
