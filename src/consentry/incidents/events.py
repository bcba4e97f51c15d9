"""What others are told of an incident."""

from dataclasses import dataclass
from datetime import datetime

from consentry.kernel.ids import IncidentId, PartyId

from .model import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed:
    """Whatever was open because of this incident has lost its ground."""

    incident_id: IncidentId
    party_id: PartyId
    at: datetime
    outcome: Outcome
