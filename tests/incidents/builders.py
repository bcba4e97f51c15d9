"""Incidents, people and a desk to work at, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from consentry.consent import IncidentType
from consentry.incidents import (
    By,
    Event,
    Filter,
    Incident,
    IncidentClosed,
    IncidentDesk,
    NewIncident,
    Priority,
    Source,
)
from consentry.incidents.rules import area_around
from consentry.kernel.access import Act, Principal, PrincipalKind, Role
from consentry.kernel.errors import NotFoundError
from consentry.kernel.geo import Point
from consentry.kernel.ids import IncidentId, PartyId, PersonId, new_id
from tests.kit import NOON
from tests.kit.chance import CountingIds, VirtualClock
from tests.kit.journal import MemoryEntries, a_journal

HARBOUR = Point(54.1, 12.1)
STATION = Point(54.102, 12.103)


def an_id(number: int) -> str:
    return new_id(NOON, number.to_bytes(10, "big"))


AGENCY, OTHER_AGENCY = PartyId(an_id(1)), PartyId(an_id(2))
OPERATOR, RESPONDER, SUPERVISOR = PersonId(an_id(11)), PersonId(an_id(12)), PersonId(an_id(13))
STRANGER = PersonId(an_id(14))


def a_person(
    role: Role = Role.OPERATOR, person_id: PersonId = OPERATOR, party_id: PartyId = AGENCY
) -> Principal:
    return Principal(
        kind=PrincipalKind.PERSON,
        party_id=party_id,
        person_id=person_id,
        name=f"A {role.value}",
        roles=frozenset({role}),
    )


operator = a_person()
responder = a_person(Role.RESPONDER, RESPONDER)
supervisor = a_person(Role.SUPERVISOR, SUPERVISOR)
stranger = a_person(Role.SUPERVISOR, STRANGER, OTHER_AGENCY)
dispatcher = Principal(
    kind=PrincipalKind.TOKEN,
    party_id=AGENCY,
    token_id=an_id(21),
    name="CAD",
    scopes=frozenset({Act.DISPATCH_INCIDENT, Act.READ_INCIDENTS}),
)


def a_new_incident(**changes: Any) -> NewIncident:
    new = NewIncident(type=IncidentType.FIRE, place=HARBOUR, title="Smoke in the harbour")
    return replace(new, **changes)


def an_incident(number: int = 101, **changes: Any) -> Incident:
    incident = Incident(
        id=IncidentId(an_id(number)),
        party_id=AGENCY,
        type=IncidentType.FIRE,
        title="Smoke in the harbour",
        priority=Priority.URGENT,
        place=HARBOUR,
        area=area_around(HARBOUR, None),
        opened_at=NOON,
        opened_by=By.of(operator),
        shaped_at=NOON,
        shaped_by=frozenset({OPERATOR}),
    )
    return replace(incident, **changes)


class MemoryIncidents:
    """Implements `incidents.ports.Incidents`."""

    def __init__(self) -> None:
        self._held: dict[str, Incident] = {}
        self._events: dict[str, list[Event]] = {}

    def add(self, incident: Incident) -> None:
        self._held[incident.id] = incident

    def get(self, incident_id: IncidentId, party_id: PartyId) -> Incident:
        found = self._held.get(incident_id)
        if found is None or found.party_id != party_id:
            raise NotFoundError
        return found

    def held(self, incident_id: IncidentId, party_id: PartyId) -> Incident:
        return self.get(incident_id, party_id)

    def from_source(self, party_id: PartyId, source: Source) -> Incident | None:
        ours = (one for one in self._held.values() if one.party_id == party_id)
        return next((one for one in ours if one.source == source), None)

    def change(self, incident: Incident) -> None:
        self._held[incident.id] = incident

    def add_events(self, incident_id: IncidentId, events: Sequence[Event]) -> None:
        self._events.setdefault(incident_id, []).extend(events)

    def timeline(self, incident_id: IncidentId, after: int, limit: int) -> Sequence[Event]:
        return [one for one in self._events.get(incident_id, []) if one.n > after][:limit]

    def page(
        self, party_id: PartyId, wanted: Filter, before: str | None, limit: int
    ) -> Sequence[Incident]:
        ours = [
            one
            for one in sorted(self._held.values(), key=lambda one: one.id, reverse=True)
            if one.party_id == party_id
            and (before is None or one.id < before)
            and wanted.open in (None, one.is_open)
            and wanted.type in (None, one.type)
            and (wanted.assigned_to is None or wanted.assigned_to in one.people)
        ]
        return ours[:limit]

    def open_by_hand(self, party_id: PartyId, person_id: PersonId) -> int:
        return sum(
            one.is_open and one.source is None and one.opened_by.id == person_id
            for one in self._held.values()
            if one.party_id == party_id
        )


NAMES = {
    (AGENCY, OPERATOR): "Olga",
    (AGENCY, RESPONDER): "Rolf",
    (AGENCY, SUPERVISOR): "Sofia",
    (OTHER_AGENCY, STRANGER): "Stefan",
}


class MemoryColleagues:
    """Implements `incidents.ports.Colleagues`."""

    def name(self, party_id: PartyId, person_id: PersonId, at: datetime) -> str | None:
        return NAMES.get((party_id, person_id))


@dataclass
class Room:
    """A desk over fakes, and what happened around it."""

    desk: IncidentDesk
    incidents: MemoryIncidents
    entries: MemoryEntries
    clock: VirtualClock
    closings: list[IncidentClosed] = field(default_factory=list)


def a_room() -> Room:
    clock, incidents, closings = VirtualClock(), MemoryIncidents(), list[IncidentClosed]()
    journal, entries = a_journal(clock)
    desk = IncidentDesk(
        incidents, MemoryColleagues(), closings.append, journal, clock, CountingIds(500)
    )
    return Room(desk, incidents, entries, clock, closings)
