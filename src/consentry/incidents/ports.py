"""What the working room needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from consentry.kernel.ids import IncidentId, PartyId, PersonId

from .events import IncidentClosed
from .model import Event, Filter, Incident, Source


class Incidents(Protocol):
    def add(self, incident: Incident) -> None: ...

    def get(self, incident_id: IncidentId, party_id: PartyId) -> Incident:
        """Raises NotFoundError, also for an incident of another agency."""
        ...

    def held(self, incident_id: IncidentId, party_id: PartyId) -> Incident:
        """As `get`, locked until the transaction ends."""
        ...

    def from_source(self, party_id: PartyId, source: Source) -> Incident | None: ...

    def change(self, incident: Incident) -> None:
        """Store its present state. Events are added apart."""
        ...

    def add_events(self, incident_id: IncidentId, events: Sequence[Event]) -> None: ...

    def timeline(self, incident_id: IncidentId, after: int, limit: int) -> Sequence[Event]:
        """In the order in which they happened, those with `n` above `after`."""
        ...

    def page(
        self, party_id: PartyId, wanted: Filter, before: str | None, limit: int
    ) -> Sequence[Incident]:
        """The newest first, those with an id below `before`."""
        ...

    def open_by_hand(self, party_id: PartyId, person_id: PersonId) -> int:
        """How many that this person opened by hand are open now."""
        ...


class Colleagues(Protocol):
    """Whom an agency can assign. Implemented over identity."""

    def name(self, party_id: PartyId, person_id: PersonId, at: datetime) -> str | None:
        """The name of a member whose membership holds then; None for anyone else."""
        ...


class Closings(Protocol):
    """Whoever must know that an incident was closed."""

    def __call__(self, closed: IncidentClosed, /) -> None:
        """Told inside the transaction that closes it; an error here undoes the closing."""
        ...
