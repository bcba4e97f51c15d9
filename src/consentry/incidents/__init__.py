"""The working room around something that happens: open, place, assign, note, close."""

from .events import IncidentClosed
from .model import (
    Assigned,
    By,
    Change,
    Event,
    EventKind,
    Filter,
    Incident,
    NewIncident,
    Origin,
    Outcome,
    Priority,
    Source,
)
from .service import IncidentDesk

__all__ = [
    "Assigned",
    "By",
    "Change",
    "Event",
    "EventKind",
    "Filter",
    "Incident",
    "IncidentClosed",
    "IncidentDesk",
    "NewIncident",
    "Origin",
    "Outcome",
    "Priority",
    "Source",
]
