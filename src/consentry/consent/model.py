"""The nouns of consent: what an owner promised, who asks for what, and what was answered.

Values only. `Grant` and the other statements are what the owner sealed, with the life that the
fold of statements gave them; `Context` is everything else that `rules.decide` may know.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from consentry.kernel.access import Role
from consentry.kernel.canonical import Json, encode
from consentry.kernel.clock import to_text
from consentry.kernel.geo import Point
from consentry.kernel.ids import AskId, CameraId, GrantId, IncidentId, PartyId, PersonId

from .reasons import EDGE_REASONS, HUB_REASONS, WORDS, Reason
from .vocabulary import (
    AGENCIES_MAX,
    APPROVAL_LIFE,
    BREAK_GLASS_LIFE,
    COOLING,
    GRANT_LIFE_MAX,
    HOLD_LIFE,
    HOURS_MAX,
    LIVE_FOOTAGE_BACK,
    LIVE_USES,
    MISMATCH_LEAD,
    MISMATCH_M,
    NOTICE_DELAY_MAX,
    NOTICE_DELAY_TOTAL_MAX,
    OFF_BY_DEFAULT,
    OPENED_FREE,
    OPENED_SPAN,
    PREVIEW_LIFE,
    RADIUS_M_MAX,
    RECORDED_USES,
    SESSION_S_MAX,
    SHARE_NOW_FREE,
    SHARE_NOW_MAX,
    STEP_UP_LIFE,
    STEP_UP_LIFE_EXPORT,
    WINDOW_MAX,
    ApprovalKind,
    Cap,
    IncidentType,
    Kind,
    Obligation,
    ProtectedKind,
    Purpose,
    SecondPersonCause,
    Use,
)

__all__ = [
    "AGENCIES_MAX",
    "APPROVAL_LIFE",
    "BREAK_GLASS_LIFE",
    "COOLING",
    "EDGE_REASONS",
    "GRANT_LIFE_MAX",
    "HOLD_LIFE",
    "HOURS_MAX",
    "HUB_REASONS",
    "LIVE_FOOTAGE_BACK",
    "LIVE_USES",
    "MISMATCH_LEAD",
    "MISMATCH_M",
    "NOTICE_DELAY_MAX",
    "NOTICE_DELAY_TOTAL_MAX",
    "OFF_BY_DEFAULT",
    "OPENED_FREE",
    "OPENED_SPAN",
    "PREVIEW_LIFE",
    "RADIUS_M_MAX",
    "RECORDED_USES",
    "SESSION_S_MAX",
    "SHARE_NOW_FREE",
    "SHARE_NOW_MAX",
    "STEP_UP_LIFE",
    "STEP_UP_LIFE_EXPORT",
    "WINDOW_MAX",
    "WORDS",
    "Answer",
    "Approval",
    "ApprovalKind",
    "Ask",
    "CameraFacts",
    "Cap",
    "Context",
    "Decision",
    "Grant",
    "GrantRef",
    "Hours",
    "IncidentFacts",
    "IncidentType",
    "Kind",
    "Obligation",
    "Opening",
    "Pause",
    "Permit",
    "PolicyPack",
    "Preview",
    "ProtectedKind",
    "Protection",
    "Purpose",
    "Reason",
    "Refusal",
    "SecondPersonCause",
    "ShareNow",
    "Span",
    "Use",
    "Zone",
    "hash_ask",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Half-open: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime

    def holds(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Local time on some days of the week (0 is Monday), in minutes since midnight.

    `end_min` up to 1440; at or before `start_min` it is on the next day.
    """

    days: frozenset[int]
    start_min: int
    end_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A time zone as values: from each instant on, that many seconds east of UTC.

    Good from the first transition until `known_until`; beyond, the local time is unknown.
    """

    transitions: tuple[tuple[datetime, int], ...]
    known_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One version of an owner's promise. A limit that is named holds for every kind.

    The last four fields are its life, as the fold of accepted statements found it: sealed at
    `issued_at`, in force from `effective_at` (after cooling) until it was superseded or revoked.
    """

    id: GrantId
    version: int
    camera_id: CameraId
    agencies: frozenset[PartyId]
    kind: Kind
    uses: frozenset[Use]
    purposes: frozenset[Purpose]
    not_before: datetime
    not_after: datetime
    max_session_s: int
    incident_types: frozenset[IncidentType] = frozenset()
    """Empty: any. Kind `incident` names at least one."""
    radius_m: int | None = None
    hours: tuple[Hours, ...] = ()
    """Empty: any. Kind `schedule` names at least one."""
    tz: str = ""
    masks: str = ""
    """SHA-256 (hex) of the masks statement that the owner had in mind; empty for none."""
    agency_key: str = ""
    """Ed25519 key (hex) that must sign each entry too; empty for none."""

    hash: str = ""
    """SHA-256 (hex) of the sealed bytes."""
    effective_at: datetime
    superseded_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Sharing stopped by the owner, sealed or not. `end` is None while it lasts."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareNow:
    hash: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    hash: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The owner's yes to one ask, for one exact window of captured time, from `at` on, until
    `not_after`. For the picture of now, now is captured time."""

    hash: str
    at: datetime
    ask_id: AskId
    agency_id: PartyId
    use: Use
    purpose: Purpose
    window: Span
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """A protected place or event that the camera sees; without `span` it is there always."""

    kind: ProtectedKind
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFacts:
    id: CameraId
    owner_id: PartyId
    place: Point
    private: bool
    """Owned by a household or a business, not by an agency."""
    home_interior: bool = False
    protections: tuple[Protection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFacts:
    id: IncidentId
    type: IncidentType
    place: Point
    opened_at: datetime
    shaped_at: datetime
    """Since when its type and place are what they are now; `opened_at` if never changed."""
    closed_at: datetime | None = None
    shaped_by: frozenset[PersonId] = frozenset()
    """Who opened, moved or retyped it by hand. A dispatched one that nobody touched: empty."""
    assigned: frozenset[PersonId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A second person's yes (or the actor's broken glass) to exactly one ask, by its hash."""

    kind: ApprovalKind
    person_id: PersonId
    ask_hash: str
    at: datetime
    ends_at: datetime
    stepped_up: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A camera that was opened to the ask's incident, by whomever of whichever agency."""

    camera_id: CameraId
    owner_id: PartyId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPack:
    """What an agency's law or practice forbids beyond the bounds. It can only limit."""

    version: int
    uses_forbidden: frozenset[Use] = frozenset()
    purposes_forbidden: frozenset[Purpose] = frozenset()
    second_person_uses: frozenset[Use] = frozenset()
    session_s_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request to use one camera, for one purpose, by one person of one agency.

    `hash` binds approvals: see `hash_ask`. `window` is set for recorded uses and `hold` only.
    """

    id: AskId
    camera_id: CameraId
    agency_id: PartyId
    person_id: PersonId
    role: Role
    use: Use
    purpose: Purpose
    hash: str
    incident_id: IncidentId | None = None
    case_reference: str = ""
    reason: str = ""
    window: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that a decision may know beside the ask and the grants. What is not known refuses."""

    now: datetime
    clock_trusted: bool
    stopped: bool
    actor_suspended: bool
    stepped_up_at: datetime | None
    camera: CameraFacts | None
    incident: IncidentFacts | None = None
    lawful_purposes: frozenset[Purpose] = frozenset()
    """Purposes for which the agency recorded a lawful basis for this camera."""
    pauses: tuple[Pause, ...] = ()
    shares: tuple[ShareNow, ...] = ()
    answers: tuple[Answer, ...] = ()
    previews: tuple[Preview, ...] = ()
    approvals: tuple[Approval, ...] = ()
    openings: tuple[Opening, ...] = ()
    opened_at: datetime | None = None
    """When this session first opened; None before it has. Session caps count from here."""
    zones: Mapping[str, Zone] = field(default_factory=dict)
    masks: str = ""
    masks_since: datetime | None = None
    policy: PolicyPack | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRef:
    id: GrantId
    version: int
    hash: str
    agency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Proof of consent: nothing that opens media can be called without one. Made in `rules`."""

    ask: Ask
    grant: GrantRef | None
    """None for `preview` alone."""
    statement: str
    """Hash of the `share_now`, `answer` or `preview` that opened it; empty where none did."""
    until: datetime
    cap: Cap
    footage: tuple[Span, ...]
    """The capture time that it covers; nothing outside is served."""
    obligations: frozenset[Obligation]
    masks: str = ""
    causes: frozenset[SecondPersonCause] = frozenset()
    hold_until: datetime | None = None
    notice_at: datetime | None = None
    """Set where a lawful delay hides who and why until then; that there was an access shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    ask: Ask
    reason: Reason
    causes: frozenset[SecondPersonCause] = frozenset()
    """Why a second person is needed, where that is the reason."""

    @property
    def words(self) -> str:
        return WORDS[self.reason]


Decision = Permit | Refusal


def hash_ask(ask: Ask, cameras: Iterable[CameraId]) -> str:
    """What a second person approves: the ask as a whole, with every camera that it names."""
    parts: dict[str, Json] = {
        "v": 1,
        "id": ask.id,
        "cameras": sorted(cameras),
        "agency": ask.agency_id,
        "person": ask.person_id,
        "role": ask.role.value,
        "use": ask.use.value,
        "purpose": ask.purpose.value,
        "incident": ask.incident_id or "",
        "case": ask.case_reference,
        "reason": ask.reason,
    }
    if ask.window is not None:
        parts["window"] = {"from": to_text(ask.window.start), "until": to_text(ask.window.end)}
    return sha256(b"consentry/ask/v1\n" + encode(parts)).hexdigest()
