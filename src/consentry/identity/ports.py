"""What identity needs from outside: its tables, time and chance, and two facts from above."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from consentry.kernel.clock import Clock
from consentry.kernel.ids import EdgeId, IdSource, PartyId, PersonId, Randomness, SessionId

from .model import (
    ApiToken,
    CodeKind,
    Edge,
    EdgeSession,
    Member,
    Membership,
    OneTimeCode,
    Party,
    Person,
    Session,
    SignedIn,
    TokenId,
    Tries,
)
from .site import Site


class Parties(Protocol):
    def add(self, party: Party) -> None: ...
    def get(self, party_id: PartyId) -> Party | None: ...
    def rename(self, party_id: PartyId, name: str) -> None: ...
    def any(self) -> bool: ...

    def page(self, after: str, limit: int) -> Sequence[Party]:
        """Up to `limit` parties with an id beyond `after`, in the order of their ids."""
        ...

    def names(self, ids: Collection[str]) -> dict[str, str]: ...


class Persons(Protocol):
    def add(self, person: Person) -> None:
        """Raises ConflictError where somebody has this login name already."""
        ...

    def get(self, person_id: PersonId) -> Person | None: ...
    def by_login(self, login: str) -> Person | None: ...
    def change(self, person: Person) -> None: ...
    def names(self, ids: Collection[str]) -> dict[str, str]: ...

    def use_step(self, person_id: PersonId, step: int) -> bool:
        """Mark a TOTP step as used. False where it, or a later one, was used before."""
        ...


class Memberships(Protocol):
    def put(self, membership: Membership) -> None: ...
    def get(self, person_id: PersonId, party_id: PartyId) -> Membership | None: ...
    def of_person(self, person_id: PersonId) -> Sequence[Membership]: ...
    def page(self, party_id: PartyId, after: str, limit: int) -> Sequence[Member]: ...
    def member(self, party_id: PartyId, person_id: PersonId) -> Member | None: ...


class Sessions(Protocol):
    def add(self, session: Session) -> None: ...
    def by_token(self, token_hash: str) -> SignedIn | None: ...
    def of_person(self, person_id: PersonId) -> Sequence[Session]:
        """Oldest first."""
        ...

    def touch(self, session_id: SessionId, at: datetime) -> None: ...
    def step_up(self, session_id: SessionId, at: datetime) -> None: ...
    def end(self, session_id: SessionId) -> bool: ...

    def end_of(
        self,
        person_id: PersonId,
        *,
        party_id: PartyId | None = None,
        but: SessionId | None = None,
    ) -> int:
        """End the sessions of a person, of one party or of all; how many there were."""
        ...

    def sweep(self, before: datetime) -> None: ...


class Guesses(Protocol):
    """Failed proofs, counted under any key."""

    def get(self, key: str) -> Tries | None:
        """Whoever asks for the same key next waits for this transaction to end."""
        ...

    def set(self, tries: Tries) -> None: ...
    def clear(self, key: str) -> None: ...
    def sweep(self, before: datetime) -> None: ...


class SpentChallenges(Protocol):
    def spend(self, challenge_id: str, until: datetime) -> bool:
        """Mark it as used. False where it was used before."""
        ...

    def sweep(self, before: datetime) -> None: ...


class Codes(Protocol):
    def put(self, code: OneTimeCode) -> None: ...
    def get(self, handle: str) -> OneTimeCode | None: ...
    def newest(self, kind: CodeKind) -> OneTimeCode | None: ...
    def take(self, handle: str) -> bool:
        """Remove it. False where another was quicker."""
        ...

    def waiting(self, party_id: PartyId) -> int: ...
    def sweep(self, before: datetime) -> None: ...


class ApiTokens(Protocol):
    def add(self, token: ApiToken) -> None: ...
    def by_hash(self, token_hash: str) -> ApiToken | None: ...
    def get(self, party_id: PartyId, token_id: TokenId) -> ApiToken | None: ...
    def page(self, party_id: PartyId, after: str, limit: int) -> Sequence[ApiToken]: ...
    def used(self, token_id: TokenId, at: datetime) -> None: ...
    def revoke(self, token_id: TokenId, at: datetime) -> None: ...


class Edges(Protocol):
    def add(self, edge: Edge) -> None: ...
    def get(self, edge_id: EdgeId) -> Edge | None: ...
    def change(self, edge: Edge) -> None: ...
    def page(self, party_id: PartyId, after: str, limit: int) -> Sequence[Edge]: ...
    def open_session(self, session: EdgeSession) -> None: ...
    def by_token(self, token_hash: str) -> tuple[EdgeSession, Edge] | None: ...
    def end_sessions(self, edge_id: EdgeId) -> None: ...
    def sweep(self, before: datetime) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """All tables of identity, inside one transaction."""

    parties: Parties
    persons: Persons
    memberships: Memberships
    sessions: Sessions
    guesses: Guesses
    spent: SpentChallenges
    codes: Codes
    tokens: ApiTokens
    edges: Edges


class OwnerKeys(Protocol):
    """Whose owner key this is. Implemented above, where seals are kept."""

    def party_of(self, key: bytes) -> PartyId | None: ...


class NoOwnerKeys:
    """For a hub without seals: nobody signs in by key."""

    def party_of(self, key: bytes) -> PartyId | None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Everything identity is given once, at start."""

    clock: Clock
    ids: IdSource
    randomness: Randomness
    site: Site
    secret: bytes = field(repr=False)
    """32 bytes from outside the database: seals TOTP secrets and marks challenges."""
    ticket_key: bytes
    """The public half of the key that signs tickets; every edge is told it as it connects."""
    ca_fingerprint: str = ""
    """SHA-256 of the hub's own authority, which an edge pins with its code; empty without one."""
    staff_second_factor: bool = True
    """False in the demonstration alone, and shown at every sign-in."""

    def __post_init__(self) -> None:
        if len(self.secret) != 32:
            raise ValueError("the identity secret has 32 bytes")
