"""The services with fakes and a virtual clock: what HTTP cannot show, and what others call."""

from dataclasses import dataclass

import pytest

from consentry.audit import SYSTEM, Journal
from consentry.identity import Identity, Member, NewPerson, PartyKind
from consentry.identity.model import Caller, NewSession, Refused, Surface
from consentry.identity.people import MemberChange
from consentry.identity.ports import Means, NoOwnerKeys, Stores
from consentry.identity.sign_in import Wish
from consentry.identity.site import Site
from consentry.kernel.access import Act, Principal, PrincipalKind, Role, may
from consentry.kernel.errors import ExhaustedError, InvalidError, NotFoundError
from consentry.kernel.ids import PartyId, PersonId
from tests.identity.kit import HASH, ORIGIN, SECRET, TICKET_KEY
from tests.identity.memory import memory_stores
from tests.kit import DAY, HOUR, MINUTE, NOON
from tests.kit.chance import CountingBytes, CountingIds, VirtualClock
from tests.kit.journal import MemoryEntries

CALLER = Caller(address="192.0.2.10/32", network="192.0.2.0/24", browser="b" * 64)
WISH = Wish(caller=CALLER)


@dataclass
class Office:
    identity: Identity
    stores: Stores
    entries: MemoryEntries
    clock: VirtualClock
    agency: PartyId
    ada: Member

    def sign_in(self, *, matches: bool = True, wish: Wish = WISH) -> NewSession | Refused:
        begun = self.identity.sign_in.begin("ada", wish.caller)
        return self.identity.sign_in.finish(begun, wish, matches=matches)

    def session(self) -> NewSession:
        new = self.sign_in()
        assert isinstance(new, NewSession)
        return new


@pytest.fixture
def office(clock: VirtualClock) -> Office:
    stores, entries = memory_stores(), MemoryEntries()
    journal = Journal(entries, clock, CountingIds(10_000), CountingBytes())
    means = Means(
        clock=clock,
        ids=CountingIds(),
        randomness=CountingBytes(),
        site=Site(ORIGIN),
        secret=SECRET,
        ticket_key=TICKET_KEY,
        staff_second_factor=False,
    )
    identity = Identity(stores, journal, means, NoOwnerKeys())
    agency = identity.people.create_party(SYSTEM, PartyKind.AGENCY, "Harbour Police")
    new = NewPerson(login="ada", name="Ada", password_hash=HASH)
    ada = identity.people.create_person(SYSTEM, agency.id, new, frozenset({Role.OPERATOR}))
    return Office(identity, stores, entries, clock, agency.id, ada)


def test_tries_at_once_are_counted_before_any_is_checked(office: Office) -> None:
    begun = [office.identity.sign_in.begin("ada", CALLER) for _ in range(3)]
    with pytest.raises(ExhaustedError):
        office.identity.sign_in.begin("ada", CALLER)
    outcomes = [office.identity.sign_in.finish(b, WISH, matches=False) for b in begun]
    assert {o.code for o in outcomes if isinstance(o, Refused)} == {"wrong_credentials"}


def test_a_password_changed_while_it_was_checked_signs_nobody_in(office: Office) -> None:
    begun = office.identity.sign_in.begin("ada", CALLER)
    admin = a_person_of(office, Role.AGENCY_ADMIN)
    office.identity.people.reset_password(admin, office.ada.person.id, "$new", forget_totp=False)
    outcome = office.identity.sign_in.finish(begun, WISH, matches=True)
    assert isinstance(outcome, Refused)


def test_a_success_forgets_the_failures_of_the_account(office: Office) -> None:
    for _ in range(2):
        office.sign_in(matches=False)
    office.session()
    for _ in range(3):
        assert isinstance(office.sign_in(matches=False), Refused)
    with pytest.raises(ExhaustedError):
        office.sign_in()


