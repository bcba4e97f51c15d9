"""Open, change, assign, note, close: each with its log entry and its line in the timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.kernel import canonical
from consentry.kernel.access import Principal
from consentry.kernel.canonical import Json
from consentry.kernel.clock import Clock
from consentry.kernel.errors import ConflictError, ExhaustedError, NotFoundError
from consentry.kernel.ids import IdSource, IncidentId, PersonId

from .events import IncidentClosed
from .model import (
    Assigned,
    By,
    Change,
    Closing,
    Event,
    EventKind,
    Filter,
    Incident,
    NewIncident,
    Outcome,
    Source,
)
from .ports import Closings, Colleagues, Incidents
from .rules import (
    Told,
    area_around,
    area_json,
    changed,
    place_json,
    require_open,
    require_reopenable,
    require_version,
    sees,
    sees_all,
    shaped,
)

ASSIGNED_MAX: Final = 200
EVENTS_MAX: Final = 10_000
OPEN_BY_HAND_MAX: Final = 50
"""By one person at once: each opens a piece of the map."""


class IncidentDesk:
    """The working room. Whatever a principal cannot see is not found."""

    def __init__(
        self,
        incidents: Incidents,
        colleagues: Colleagues,
        closings: Closings,
        journal: Journal,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._incidents = incidents
        self._colleagues = colleagues
        self._closings = closings
        self._journal = journal
        self._clock = clock
        self._ids = ids

    def open(self, by: Principal, new: NewIncident) -> Incident:
        """Opened by hand: who does so has shaped it."""
        person_id = _person(by)
        if self._incidents.open_by_hand(by.party, person_id) >= OPEN_BY_HAND_MAX:
            raise ExhaustedError(
                f"You have {OPEN_BY_HAND_MAX} incidents open that you opened by hand. Have some "
                "of them closed first."
            )
        incident = replace(self._new(by, new), shaped_by=frozenset({person_id}))
        return self._add(by, incident, EventKind.OPENED)

    def dispatch(self, by: Principal, new: NewIncident, source: Source) -> tuple[Incident, bool]:
        """Take in a dispatched one, once: True where it is new. Nobody here has shaped it."""
        held = self._incidents.from_source(by.party, source)
        if held is None:
            incident = replace(self._new(by, new), source=source)
            return self._add(by, incident, EventKind.DISPATCHED), True
        first = self._incidents.timeline(held.id, 0, 1)[0]
        if first.details != _told(self._new(by, new)):
            raise ConflictError(
                "This reference came before with other content. Change the incident itself.",
                slug="source_reference_reused",
            )
        return held, False

    def get(self, by: Principal, incident_id: IncidentId) -> Incident:
        return _seen(by, self._incidents.get(incident_id, by.party))

    def page(
        self, by: Principal, wanted: Filter, before: str | None, limit: int
    ) -> Sequence[Incident]:
        if not sees_all(by):
            wanted = replace(wanted, assigned_to=_person(by))
        return self._incidents.page(by.party, wanted, before, limit)

    def timeline(
        self, by: Principal, incident_id: IncidentId, after: int, limit: int
    ) -> Sequence[Event]:
        incident = self.get(by, incident_id)
        return self._incidents.timeline(incident.id, after, limit)

    def change(
        self, by: Principal, incident_id: IncidentId, version: int, change: Change
    ) -> Incident:
        incident = self._held(by, incident_id)
        require_open(incident)
        require_version(incident, version)
        after, told = changed(incident, change, _person(by), self._clock.now())
        if not told:
            return incident
        return self._keep(by, after, told, LoggedAct.INCIDENT_CHANGED)

    def assign(self, by: Principal, incident_id: IncidentId, person_id: PersonId) -> Incident:
        """Assign a person of the same agency. Assigning once more changes nothing."""
        incident = self._held(by, incident_id)
        require_open(incident)
        now = self._clock.now()
        name = self._colleagues.name(by.party, person_id, now)
        if name is None:
            raise NotFoundError("There is no such person in your agency.")
        if person_id in incident.people:
            return incident
        if len(incident.assigned) >= ASSIGNED_MAX:
            raise ExhaustedError(f"At most {ASSIGNED_MAX} people are assigned to one incident.")
        one = Assigned(person_id=person_id, name=name, at=now)
        after = replace(incident, assigned=(*incident.assigned, one), version=incident.version + 1)
        told = (EventKind.ASSIGNED, {"person_id": person_id, "name": name})
        return self._keep(by, after, [told], LoggedAct.INCIDENT_CHANGED)

    def unassign(self, by: Principal, incident_id: IncidentId, person_id: PersonId) -> Incident:
        incident = self._held(by, incident_id)
        require_open(incident)
        left = tuple(one for one in incident.assigned if one.person_id != person_id)
        if len(left) == len(incident.assigned):
            return incident
        after = replace(incident, assigned=left, version=incident.version + 1)
        told = (EventKind.UNASSIGNED, {"person_id": person_id})
        return self._keep(by, after, [told], LoggedAct.INCIDENT_CHANGED)

    def note(self, by: Principal, incident_id: IncidentId, text: str) -> Event:
        """Add words to the timeline, also after closing: what is learnt later belongs there."""
        incident = self._held(by, incident_id)
        told = (EventKind.NOTED, {"text": text})
        after = self._keep(by, incident, [told], LoggedAct.INCIDENT_CHANGED)
        return self._incidents.timeline(incident.id, after.events - 1, 1)[0]

    def close(
        self,
        by: Principal,
        incident_id: IncidentId,
        version: int,
        outcome: Outcome,
        words: str = "",
    ) -> Incident:
        incident = self._held(by, incident_id)
        require_open(incident)
        require_version(incident, version)
        now = self._clock.now()
        closing = Closing(at=now, by=By.of(by), outcome=outcome, words=words)
        after = replace(incident, closing=closing, version=incident.version + 1)
        told = (EventKind.CLOSED, {"outcome": outcome.value, "words": words})
        kept = self._keep(by, after, [told], LoggedAct.INCIDENT_CLOSED)
        self._closings(
            IncidentClosed(incident_id=kept.id, party_id=kept.party_id, at=now, outcome=outcome)
        )
        return kept

    def reopen(self, by: Principal, incident_id: IncidentId, version: int) -> Incident:
        """Undo a closing soon after. Who does so has shaped it, as whoever opens one."""
        incident = self._held(by, incident_id)
        require_version(incident, version)
        now = self._clock.now()
        require_reopenable(incident, now)
        after = shaped(
            replace(incident, closing=None, version=incident.version + 1), _person(by), now
        )
        told: Told = (EventKind.REOPENED, {})
        return self._keep(by, after, [told], LoggedAct.INCIDENT_OPENED)

    def _new(self, by: Principal, new: NewIncident) -> Incident:
        now = self._clock.now()
        return Incident(
            id=IncidentId(self._ids()),
            party_id=by.party,
            type=new.type,
            title=new.title,
            address=new.address,
            priority=new.priority,
            place=new.place,
            area=area_around(new.place, new.area),
            opened_at=now,
            opened_by=By.of(by),
            shaped_at=now,
        )

    def _add(self, by: Principal, incident: Incident, kind: EventKind) -> Incident:
        self._incidents.add(incident)
        return self._keep(by, incident, [(kind, _told(incident))], LoggedAct.INCIDENT_OPENED)

    def _held(self, by: Principal, incident_id: IncidentId) -> Incident:
        return _seen(by, self._incidents.held(incident_id, by.party))

    def _keep(
        self, by: Principal, incident: Incident, told: Sequence[Told], act: LoggedAct
    ) -> Incident:
        """Store the state, its events and their entry: all of it, or nothing."""
        if incident.events + len(told) > EVENTS_MAX:
            raise ExhaustedError(f"The timeline of an incident holds {EVENTS_MAX} events.")
        now = self._clock.now()
        events = [
            Event(n=incident.events + n, at=now, kind=kind, by=By.of(by), details=details)
            for n, (kind, details) in enumerate(told, 1)
        ]
        after = replace(incident, events=incident.events + len(told))
        self._incidents.change(after)
        self._incidents.add_events(after.id, events)
        self._record(by, after, told, act)
        return after

    def _record(
        self, by: Principal, incident: Incident, told: Sequence[Told], act: LoggedAct
    ) -> None:
        on = Subject(kind="incident", id=incident.id, title=incident.title, party=incident.party_id)
        self._journal.record(
            act,
            Actor.of(by),
            on,
            decision=",".join(kind.value for kind, _ in told),
            reference=incident.source.reference if incident.source else "",
            reason=incident.closing.outcome.value if incident.closing else "",
            changes={
                kind.value: sha256(canonical.encode(details)).hexdigest() for kind, details in told
            },
        )


def _told(incident: Incident) -> Mapping[str, Json]:
    return {
        "type": incident.type.value,
        "place": place_json(incident.place),
        "area": area_json(incident.area),
        "priority": incident.priority.value,
        "title": incident.title,
        "address": incident.address,
    }


def _seen(by: Principal, incident: Incident) -> Incident:
    if not sees(by, incident):
        raise NotFoundError
    return incident


def _person(by: Principal) -> PersonId:
    if by.person_id is None:
        raise LookupError("only a person does this")
    return by.person_id
