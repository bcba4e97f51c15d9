"""What the hub keeps about consent: rows as values, beside the nouns of `model`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from consentry.kernel.access import Role
from consentry.kernel.canonical import Json
from consentry.kernel.geo import Area, Point
from consentry.kernel.ids import (
    AskId,
    CameraId,
    EdgeId,
    EntryId,
    IncidentId,
    PartyId,
    PersonId,
    SessionId,
    TicketId,
)

from .model import (
    COOLING,
    Approval,
    ApprovalKind,
    Obligation,
    ProtectedKind,
    Purpose,
    Reason,
    SecondPersonCause,
    Span,
    Use,
)
from .statements import Envelope


class Lock(StrEnum):
    """How a row is read: just so, held against change until the end, or held to change it."""

    NONE = "none"
    SHARE = "share"
    CHANGE = "change"


class AskState(StrEnum):
    """Of an ask and of each of its cameras. `permitted` and `refused` are seen anew at renewal."""

    DRAFT = "draft"
    NEEDS_OWNER = "needs_owner"
    NEEDS_SECOND_PERSON = "needs_second_person"
    PERMITTED = "permitted"
    REFUSED = "refused"
    LAPSED = "lapsed"
    REVIEWED = "reviewed"


WAITING = frozenset({AskState.NEEDS_OWNER, AskState.NEEDS_SECOND_PERSON})


class AnswerWord(StrEnum):
    YES = "yes"
    NO = "no"
    PART = "part"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFacts:
    """The edge that a camera hangs on. `built_in`: the hub's own, so the hub keeps that lock."""

    id: EdgeId
    key: str
    built_in: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Where a camera's statements stand. `first_key` was pinned when they began."""

    camera_id: CameraId
    party_id: PartyId
    first_key: str
    owner_key: str
    """The newest key that a sealed `rotate` named; it counts once that has cooled."""
    count: int
    """How many statements and stops have been taken in: the number of the newest."""
    seq: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One statement as it came: the sealed bytes, never re-encoded."""

    camera_id: CameraId
    n: int
    seq: int
    hash: str
    type: str
    received_at: datetime
    bytes: bytes
    key: str
    alg: str
    sig: str
    entry_id: EntryId

    @property
    def envelope(self) -> Envelope:
        return Envelope(bytes=self.bytes, key=self.key, alg=self.alg, sig=self.sig)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The portal's stop: one click, no seal. Narrowing needs none."""

    camera_id: CameraId
    n: int
    at: datetime
    person_id: PersonId
    entry_id: EntryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One agency may be shown this camera on a map, for a half-open span."""

    camera_id: CameraId
    party_id: PartyId
    level: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerKey:
    party_id: PartyId
    key: str
    pinned_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskLine:
    """One camera of an ask. `entry_id` is the newest entry that decided it."""

    camera_id: CameraId
    owner_id: PartyId
    state: AskState
    reason: Reason | None = None
    causes: frozenset[SecondPersonCause] = frozenset()
    obligations: frozenset[Obligation] = frozenset()
    answer: AnswerWord | None = None
    opened_at: datetime | None = None
    until: datetime | None = None
    ticket_id: TicketId | None = None
    entry_id: EntryId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRecord:
    """An ask as a person made it, for up to 16 cameras; `hash` is what a second person approves."""

    id: AskId
    party_id: PartyId
    person_id: PersonId
    person_name: str
    session_id: SessionId
    role: Role
    use: Use
    purpose: Purpose
    incident_id: IncidentId | None
    case_reference: str
    reason: str
    window: Span | None
    asked_at: datetime
    lapses_at: datetime
    state: AskState
    hash: str
    lines: tuple[AskLine, ...] = ()
    approvals: tuple[Approval, ...] = ()
    """As they stood when the ask was read, oldest first."""
    review_due_at: datetime | None = None
    reviewed_at: datetime | None = None
    reviewed_by: PersonId | None = None
    review_finding: str = ""

    def line(self, camera_id: CameraId) -> AskLine | None:
        return next((line for line in self.lines if line.camera_id == camera_id), None)

    def approved_until(self, now: datetime) -> datetime | None:
        """Until when a second person's yes stands; None if none does."""
        ends = [
            each.ends_at
            for each in self.approvals
            if each.kind is ApprovalKind.SECOND_PERSON and each.at <= now < each.ends_at
        ]
        return max(ends, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One decision about one camera, as its owner is told of it."""

    entry_id: EntryId
    camera_id: CameraId
    owner_id: PartyId
    at: datetime
    decision: str
    reason: Reason | None
    until: datetime | None
    hidden_until: datetime | None
    ask: AskRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedPlace:
    """A clinic, a school, an assembly: whoever asks for a camera there needs a second person."""

    id: str
    party_id: PartyId
    kind: ProtectedKind
    name: str
    area: Area
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def holds(self, place: Point) -> bool:
        return self.area.contains(place)


@dataclass(frozen=True, slots=True, kw_only=True)
class LawfulBasis:
    """Why an agency may look at all: the filmed person's side, which no owner can consent to."""

    party_id: PartyId
    camera_id: CameraId
    purpose: Purpose
    basis: str
    necessity: str
    recorded_at: datetime
    recorded_by: PersonId
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPolicy:
    party_id: PartyId
    version: int
    name: str
    body: Mapping[str, Json]
    hash: str
    loaded_at: datetime
    loaded_by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyStop:
    """All viewing of one agency, stopped by a supervisor until a second one resumes it."""

    party_id: PartyId
    stopped: bool
    at: datetime
    by: PersonId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """This hub as statements and tickets name it, and the settings of its consent."""

    origin: str
    """What the owner pinned: statements name it as their hub."""
    name: str
    url: str = ""
    """Where people reach it; may change, and so stands in no seal. Empty: as the origin."""
    built_in_edge: EdgeId | None = None
    """For cameras that hang on no edge of their own: the hub keeps that lock, and says so."""
    cooling: timedelta = COOLING
    """What edges are set to, as far as this hub knows. The edge alone decides."""

    @property
    def address(self) -> str:
        return self.url or self.origin