def test_every_login_and_failure_leaves_one_entry(office: Office) -> None:
    before = len(office.entries.held)
    office.sign_in(matches=False)
    office.session()
    failed, done = office.entries.held[before:]
    assert (failed.act, failed.actor.kind, failed.on.id, failed.decision, failed.reason) == (
        "login_failed",
        "public",
        office.ada.person.id,
        "refused",
        "wrong_credentials",
    )
    assert (done.act, done.actor.id, done.actor.agency) == (
        "logged_in",
        office.ada.person.id,
        office.agency,
    )


def test_a_wish_for_a_surface_is_honoured(office: Office) -> None:
    wish = Wish(caller=CALLER, surface=Surface.OWNER)
    new = office.sign_in(wish=wish)
    assert isinstance(new, NewSession)
    assert new.session.surface is Surface.OWNER
    assert office.session().session.surface is Surface.CONSOLE


def test_credentials_turn_a_token_into_a_principal(office: Office) -> None:
    new = office.session()
    found = office.identity.credentials.of_bearer(new.token, CALLER)
    assert found.principal == new.principal
    assert found.principal == Principal(
        kind=PrincipalKind.PERSON,
        party_id=office.agency,
        person_id=office.ada.person.id,
        session_id=new.session.id,
        name="Ada",
        roles=frozenset({Role.OPERATOR}),
        stepped_up_at=NOON,
    )
    assert not found.touch


def test_use_is_noted_once_a_minute(office: Office) -> None:
    token = office.session().token
    credentials = office.identity.credentials
    office.clock.advance(MINUTE)
    found = credentials.of_bearer(token, CALLER)
    assert found.touch
    credentials.note_use(found)
    assert not credentials.of_bearer(token, CALLER).touch


def test_a_stray_session_is_ended_and_logged_once(office: Office) -> None:
    new = office.session()
    elsewhere = Caller(address="x", network="x", browser=CALLER.browser)
    found = office.identity.credentials.of_bearer(new.token, elsewhere)
    assert found.stray
    assert found.principal is None
    for _ in range(2):
        office.identity.credentials.end_stray(new.session.id, new.session.token_hash)
    assert office.entries.acts.count("logged_out") == 1
    assert office.identity.credentials.of_bearer(new.token, CALLER).principal is None


def test_a_suspended_person_has_no_session_left(office: Office) -> None:
    new = office.session()
    admin = a_person_of(office, Role.AGENCY_ADMIN)
    office.identity.people.change(admin, office.ada.person.id, MemberChange(suspended=True))
    assert office.identity.credentials.of_bearer(new.token, CALLER).principal is None
    assert list(office.stores.sessions.of_person(office.ada.person.id)) == []
    assert office.identity.directory.standing(office.ada.person.id, office.agency).suspended
    office.identity.people.change(admin, office.ada.person.id, MemberChange(suspended=False))
    assert not office.identity.directory.standing(office.ada.person.id, office.agency).suspended


def test_no_change_is_no_entry(office: Office) -> None:
    admin = a_person_of(office, Role.AGENCY_ADMIN)
    before = len(office.entries.held)
    with pytest.raises(InvalidError, match="changes nothing"):
        office.identity.people.change(admin, office.ada.person.id, MemberChange())
    assert len(office.entries.held) == before


def test_an_account_of_another_party_keeps_its_name_and_password(office: Office) -> None:
    home = office.identity.people.create_party(SYSTEM, PartyKind.HOUSEHOLD, "Home")
    other = office.identity.people.create_party(SYSTEM, PartyKind.AGENCY, "Fire Service")
    admin = a_person_of(office, Role.AGENCY_ADMIN, other.id)
    office.identity.people.add_membership(
        SYSTEM, office.ada.person.id, other.id, frozenset({Role.RESPONDER})
    )
    people, ada = office.identity.people, office.ada.person.id
    with pytest.raises(Exception, match="Another party made this account"):
        people.change(admin, ada, MemberChange(name="Eve"))
    with pytest.raises(Exception, match="Another party made this account"):
        people.reset_password(admin, ada, "$new", forget_totp=True)
    people.change(admin, ada, MemberChange(roles=frozenset({Role.AUDITOR})))
    ours = office.identity.directory.standing(ada, office.agency)
    assert ours.roles == {Role.OPERATOR}
    with pytest.raises(NotFoundError):
        people.add_membership(SYSTEM, ada, PartyId("none"), frozenset({Role.OWNER}))
    assert office.identity.directory.standing(ada, home.id).suspended


