"""The nouns of the log: who did what, on what, why, and what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from consentry.kernel.access import Principal
from consentry.kernel.canonical import Json
from consentry.kernel.ids import EntryId


class LoggedAct(StrEnum):
    """Everything that leaves an entry. Closed: a new act is a new version of the entry."""

    STATEMENT_ACCEPTED = "statement_accepted"
    STATEMENT_REFUSED = "statement_refused"
    STATEMENT_APPLIED = "statement_applied"
    STOP_REQUESTED = "stop_requested"
    ASK_PERMITTED = "ask_permitted"
    ASK_REFUSED = "ask_refused"
    ASK_WAITING = "ask_waiting"
    ASK_APPROVED = "ask_approved"
    ASK_REVIEWED = "ask_reviewed"
    ASK_LAPSED = "ask_lapsed"
    BREAK_GLASS = "break_glass"
    STOPPED_ALL = "stopped_all"
    RESUMED_ALL = "resumed_all"
    VIEW_STARTED = "view_started"
    VIEW_ENDED = "view_ended"
    CAMERA_ADDED = "camera_added"
    CAMERA_CHANGED = "camera_changed"
    CAMERA_CONFIRMED = "camera_confirmed"
    CAMERA_REMOVED = "camera_removed"
    CAMERAS_IMPORTED = "cameras_imported"
    CAMERAS_EXPORTED = "cameras_exported"
    CAMERAS_SEARCHED = "cameras_searched"
    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CHANGED = "incident_changed"
    INCIDENT_CLOSED = "incident_closed"
    LAWFUL_BASIS_RECORDED = "lawful_basis_recorded"
    PROTECTED_PLACE_CHANGED = "protected_place_changed"
    POLICY_CHANGED = "policy_changed"
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOGGED_OUT = "logged_out"
    STEPPED_UP = "stepped_up"
    PARTY_CHANGED = "party_changed"
    PERSON_CHANGED = "person_changed"
    KEY_CHANGED = "key_changed"
    TOKEN_CHANGED = "token_changed"  # noqa: S105 an act, not a secret
    EDGE_CHANGED = "edge_changed"
    SETTING_CHANGED = "setting_changed"
    LOG_SEARCHED = "log_searched"
    ENTRY_ERASED = "entry_erased"


ACCESSES = frozenset(
    {
        LoggedAct.ASK_PERMITTED,
        LoggedAct.ASK_REFUSED,
        LoggedAct.ASK_WAITING,
        LoggedAct.VIEW_STARTED,
        LoggedAct.VIEW_ENDED,
    }
)
"""Of these the holder hears through consent, which knows of a notice that is lawfully delayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acted, as the session proved it. Empty text where a part does not apply."""

    kind: str
    id: str
    role: str = ""
    agency: str = ""
    session: str = ""

    @classmethod
    def of(cls, principal: Principal) -> "Actor":
        return cls(
            kind=principal.kind.value,
            id=principal.id,
            role=",".join(sorted(principal.roles)),
            agency=principal.party_id or "",
            session=principal.session_id or "",
        )


SYSTEM = Actor(kind="system", id="hub")
"""The hub itself, for what happens by time: expiry, closing, sweeping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was acted on. `title` is as of then: the entry stays readable when the thing changes."""

    kind: str
    id: str
    title: str = ""
    party: str = ""
    """Who held it then, where somebody does: their auditors and they themselves may read on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry, version 1. Absent parts are left out of the canonical bytes, never null."""

    id: EntryId
    at: datetime
    act: LoggedAct
    actor: Actor
    on: Subject
    decision: str = ""
    reference: str = ""
    purpose: str = ""
    reason: str = ""
    changes: Mapping[str, str] = field(default_factory=dict)
    """Name of what changed -> SHA-256 (hex) of its new canonical value."""
    ticket: Mapping[str, Json] = field(default_factory=dict)
    """The permit, for an entry that opens media: it exists here and nowhere else."""
