"""One contract, every implementation: the fake that services are tested with cannot drift."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from consentry.identity import Party, PartyKind, Person
from consentry.identity.model import (
    ApiToken,
    CodeKind,
    Edge,
    EdgeSession,
    Health,
    Member,
    Membership,
    Method,
    OneTimeCode,
    SecondFactor,
    Session,
    Surface,
    TokenId,
    Tries,
)
from consentry.identity.ports import Stores
from consentry.identity.store import sql_stores
from consentry.infra.db import Database, Transaction
from consentry.kernel.access import Act, Role
from consentry.kernel.errors import ConflictError
from consentry.kernel.ids import EdgeId, PartyId, PersonId, SessionId
from tests.identity.memory import memory_stores
from tests.kit import DAY, HOUR, MINUTE, NOON
from tests.kit.chance import CountingIds
from tests.kit.databases import Databases

T = TypeVar("T")

_ids = CountingIds()
AGENCY, HOME = PartyId(_ids()), PartyId(_ids())
ADA, BEA = PersonId(_ids()), PersonId(_ids())
MISSING = _ids()


class Transactions:
    """`do` runs a unit of work and commits it."""

    def __init__(self, database: Database | None) -> None:
        self._database = database
        self._memory = memory_stores()

    def do(self, use: Callable[[Stores], T]) -> T:
        if self._database is None:
            return use(self._memory)

        def unit(tx: Transaction) -> T:
            return use(sql_stores(tx))

        return self._database.write_now(unit)

    def read(self, use: Callable[[Stores], T]) -> T:
        if self._database is None:
            return use(self._memory)
        return self._database.read_now(lambda tx: use(sql_stores(tx)))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Transactions]:
    """Two parties and two people are there already; Ada belongs to both parties."""
    server = request.getfixturevalue("_postgres") if request.param == "postgres" else None
    databases = Databases(server, tmp_path)
    made = Transactions(None if request.param == "memory" else databases.make())
    made.do(_fill)
    yield made
    databases.close()


def _fill(stores: Stores) -> None:
    stores.parties.add(a_party(AGENCY, "Harbour Police"))
    stores.parties.add(a_party(HOME, "Lindqvist", PartyKind.HOUSEHOLD))
    stores.persons.add(a_person(ADA, "ada"))
    stores.persons.add(a_person(BEA, "bea"))
    for person_id, party_id in ((ADA, AGENCY), (ADA, HOME), (BEA, AGENCY)):
        stores.memberships.put(a_membership(person_id, party_id))


def a_party(id_: PartyId, name: str, kind: PartyKind = PartyKind.AGENCY) -> Party:
    return Party(id=id_, kind=kind, name=name, created_at=NOON)


def a_person(id_: PersonId, login: str) -> Person:
    return Person(
        id=id_,
        home_id=AGENCY,
        login=login,
        name=login.title(),
        created_at=NOON,
        password_hash="$argon2id$...",
        totp=b"\x00sealed",
        totp_confirmed=True,
        totp_step=7,
    )


def a_membership(person_id: PersonId, party_id: PartyId) -> Membership:
    return Membership(
        person_id=person_id,
        party_id=party_id,
        roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
        since=NOON,
        expires_at=NOON + DAY,
    )


def a_session(n: int = 1, person_id: PersonId = ADA, party_id: PartyId = AGENCY) -> Session:
    return Session(
        id=SessionId(CountingIds(1000 + n)()),
        token_hash=f"{n:064}",
        person_id=person_id,
        party_id=party_id,
        surface=Surface.OWNER,
        method=Method.KEY,
        second_factor=SecondFactor.KEY,
        created_at=NOON + n * MINUTE,
        seen_at=NOON,
        ends_at=NOON + n * HOUR,
        idle_s=900,
        stepped_up_at=NOON,
        network="192.0.2.0/24",
        browser="f" * 64,
    )


def a_code(handle: str = "7K2M", kind: CodeKind = CodeKind.EDGE) -> OneTimeCode:
    return OneTimeCode(
        handle=handle,
        kind=kind,
        secret_hash="a" * 64,
        party_id=AGENCY if kind is CodeKind.EDGE else None,
        name="Box",
        created_at=NOON,
        expires_at=NOON + HOUR,
        tries=2,
    )


def a_token(n: int = 1, party_id: PartyId = AGENCY) -> ApiToken:
    return ApiToken(
        id=TokenId(CountingIds(2000 + n)()),
        party_id=party_id,
        name="Metrics",
        token_hash=f"{n:064}",
        scopes=frozenset({Act.READ_METRICS, Act.READ_AUDIT}),
        made_by=ADA,
        created_at=NOON,
        expires_at=NOON + DAY,
    )


def an_edge(n: int = 1, party_id: PartyId = AGENCY) -> Edge:
    key = n.to_bytes(32, "big")
    id_ = EdgeId(CountingIds(3000 + n)())
    return Edge(id=id_, party_id=party_id, name="Box", key=key, enrolled_at=NOON)


def test_a_party_comes_back_as_it_went_in(stores: Transactions) -> None:
    home = a_party(HOME, "Lindqvist", PartyKind.HOUSEHOLD)
    assert stores.read(lambda s: s.parties.get(HOME)) == home
    assert stores.read(lambda s: s.parties.get(PartyId(MISSING))) is None
    assert stores.read(lambda s: s.parties.any())
    stores.do(lambda s: s.parties.rename(HOME, "Berg"))
    assert stores.read(lambda s: s.parties.get(HOME)) == replace(home, name="Berg")


def test_parties_are_paged_by_id(stores: Transactions) -> None:
    first = stores.read(lambda s: s.parties.page("", 1))
    assert [p.id for p in first] == [AGENCY]
    assert [p.id for p in stores.read(lambda s: s.parties.page(AGENCY, 5))] == [HOME]


def test_a_person_comes_back_as_it_went_in(stores: Transactions) -> None:
    ada = a_person(ADA, "ada")
    assert stores.read(lambda s: s.persons.get(ADA)) == ada
    assert stores.read(lambda s: s.persons.by_login("ada")) == ada
    assert stores.read(lambda s: s.persons.by_login("Ada")) is None
    bare = replace(ada, password_hash=None, totp=None, totp_confirmed=False, name="A")
    stores.do(lambda s: s.persons.change(bare))
    assert stores.read(lambda s: s.persons.get(ADA)) == bare
    assert stores.read(lambda s: s.persons.get(BEA)) == a_person(BEA, "bea")


def test_a_login_name_is_taken_once(stores: Transactions) -> None:
    with pytest.raises(ConflictError) as caught:
        stores.do(lambda s: s.persons.add(a_person(PersonId(MISSING), "ada")))
    assert caught.value.code == "login_taken"


def test_names_are_found_for_those_that_exist(stores: Transactions) -> None:
    wanted = [ADA, AGENCY, MISSING]
    assert stores.read(lambda s: s.persons.names(wanted)) == {ADA: "Ada"}
    assert stores.read(lambda s: s.parties.names(wanted)) == {AGENCY: "Harbour Police"}
    assert stores.read(lambda s: s.parties.names([])) == {}


def test_a_step_is_used_once_and_never_an_older_one(stores: Transactions) -> None:
    assert not stores.do(lambda s: s.persons.use_step(ADA, 7))
    assert stores.do(lambda s: s.persons.use_step(ADA, 9))
    assert not stores.do(lambda s: s.persons.use_step(ADA, 9))
    assert not stores.do(lambda s: s.persons.use_step(ADA, 8))
    assert stores.do(lambda s: s.persons.use_step(BEA, 8))


def test_memberships_are_found_from_both_sides(stores: Transactions) -> None:
    assert stores.read(lambda s: s.memberships.get(ADA, HOME)) == a_membership(ADA, HOME)
    assert stores.read(lambda s: s.memberships.get(BEA, HOME)) is None
    held = stores.read(lambda s: s.memberships.of_person(ADA))
    assert [m.party_id for m in held] == [AGENCY, HOME]
    member = Member(person=a_person(BEA, "bea"), membership=a_membership(BEA, AGENCY))
    assert stores.read(lambda s: s.memberships.member(AGENCY, BEA)) == member
    assert stores.read(lambda s: s.memberships.member(HOME, BEA)) is None
    assert stores.read(lambda s: s.memberships.page(AGENCY, ADA, 9)) == [member]
    assert len(stores.read(lambda s: s.memberships.page(AGENCY, "", 1))) == 1


def test_a_membership_is_replaced_not_doubled(stores: Transactions) -> None:
    other = replace(
        a_membership(ADA, AGENCY),
        roles=frozenset({Role.SUPERVISOR}),
        expires_at=None,
        suspended_at=NOON,
    )
    stores.do(lambda s: s.memberships.put(other))
    assert stores.read(lambda s: s.memberships.get(ADA, AGENCY)) == other
    assert len(stores.read(lambda s: s.memberships.of_person(ADA))) == 2


def test_a_session_is_read_with_all_that_judges_it(stores: Transactions) -> None:
    stores.do(lambda s: s.sessions.add(a_session()))
    found = stores.read(lambda s: s.sessions.by_token(f"{1:064}"))
    assert found is not None
    assert found.session == a_session()
    assert found.person == a_person(ADA, "ada")
    assert found.party.id == AGENCY
    assert found.membership == a_membership(ADA, AGENCY)
    assert stores.read(lambda s: s.sessions.by_token("f" * 64)) is None


def test_a_session_without_a_membership_says_so(stores: Transactions) -> None:
    stores.do(lambda s: s.sessions.add(a_session(1, BEA, HOME)))
    found = stores.read(lambda s: s.sessions.by_token(f"{1:064}"))
    assert found is not None
    assert found.membership is None


def test_sessions_are_touched_stepped_up_and_ended(stores: Transactions) -> None:
    session = a_session()
    stores.do(lambda s: s.sessions.add(session))
    stores.do(lambda s: s.sessions.touch(session.id, NOON + MINUTE))
    stores.do(lambda s: s.sessions.step_up(session.id, NOON + HOUR))
    [held] = stores.read(lambda s: s.sessions.of_person(ADA))
    assert held == replace(session, seen_at=NOON + MINUTE, stepped_up_at=NOON + HOUR)
    assert stores.do(lambda s: s.sessions.end(session.id))
    assert not stores.do(lambda s: s.sessions.end(session.id))


def test_sessions_of_a_person_end_together(stores: Transactions) -> None:
    held = [a_session(1), a_session(2, ADA, HOME), a_session(3), a_session(4, BEA)]
    for session in reversed(held):
        stores.do(lambda s, session=session: s.sessions.add(session))  # type: ignore[misc] # a loop's lambda
    assert [s.id for s in stores.read(lambda s: s.sessions.of_person(ADA))] == [
        s.id for s in held[:3]
    ]
    assert stores.do(lambda s: s.sessions.end_of(ADA, party_id=AGENCY, but=held[0].id)) == 1
    assert stores.do(lambda s: s.sessions.end_of(ADA)) == 2
    assert len(stores.read(lambda s: s.sessions.of_person(BEA))) == 1


def test_what_has_run_out_is_swept(stores: Transactions) -> None:
    def fill(s: Stores) -> None:
        s.sessions.add(a_session(1))
        s.sessions.add(a_session(2))
        s.guesses.set(Tries(key="old", failures=1, last_at=NOON))
        s.guesses.set(Tries(key="new", failures=1, last_at=NOON + 2 * HOUR))
        s.spent.spend("old", NOON + HOUR)
        s.spent.spend("new", NOON + 2 * HOUR)
        s.codes.put(a_code("OLD0"))
        s.codes.put(replace(a_code("NEW0"), expires_at=NOON + 2 * HOUR))
        s.edges.add(an_edge())
        s.edges.open_session(a_connection("old"))
        s.edges.open_session(replace(a_connection("new"), expires_at=NOON + 2 * HOUR))

    def sweep(s: Stores) -> None:
        for store in (s.sessions, s.guesses, s.spent, s.codes, s.edges):
            store.sweep(NOON + HOUR)

    stores.do(fill)
    stores.do(sweep)
    assert [s.id for s in stores.read(lambda s: s.sessions.of_person(ADA))] == [a_session(2).id]
    assert stores.do(lambda s: s.guesses.get("old")) is None
    assert stores.do(lambda s: s.guesses.get("new")) is not None
    assert stores.do(lambda s: s.spent.spend("old", NOON))
    assert not stores.do(lambda s: s.spent.spend("new", NOON))
    assert stores.do(lambda s: s.codes.get("OLD0")) is None
    assert stores.do(lambda s: s.codes.get("NEW0")) is not None
    assert stores.read(lambda s: s.edges.by_token("old")) is None
    assert stores.read(lambda s: s.edges.by_token("new")) is not None


def a_connection(token_hash: str) -> EdgeSession:
    return EdgeSession(token_hash=token_hash, edge_id=an_edge().id, expires_at=NOON + HOUR)


def test_guesses_are_counted_by_key(stores: Transactions) -> None:
    tries = Tries(key="k" * 64, failures=3, last_at=NOON)
    assert stores.do(lambda s: s.guesses.get(tries.key)) is None
    stores.do(lambda s: s.guesses.set(replace(tries, failures=1)))
    stores.do(lambda s: s.guesses.set(tries))
    assert stores.do(lambda s: s.guesses.get(tries.key)) == tries
    stores.do(lambda s: s.guesses.clear(tries.key))
    assert stores.do(lambda s: s.guesses.get(tries.key)) is None


def test_a_challenge_is_spent_once(stores: Transactions) -> None:
    assert stores.do(lambda s: s.spent.spend("c" * 64, NOON))
    assert not stores.do(lambda s: s.spent.spend("c" * 64, NOON))
    assert stores.do(lambda s: s.spent.spend("d" * 64, NOON))


def test_codes_are_found_counted_and_taken_once(stores: Transactions) -> None:
    stores.do(lambda s: s.codes.put(a_code()))
    stores.do(lambda s: s.codes.put(replace(a_code(), tries=3)))
    assert stores.do(lambda s: s.codes.get("7K2M")) == replace(a_code(), tries=3)
    assert stores.do(lambda s: s.codes.waiting(AGENCY)) == 1
    assert stores.do(lambda s: s.codes.waiting(HOME)) == 0
    assert stores.do(lambda s: s.codes.newest(CodeKind.SET_UP)) is None
    assert stores.do(lambda s: s.codes.take("7K2M"))
    assert not stores.do(lambda s: s.codes.take("7K2M"))


def test_the_newest_code_of_a_kind(stores: Transactions) -> None:
    old = a_code("OLD0", CodeKind.SET_UP)
    new = replace(a_code("NEW0", CodeKind.SET_UP), created_at=NOON + MINUTE)
    for code in (new, old, replace(a_code("EDGE"), created_at=NOON + HOUR)):
        stores.do(lambda s, code=code: s.codes.put(code))  # type: ignore[misc] # a loop's lambda
    assert stores.do(lambda s: s.codes.newest(CodeKind.SET_UP)) == new


def test_a_token_comes_back_as_it_went_in_and_to_its_party_alone(stores: Transactions) -> None:
    stores.do(lambda s: s.tokens.add(a_token(1)))
    stores.do(lambda s: s.tokens.add(a_token(2)))
    stores.do(lambda s: s.tokens.add(a_token(3, HOME)))
    token = a_token(1)
    assert stores.read(lambda s: s.tokens.by_hash(token.token_hash)) == token
    assert stores.read(lambda s: s.tokens.by_hash("f" * 64)) is None
    assert stores.read(lambda s: s.tokens.get(AGENCY, token.id)) == token
    assert stores.read(lambda s: s.tokens.get(HOME, token.id)) is None
    assert stores.read(lambda s: s.tokens.page(AGENCY, "", 9)) == [token, a_token(2)]
    assert stores.read(lambda s: s.tokens.page(AGENCY, token.id, 1)) == [a_token(2)]


def test_the_first_revocation_of_a_token_stands(stores: Transactions) -> None:
    token = a_token()
    stores.do(lambda s: s.tokens.add(token))
    stores.do(lambda s: s.tokens.used(token.id, NOON + MINUTE))
    stores.do(lambda s: s.tokens.revoke(token.id, NOON + HOUR))
    stores.do(lambda s: s.tokens.revoke(token.id, NOON + DAY))
    held = stores.read(lambda s: s.tokens.get(AGENCY, token.id))
    assert held == replace(token, used_at=NOON + MINUTE, revoked_at=NOON + HOUR)


def test_an_edge_comes_back_as_it_went_in(stores: Transactions) -> None:
    stores.do(lambda s: s.edges.add(an_edge(1)))
    stores.do(lambda s: s.edges.add(an_edge(2)))
    stores.do(lambda s: s.edges.add(an_edge(3, HOME)))
    told = replace(an_edge(1), reported_at=NOON, version="1.2", health=Health.FAILING)
    stores.do(lambda s: s.edges.change(told))
    assert stores.read(lambda s: s.edges.get(told.id)) == told
    assert stores.read(lambda s: s.edges.get(EdgeId(MISSING))) is None
    assert stores.read(lambda s: s.edges.page(AGENCY, "", 9)) == [told, an_edge(2)]
    assert stores.read(lambda s: s.edges.page(AGENCY, told.id, 9)) == [an_edge(2)]


def test_a_key_belongs_to_one_edge(stores: Transactions) -> None:
    stores.do(lambda s: s.edges.add(an_edge(1)))
    again = replace(an_edge(2, HOME), key=an_edge(1).key)
    with pytest.raises(ConflictError) as caught:
        stores.do(lambda s: s.edges.add(again))
    assert caught.value.code == "key_taken"


def test_connections_lead_to_their_edge_until_they_are_ended(stores: Transactions) -> None:
    stores.do(lambda s: s.edges.add(an_edge(1)))
    session = a_connection("a" * 64)
    stores.do(lambda s: s.edges.open_session(session))
    found = stores.read(lambda s: s.edges.by_token(session.token_hash))
    assert found == (session, an_edge(1))
    assert stores.read(lambda s: s.edges.by_token("b" * 64)) is None
    stores.do(lambda s: s.edges.end_sessions(an_edge(1).id))
    assert stores.read(lambda s: s.edges.by_token(session.token_hash)) is None