def test_the_directory_names_parties_and_people(office: Office) -> None:
    directory = office.identity.directory
    ids = [office.ada.person.id, office.agency, "nobody", office.agency]
    assert directory.names(ids) == {office.ada.person.id: "Ada", office.agency: "Harbour Police"}
    party, person = directory.party(office.agency), directory.person(office.ada.person.id)
    assert party is not None
    assert person is not None
    assert (party.name, person.name) == ("Harbour Police", "Ada")
    assert directory.person(PersonId("nobody")) is None


def test_a_standing_ends_with_the_membership(office: Office) -> None:
    new = NewPerson(login="temp", name="Temp")
    temp = office.identity.people.create_person(
        SYSTEM, office.agency, new, frozenset({Role.OPERATOR}), NOON + HOUR
    )
    directory = office.identity.directory
    assert directory.standing(temp.person.id, office.agency).roles == {Role.OPERATOR}
    office.clock.advance(HOUR)
    assert directory.standing(temp.person.id, office.agency).roles == frozenset()


def test_an_account_without_a_password_opens_to_none(office: Office) -> None:
    new = NewPerson(login="keyed", name="Keyed")
    office.identity.people.create_person(SYSTEM, office.agency, new, frozenset({Role.OPERATOR}))
    begun = office.identity.sign_in.begin("keyed", CALLER)
    assert begun.password_hash is None


def test_a_token_is_never_the_actor_of_an_ask(office: Office) -> None:
    admin = a_person_of(office, Role.AGENCY_ADMIN)
    scopes = frozenset({Act.READ_INCIDENTS, Act.DISPATCH_INCIDENT})
    _, secret = office.identity.tokens.make(admin, "CAD", scopes, NOON + DAY)
    found = office.identity.credentials.of_bearer(secret, CALLER)
    assert found.principal is not None
    allowed = {act for act in Act if may(found.principal, act)}
    assert allowed == scopes | {Act.READ_PUBLIC}


def test_use_of_a_token_is_noted(office: Office) -> None:
    admin = a_person_of(office, Role.AGENCY_ADMIN)
    token, secret = office.identity.tokens.make(
        admin, "CAD", frozenset({Act.READ_INCIDENTS}), NOON + DAY
    )
    found = office.identity.credentials.of_bearer(secret, CALLER)
    assert found.touch
    office.identity.credentials.note_use(found)
    [held] = office.identity.tokens.page(admin, "", 9)
    assert (held.id, held.used_at) == (token.id, NOON)


def test_sweeping_forgets_only_what_has_run_out(office: Office) -> None:
    office.session()
    office.sign_in(matches=False)
    office.identity.sweep()
    assert len(office.stores.sessions.of_person(office.ada.person.id)) == 1
    office.clock.advance(2 * DAY)
    office.identity.sweep()
    assert list(office.stores.sessions.of_person(office.ada.person.id)) == []


def a_person_of(office: Office, role: Role, party: PartyId | None = None) -> Principal:
    new = NewPerson(login=f"{role.value}.{party or 'x'}"[:60], name="Root")
    made = office.identity.people.create_person(
        SYSTEM, party or office.agency, new, frozenset({role})
    )
    return Principal(
        kind=PrincipalKind.PERSON,
        party_id=party or office.agency,
        person_id=made.person.id,
        roles=frozenset({role}),
        stepped_up_at=NOON,
    )
