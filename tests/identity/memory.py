"""Every port of identity in plain dictionaries, for tests of the services."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from consentry.identity.model import (
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
from consentry.identity.ports import Stores
from consentry.kernel.errors import ConflictError
from consentry.kernel.ids import EdgeId, PartyId, PersonId, SessionId


def memory_stores() -> Stores:
    parties, persons = MemoryParties(), MemoryPersons()
    memberships = MemoryMemberships(persons)
    return Stores(
        parties=parties,
        persons=persons,
        memberships=memberships,
        sessions=MemorySessions(parties, persons, memberships),
        guesses=MemoryGuesses(),
        spent=MemorySpent(),
        codes=MemoryCodes(),
        tokens=MemoryTokens(),
        edges=MemoryEdges(),
    )


class MemoryParties:
    def __init__(self) -> None:
        self.held: dict[PartyId, Party] = {}

    def add(self, party: Party) -> None:
        self.held[party.id] = party

    def get(self, party_id: PartyId) -> Party | None:
        return self.held.get(party_id)

    def rename(self, party_id: PartyId, name: str) -> None:
        self.held[party_id] = replace(self.held[party_id], name=name)

    def any(self) -> bool:
        return bool(self.held)

    def page(self, after: str, limit: int) -> Sequence[Party]:
        return [self.held[id_] for id_ in sorted(self.held) if id_ > after][:limit]

    def names(self, ids: Collection[str]) -> dict[str, str]:
        return {id_: party.name for id_, party in self.held.items() if id_ in ids}


class MemoryPersons:
    def __init__(self) -> None:
        self.held: dict[PersonId, Person] = {}

    def add(self, person: Person) -> None:
        if self.by_login(person.login) is not None:
            raise ConflictError("This login name is taken.", slug="login_taken")
        self.held[person.id] = person

    def get(self, person_id: PersonId) -> Person | None:
        return self.held.get(person_id)

    def by_login(self, login: str) -> Person | None:
        return next((p for p in self.held.values() if p.login == login), None)

    def change(self, person: Person) -> None:
        self.held[person.id] = person

    def names(self, ids: Collection[str]) -> dict[str, str]:
        return {id_: person.name for id_, person in self.held.items() if id_ in ids}

    def use_step(self, person_id: PersonId, step: int) -> bool:
        person = self.held[person_id]
        if person.totp_step >= step:
            return False
        self.held[person_id] = replace(person, totp_step=step)
        return True


class MemoryMemberships:
    def __init__(self, persons: MemoryPersons) -> None:
        self._persons = persons
        self.held: dict[tuple[PartyId, PersonId], Membership] = {}

    def put(self, membership: Membership) -> None:
        self.held[membership.party_id, membership.person_id] = membership

    def get(self, person_id: PersonId, party_id: PartyId) -> Membership | None:
        return self.held.get((party_id, person_id))

    def of_person(self, person_id: PersonId) -> Sequence[Membership]:
        return [self.held[key] for key in sorted(self.held) if key[1] == person_id]

    def page(self, party_id: PartyId, after: str, limit: int) -> Sequence[Member]:
        keys = [key for key in sorted(self.held) if key[0] == party_id and key[1] > after]
        return [self._member(key) for key in keys[:limit]]

    def member(self, party_id: PartyId, person_id: PersonId) -> Member | None:
        key = (party_id, person_id)
        return self._member(key) if key in self.held else None

    def _member(self, key: tuple[PartyId, PersonId]) -> Member:
        return Member(person=self._persons.held[key[1]], membership=self.held[key])


class MemorySessions:
    def __init__(
        self, parties: MemoryParties, persons: MemoryPersons, memberships: MemoryMemberships
    ) -> None:
        self._parties, self._persons, self._memberships = parties, persons, memberships
        self.held: dict[SessionId, Session] = {}

    def add(self, session: Session) -> None:
        self.held[session.id] = session

    def by_token(self, token_hash: str) -> SignedIn | None:
        session = next((s for s in self.held.values() if s.token_hash == token_hash), None)
        if session is None:
            return None
        return SignedIn(
            session=session,
            person=self._persons.held[session.person_id],
            party=self._parties.held[session.party_id],
            membership=self._memberships.get(session.person_id, session.party_id),
        )

    def of_person(self, person_id: PersonId) -> Sequence[Session]:
        ours = [s for s in self.held.values() if s.person_id == person_id]
        return sorted(ours, key=lambda s: (s.created_at, s.id))

    def touch(self, session_id: SessionId, at: datetime) -> None:
        self.held[session_id] = replace(self.held[session_id], seen_at=at)

    def step_up(self, session_id: SessionId, at: datetime) -> None:
        self.held[session_id] = replace(self.held[session_id], stepped_up_at=at)

    def end(self, session_id: SessionId) -> bool:
        return self.held.pop(session_id, None) is not None

    def end_of(
        self,
        person_id: PersonId,
        *,
        party_id: PartyId | None = None,
        but: SessionId | None = None,
    ) -> int:
        ours = [
            s.id
            for s in self.of_person(person_id)
            if s.id != but and party_id in (None, s.party_id)
        ]
        return sum(self.end(id_) for id_ in ours)

    def sweep(self, before: datetime) -> None:
        self.held = {id_: s for id_, s in self.held.items() if s.ends_at > before}


class MemoryGuesses:
    def __init__(self) -> None:
        self.held: dict[str, Tries] = {}

    def get(self, key: str) -> Tries | None:
        return self.held.get(key)

    def set(self, tries: Tries) -> None:
        self.held[tries.key] = tries

    def clear(self, key: str) -> None:
        self.held.pop(key, None)

    def sweep(self, before: datetime) -> None:
        self.held = {key: t for key, t in self.held.items() if t.last_at > before}


class MemorySpent:
    def __init__(self) -> None:
        self.held: dict[str, datetime] = {}

    def spend(self, challenge_id: str, until: datetime) -> bool:
        if challenge_id in self.held:
            return False
        self.held[challenge_id] = until
        return True

    def sweep(self, before: datetime) -> None:
        self.held = {id_: until for id_, until in self.held.items() if until > before}


class MemoryCodes:
    def __init__(self) -> None:
        self.held: dict[str, OneTimeCode] = {}

    def put(self, code: OneTimeCode) -> None:
        self.held[code.handle] = code

    def get(self, handle: str) -> OneTimeCode | None:
        return self.held.get(handle)

    def newest(self, kind: CodeKind) -> OneTimeCode | None:
        ours = [code for code in self.held.values() if code.kind is kind]
        return max(ours, key=lambda code: code.created_at, default=None)

    def take(self, handle: str) -> bool:
        return self.held.pop(handle, None) is not None

    def waiting(self, party_id: PartyId) -> int:
        return sum(code.party_id == party_id for code in self.held.values())

    def sweep(self, before: datetime) -> None:
        self.held = {h: code for h, code in self.held.items() if code.expires_at > before}


class MemoryTokens:
    def __init__(self) -> None:
        self.held: dict[TokenId, ApiToken] = {}

    def add(self, token: ApiToken) -> None:
        self.held[token.id] = token

    def by_hash(self, token_hash: str) -> ApiToken | None:
        return next((t for t in self.held.values() if t.token_hash == token_hash), None)

    def get(self, party_id: PartyId, token_id: TokenId) -> ApiToken | None:
        token = self.held.get(token_id)
        return token if token is not None and token.party_id == party_id else None

    def page(self, party_id: PartyId, after: str, limit: int) -> Sequence[ApiToken]:
        ours = [t for t in self.held.values() if t.party_id == party_id and t.id > after]
        return sorted(ours, key=lambda t: t.id)[:limit]

    def used(self, token_id: TokenId, at: datetime) -> None:
        self.held[token_id] = replace(self.held[token_id], used_at=at)

    def revoke(self, token_id: TokenId, at: datetime) -> None:
        token = self.held[token_id]
        self.held[token_id] = replace(token, revoked_at=token.revoked_at or at)


class MemoryEdges:
    def __init__(self) -> None:
        self.held: dict[EdgeId, Edge] = {}
        self.sessions: dict[str, EdgeSession] = {}

    def add(self, edge: Edge) -> None:
        if any(held.key == edge.key for held in self.held.values()):
            raise ConflictError("This key is enrolled already.", slug="key_taken")
        self.held[edge.id] = edge

    def get(self, edge_id: EdgeId) -> Edge | None:
        return self.held.get(edge_id)

    def change(self, edge: Edge) -> None:
        self.held[edge.id] = edge

    def page(self, party_id: PartyId, after: str, limit: int) -> Sequence[Edge]:
        ours = [e for e in self.held.values() if e.party_id == party_id and e.id > after]
        return sorted(ours, key=lambda e: e.id)[:limit]

    def open_session(self, session: EdgeSession) -> None:
        self.sessions[session.token_hash] = session

    def by_token(self, token_hash: str) -> tuple[EdgeSession, Edge] | None:
        session = self.sessions.get(token_hash)
        return None if session is None else (session, self.held[session.edge_id])

    def end_sessions(self, edge_id: EdgeId) -> None:
        self.sessions = {h: s for h, s in self.sessions.items() if s.edge_id != edge_id}

    def sweep(self, before: datetime) -> None:
        self.sessions = {h: s for h, s in self.sessions.items() if s.expires_at > before}
