"""Consent: what owners promised under their seal, who asks, and what is answered."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .bodies import (
    AnswerTerms,
    Body,
    GrantTerms,
    PauseNow,
    Resumption,
    Revocation,
    Sharing,
    StatementType,
)
from .model import (
    WORDS,
    Approval,
    Ask,
    CameraFacts,
    Grant,
    Hours,
    IncidentFacts,
    IncidentType,
    Kind,
    Permit,
    ProtectedKind,
    Purpose,
    Reason,
    Refusal,
    Span,
    Use,
)
from .ports import (
    CameraFactsSource,
    IncidentFactsSource,
    Outside,
    People,
    Proofs,
    Stores,
    TicketKey,
)
from .records import AskRecord, AskState, EdgeFacts, Hub
from .sealing import key_claim
from .statements import FIRST, Envelope, Statement, seal

if TYPE_CHECKING:
    from .service import AskDraft, BasisDraft, Consent, Outcome, PlaceDraft, Sealed

__all__ = [
    "FIRST",
    "WORDS",
    "AnswerTerms",
    "Approval",
    "Ask",
    "AskDraft",
    "AskRecord",
    "AskState",
    "BasisDraft",
    "Body",
    "CameraFacts",
    "CameraFactsSource",
    "Consent",
    "EdgeFacts",
    "Envelope",
    "Grant",
    "GrantTerms",
    "Hours",
    "Hub",
    "IncidentFacts",
    "IncidentFactsSource",
    "IncidentType",
    "Kind",
    "Outcome",
    "Outside",
    "PauseNow",
    "People",
    "Permit",
    "PlaceDraft",
    "Proofs",
    "ProtectedKind",
    "Purpose",
    "Reason",
    "Refusal",
    "Resumption",
    "Revocation",
    "Sealed",
    "Sharing",
    "Span",
    "Statement",
    "StatementType",
    "Stores",
    "TicketKey",
    "Use",
    "key_claim",
    "seal",
]


def __getattr__(name: str) -> Any:
    """The services come when they are asked for: an edge or a command needs the words alone."""
    if name in __all__:
        return getattr(import_module(".service", __name__), name)
    raise AttributeError(name)
