"""Identity in SQL. Never commits: the unit of work around it does."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.sql import Select

from consentry.infra.db import Transaction
from consentry.infra.db.dialect import upsert
from consentry.kernel.errors import ConflictError
from consentry.kernel.ids import EdgeId, PartyId, PersonId, SessionId

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
from .ports import Stores
from .tables import (
    api_token,
    edge,
    edge_session,
    guess,
    membership,
    one_time_code,
    party,
    person,
    session,
    spent_challenge,
)

T = TypeVar("T")


def sql_stores(tx: Transaction) -> Stores:
    return Stores(
        parties=SqlParties(tx),
        persons=SqlPersons(tx),
        memberships=SqlMemberships(tx),
        sessions=SqlSessions(tx),
        guesses=SqlGuesses(tx),
        spent=SqlSpentChallenges(tx),
        codes=SqlCodes(tx),
        tokens=SqlApiTokens(tx),
        edges=SqlEdges(tx),
    )


def _to_row(value: Any) -> dict[str, Any]:
    """Columns are named as the fields are, and column types know both forms."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _label(table: Table, name: str) -> str:
    return f"{table.name}__{name}"


@cache
def _columns(table: Table) -> tuple[Any, ...]:
    """Columns under their table's name, so that rows of several tables can be read at once."""
    return tuple(column.label(_label(table, column.name)) for column in table.columns)


@cache
def _fields(table: Table) -> tuple[tuple[str, str], ...]:
    return tuple((column.name, _label(table, column.name)) for column in table.columns)


def _from_row(kind: type[T], table: Table, row: Any) -> T:
    mapping = row._mapping  # noqa: SLF001 SQLAlchemy's public name for it
    return kind(**{name: mapping[label] for name, label in _fields(table)})


def _signed_in() -> "Select[Any]":
    ours = (membership.c.person_id == session.c.person_id) & (
        membership.c.party_id == session.c.party_id
    )
    all_four = (
        session.join(person, person.c.id == session.c.person_id)
        .join(party, party.c.id == session.c.party_id)
        .outerjoin(membership, ours)
    )
    columns = [c for table in (session, person, party, membership) for c in _columns(table)]
    query = select(*columns).select_from(all_four)
    return query.where(session.c.token_hash == bindparam("token_hash"))


_SIGNED_IN: Final = _signed_in()
"""Made once: every request of a signed-in person runs it."""


