"""The nouns of identity: parties, people, what they are to each other, and how they prove it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from consentry.kernel.access import Act, Principal, Role
from consentry.kernel.ids import EdgeId, PartyId, PersonId, SessionId

TokenId = NewType("TokenId", str)


class PartyKind(StrEnum):
    AGENCY = "agency"
    HOUSEHOLD = "household"
    BUSINESS = "business"


class Surface(StrEnum):
    """Which of the two applications a session belongs to; each has a cookie of its own."""

    CONSOLE = "console"
    OWNER = "owner"


class Method(StrEnum):
    """How the person was proved when the session began."""

    PASSWORD = "password"  # noqa: S105 a way of signing in, not a secret
    KEY = "key"


class SecondFactor(StrEnum):
    """What stood beside the first proof. `SKIPPED` is for demonstrations, and is shown."""

    TOTP = "totp"
    KEY = "key"
    NOT_NEEDED = "not_needed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An agency, a household or a business: it owns cameras, or asks for them, or both."""

    id: PartyId
    kind: PartyKind
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human with one account. `home_id` is the party that made it and may reset it."""

    id: PersonId
    home_id: PartyId
    login: str
    name: str
    created_at: datetime
    password_hash: str | None = field(default=None, repr=False)
    totp: bytes | None = field(default=None, repr=False)
    """The TOTP secret, sealed under a key that lies outside the database."""
    totp_confirmed: bool = False
    totp_step: int = 0
    """The newest 30 s step whose code was used: none at or before it counts again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What one person is to one party, until when, and whether that is suspended."""

    person_id: PersonId
    party_id: PartyId
    roles: frozenset[Role]
    since: datetime
    expires_at: datetime | None = None
    suspended_at: datetime | None = None

    def holds_at(self, instant: datetime) -> bool:
        ended = self.expires_at is not None and instant >= self.expires_at
        return self.suspended_at is None and not ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person as one party sees them."""

    person: Person
    membership: Membership


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Where a request comes from. A session holds only for the caller that it began with."""

    address: str
    network: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in person, acting for one party, in one browser on one network."""

    id: SessionId
    token_hash: str = field(repr=False)
    person_id: PersonId
    party_id: PartyId
    surface: Surface
    method: Method
    second_factor: SecondFactor
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    idle_s: int
    stepped_up_at: datetime
    network: str
    browser: str

    @property
    def idle(self) -> timedelta:
        return timedelta(seconds=self.idle_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session with everything needed to judge it, read together."""

    session: Session
    person: Person
    party: Party
    membership: Membership | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """The only moment at which the token itself exists here."""

    token: str = field(repr=False)
    session: Session
    person: Person
    party: Party
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A proof that failed. A value, so that the entry about it is committed before it is told."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A key for a program of one party: a few acts, at most a year, never an ask."""

    id: TokenId
    party_id: PartyId
    name: str
    token_hash: str = field(repr=False)
    scopes: frozenset[Act]
    made_by: PersonId
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    def holds_at(self, instant: datetime) -> bool:
        return self.revoked_at is None and instant < self.expires_at


class Health(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A box beside the cameras of one party, known by its Ed25519 key."""

    id: EdgeId
    party_id: PartyId
    name: str
    key: bytes
    enrolled_at: datetime
    revoked_at: datetime | None = None
    connected_at: datetime | None = None
    reported_at: datetime | None = None
    version: str = ""
    health: Health | None = None
    health_note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSession:
    token_hash: str = field(repr=False)
    edge_id: EdgeId
    expires_at: datetime


class CodeKind(StrEnum):
    SET_UP = "set_up"
    EDGE = "edge"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeCode:
    """A code that is typed once. Its handle finds the row; only a hash of the rest is stored."""

    handle: str
    kind: CodeKind
    secret_hash: str = field(repr=False)
    party_id: PartyId | None = None
    name: str = ""
    created_at: datetime
    expires_at: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """Failed proofs under one key (an account, an address), and when the newest was."""

    key: str
    failures: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a person is to a party now: for decisions that outlive the request that began them."""

    roles: frozenset[Role]
    suspended: bool
