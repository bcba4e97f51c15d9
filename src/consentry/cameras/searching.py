"""Searching as an act: for which incident, within what area, and its entry in the log."""

from typing import Final, Protocol

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.kernel.access import Principal
from consentry.kernel.errors import NotFoundError
from consentry.kernel.geo import Area
from consentry.kernel.ids import IncidentId

from .search import Viewer

NO_INCIDENT: Final = "There is no such open incident here."


class IncidentAreas(Protocol):
    """What the map needs to know of incidents. Implemented above, joined in wiring."""

    def area(self, incident_id: IncidentId, who: Principal) -> Area | None:
        """The area of an open incident that they work on; None for any other."""
        ...


class Searches:
    """Made anew in each unit of work."""

    def __init__(self, areas: IncidentAreas, journal: Journal) -> None:
        self._areas = areas
        self._journal = journal

    def viewer(self, who: Principal, incident_id: IncidentId | None) -> Viewer:
        """Raises NotFoundError for an incident that is closed or another party's."""
        if incident_id is None:
            return Viewer(who.party)
        area = self._areas.area(incident_id, who)
        if area is None:
            raise NotFoundError(NO_INCIDENT)
        return Viewer.of(who.party, area)

    def note(self, who: Principal, incident_id: IncidentId, viewer: Viewer, terms: str) -> None:
        """Log that others' cameras were shown. Raises NotFoundError if they no longer may be."""
        if self.viewer(who, incident_id) != viewer:
            raise NotFoundError(NO_INCIDENT)
        self._journal.record(
            LoggedAct.CAMERAS_SEARCHED,
            Actor.of(who),
            Subject(kind="incident", id=incident_id),
            reference=incident_id,
            reason=terms,
        )