class _Rows:
    """What all of these share: one connection, and rows that are the fields of a dataclass."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    @property
    def _connection(self) -> Connection:
        return self._tx.connection

    def _insert(self, table: Table, value: Any) -> None:
        self._connection.execute(insert(table).values(_to_row(value)))

    def _one(self, kind: type[T], table: Table, query: "Select[Any]") -> T | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _from_row(kind, table, row)

    def _many(self, kind: type[T], table: Table, query: "Select[Any]") -> list[T]:
        return [_from_row(kind, table, row) for row in self._connection.execute(query)]

    def _names(self, table: Table, ids: Collection[str]) -> dict[str, str]:
        query = select(table.c.id, table.c.name).where(table.c.id.in_(ids))
        return {row.id: row.name for row in self._connection.execute(query)}

    def _changed(self, statement: Any) -> int:
        return self._connection.execute(statement).rowcount


class SqlParties(_Rows):
    """Implements `ports.Parties`."""

    def add(self, value: Party) -> None:
        self._insert(party, value)

    def get(self, party_id: PartyId) -> Party | None:
        return self._one(Party, party, select(*_columns(party)).where(party.c.id == party_id))

    def rename(self, party_id: PartyId, name: str) -> None:
        self._changed(update(party).where(party.c.id == party_id).values(name=name))

    def any(self) -> bool:
        return self._connection.execute(select(party.c.id).limit(1)).first() is not None

    def page(self, after: str, limit: int) -> Sequence[Party]:
        query = select(*_columns(party)).where(party.c.id > after)
        return self._many(Party, party, query.order_by(party.c.id).limit(limit))

    def names(self, ids: Collection[str]) -> dict[str, str]:
        return self._names(party, ids)


class SqlPersons(_Rows):
    """Implements `ports.Persons`."""

    def add(self, value: Person) -> None:
        if self.by_login(value.login) is not None:
            raise ConflictError("This login name is taken.", slug="login_taken")
        self._insert(person, value)

    def get(self, person_id: PersonId) -> Person | None:
        return self._one(Person, person, select(*_columns(person)).where(person.c.id == person_id))

    def by_login(self, login: str) -> Person | None:
        return self._one(Person, person, select(*_columns(person)).where(person.c.login == login))

    def change(self, value: Person) -> None:
        self._changed(update(person).where(person.c.id == value.id).values(_to_row(value)))

    def names(self, ids: Collection[str]) -> dict[str, str]:
        return self._names(person, ids)

    def use_step(self, person_id: PersonId, step: int) -> bool:
        unused = update(person).where(person.c.id == person_id, person.c.totp_step < step)
        return self._changed(unused.values(totp_step=step)) == 1


class SqlMemberships(_Rows):
    """Implements `ports.Memberships`."""

    def put(self, value: Membership) -> None:
        row = _to_row(value)
        keys = ["party_id", "person_id"]
        self._connection.execute(upsert(self._tx.on_sqlite, membership, row, keys))

    def get(self, person_id: PersonId, party_id: PartyId) -> Membership | None:
        query = select(*_columns(membership)).where(
            membership.c.person_id == person_id, membership.c.party_id == party_id
        )
        return self._one(Membership, membership, query)

    def of_person(self, person_id: PersonId) -> Sequence[Membership]:
        query = select(*_columns(membership)).where(membership.c.person_id == person_id)
        return self._many(Membership, membership, query.order_by(membership.c.party_id))

    def page(self, party_id: PartyId, after: str, limit: int) -> Sequence[Member]:
        query = self._members(party_id).where(membership.c.person_id > after)
        rows = self._connection.execute(query.order_by(membership.c.person_id).limit(limit))
        return [self._member(row) for row in rows]

    def member(self, party_id: PartyId, person_id: PersonId) -> Member | None:
        query = self._members(party_id).where(membership.c.person_id == person_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else self._member(row)

    def _members(self, party_id: PartyId) -> "Select[Any]":
        both = membership.join(person, person.c.id == membership.c.person_id)
        query = select(*_columns(membership), *_columns(person)).select_from(both)
        return query.where(membership.c.party_id == party_id)

    def _member(self, row: Any) -> Member:
        return Member(
            person=_from_row(Person, person, row),
            membership=_from_row(Membership, membership, row),
        )


class SqlSessions(_Rows):
    """Implements `ports.Sessions`."""

    def add(self, value: Session) -> None:
        self._insert(session, value)

    def by_token(self, token_hash: str) -> SignedIn | None:
        row = self._connection.execute(_SIGNED_IN, {"token_hash": token_hash}).one_or_none()
        if row is None:
            return None
        member = row.membership__party_id is not None
        return SignedIn(
            session=_from_row(Session, session, row),
            person=_from_row(Person, person, row),
            party=_from_row(Party, party, row),
            membership=_from_row(Membership, membership, row) if member else None,
        )

    def of_person(self, person_id: PersonId) -> Sequence[Session]:
        query = select(*_columns(session)).where(session.c.person_id == person_id)
        return self._many(Session, session, query.order_by(session.c.created_at, session.c.id))

    def touch(self, session_id: SessionId, at: datetime) -> None:
        self._changed(update(session).where(session.c.id == session_id).values(seen_at=at))

    def step_up(self, session_id: SessionId, at: datetime) -> None:
        self._changed(update(session).where(session.c.id == session_id).values(stepped_up_at=at))

    def end(self, session_id: SessionId) -> bool:
        return self._changed(delete(session).where(session.c.id == session_id)) == 1

    def end_of(
        self,
        person_id: PersonId,
        *,
        party_id: PartyId | None = None,
        but: SessionId | None = None,
    ) -> int:
        statement = delete(session).where(session.c.person_id == person_id)
        if party_id is not None:
            statement = statement.where(session.c.party_id == party_id)
        if but is not None:
            statement = statement.where(session.c.id != but)
        return self._changed(statement)

    def sweep(self, before: datetime) -> None:
        self._changed(delete(session).where(session.c.ends_at <= before))


class SqlGuesses(_Rows):
    """Implements `ports.Guesses`."""

    def get(self, key: str) -> Tries | None:
        if not self._tx.on_sqlite:
            # A row lock would not do: the first two tries find no row to lock.
            lock = func.pg_advisory_xact_lock(func.hashtextextended(key, 0))
            self._connection.execute(select(lock))
        return self._one(Tries, guess, select(*_columns(guess)).where(guess.c.key == key))

    def set(self, tries: Tries) -> None:
        self._connection.execute(upsert(self._tx.on_sqlite, guess, _to_row(tries), ["key"]))

    def clear(self, key: str) -> None:
        self._changed(delete(guess).where(guess.c.key == key))

    def sweep(self, before: datetime) -> None:
        self._changed(delete(guess).where(guess.c.last_at <= before))


class SqlSpentChallenges(_Rows):
    """Implements `ports.SpentChallenges`."""

    def spend(self, challenge_id: str, until: datetime) -> bool:
        held = select(spent_challenge.c.id).where(spent_challenge.c.id == challenge_id)
        if self._connection.scalar(held) is not None:
            return False
        self._connection.execute(insert(spent_challenge).values(id=challenge_id, until=until))
        return True

    def sweep(self, before: datetime) -> None:
        self._changed(delete(spent_challenge).where(spent_challenge.c.until <= before))


class SqlCodes(_Rows):
    """Implements `ports.Codes`."""

    def put(self, code: OneTimeCode) -> None:
        row = _to_row(code)
        self._connection.execute(upsert(self._tx.on_sqlite, one_time_code, row, ["handle"]))

    def get(self, handle: str) -> OneTimeCode | None:
        query = select(*_columns(one_time_code)).where(one_time_code.c.handle == handle)
        return self._one(OneTimeCode, one_time_code, query.with_for_update())

    def newest(self, kind: CodeKind) -> OneTimeCode | None:
        query = select(*_columns(one_time_code)).where(one_time_code.c.kind == kind)
        query = query.order_by(one_time_code.c.created_at.desc()).limit(1).with_for_update()
        return self._one(OneTimeCode, one_time_code, query)

    def take(self, handle: str) -> bool:
        return self._changed(delete(one_time_code).where(one_time_code.c.handle == handle)) == 1

    def waiting(self, party_id: PartyId) -> int:
        query = select(func.count()).where(one_time_code.c.party_id == party_id)
        return self._connection.scalar(query) or 0

    def sweep(self, before: datetime) -> None:
        self._changed(delete(one_time_code).where(one_time_code.c.expires_at <= before))


class SqlApiTokens(_Rows):
    """Implements `ports.ApiTokens`."""

    def add(self, token: ApiToken) -> None:
        self._insert(api_token, token)

    def by_hash(self, token_hash: str) -> ApiToken | None:
        query = select(*_columns(api_token)).where(api_token.c.token_hash == token_hash)
        return self._one(ApiToken, api_token, query)

    def get(self, party_id: PartyId, token_id: TokenId) -> ApiToken | None:
        query = select(*_columns(api_token)).where(
            api_token.c.party_id == party_id, api_token.c.id == token_id
        )
        return self._one(ApiToken, api_token, query)

    def page(self, party_id: PartyId, after: str, limit: int) -> Sequence[ApiToken]:
        query = select(*_columns(api_token)).where(
            api_token.c.party_id == party_id, api_token.c.id > after
        )
        return self._many(ApiToken, api_token, query.order_by(api_token.c.id).limit(limit))

    def used(self, token_id: TokenId, at: datetime) -> None:
        self._changed(update(api_token).where(api_token.c.id == token_id).values(used_at=at))

    def revoke(self, token_id: TokenId, at: datetime) -> None:
        held = (api_token.c.id == token_id) & api_token.c.revoked_at.is_(None)
        self._changed(update(api_token).where(held).values(revoked_at=at))


class SqlEdges(_Rows):
    """Implements `ports.Edges`."""

    def add(self, value: Edge) -> None:
        if self._connection.scalar(select(edge.c.id).where(edge.c.key == value.key)) is not None:
            raise ConflictError("This key is enrolled already.", slug="key_taken")
        self._insert(edge, value)

    def get(self, edge_id: EdgeId) -> Edge | None:
        return self._one(Edge, edge, select(*_columns(edge)).where(edge.c.id == edge_id))

    def change(self, value: Edge) -> None:
        self._changed(update(edge).where(edge.c.id == value.id).values(_to_row(value)))

    def page(self, party_id: PartyId, after: str, limit: int) -> Sequence[Edge]:
        query = select(*_columns(edge)).where(edge.c.party_id == party_id, edge.c.id > after)
        return self._many(Edge, edge, query.order_by(edge.c.id).limit(limit))

    def open_session(self, value: EdgeSession) -> None:
        self._insert(edge_session, value)

    def by_token(self, token_hash: str) -> tuple[EdgeSession, Edge] | None:
        both = edge_session.join(edge, edge.c.id == edge_session.c.edge_id)
        query = select(*_columns(edge_session), *_columns(edge)).select_from(both)
        query = query.where(edge_session.c.token_hash == token_hash)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        return _from_row(EdgeSession, edge_session, row), _from_row(Edge, edge, row)

    def end_sessions(self, edge_id: EdgeId) -> None:
        self._changed(delete(edge_session).where(edge_session.c.edge_id == edge_id))

    def sweep(self, before: datetime) -> None:
        self._changed(delete(edge_session).where(edge_session.c.expires_at <= before))
