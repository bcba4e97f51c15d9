"""The rules of identity, one by one and at their bounds."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from consentry.identity import Party, PartyKind, Person, require_step_up
from consentry.identity.model import (
    Caller,
    Membership,
    Method,
    SecondFactor,
    Session,
    SignedIn,
    Surface,
    Tries,
)
from consentry.identity.rules import (
    ACCOUNT,
    ADDRESS,
    CODE,
    SECOND_FACTOR,
    Patience,
    check_end,
    check_password,
    check_patience,
    check_roles,
    check_scopes,
    network_of,
    session_spans,
    source_of,
    why_over,
)
from consentry.kernel.access import STAFF, TOKEN_SCOPES, Act, Principal, PrincipalKind, Role
from consentry.kernel.errors import (
    DeniedError,
    ExhaustedError,
    InvalidError,
    UnauthenticatedError,
)
from consentry.kernel.ids import PartyId, PersonId, SessionId
from tests.kit import DAY, HOUR, MINUTE, NOON

SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
GIVER = frozenset({Role.AGENCY_ADMIN})


def tries(failures: int) -> Tries:
    return Tries(key="k", failures=failures, last_at=NOON)


@pytest.mark.parametrize(
    ("failures", "wait_s"), [(0, 0), (2, 0), (3, 1), (4, 2), (5, 4), (7, 16), (8, 30), (900, 30)]
)
def test_waits_double_up_to_their_cap(failures: int, wait_s: int) -> None:
    assert ACCOUNT.wait_s(failures) == wait_s


def test_the_wait_is_over_at_its_end_and_not_before() -> None:
    with pytest.raises(ExhaustedError) as caught:
        check_patience(tries(4), ACCOUNT, NOON + 2 * SECOND - TICK)
    assert caught.value.retry_after_s == 1
    assert caught.value.code == "slow_down"
    check_patience(tries(4), ACCOUNT, NOON + 2 * SECOND)


def test_nobody_waits_for_nothing() -> None:
    check_patience(None, ACCOUNT, NOON)
    check_patience(tries(2), ACCOUNT, NOON)


@pytest.mark.parametrize("patience", [ACCOUNT, ADDRESS, SECOND_FACTOR, CODE])
@given(failures=st.integers(0, 10**6))
def test_no_number_of_failures_locks_out(patience: Patience, failures: int) -> None:
    assert 0 <= patience.wait_s(failures) <= patience.wait_s_max <= 900
    check_patience(tries(failures), patience, NOON + timedelta(seconds=patience.wait_s_max))


def test_failures_are_forgotten() -> None:
    slow = Patience(free=1, wait_s_max=10**6, forget=timedelta(hours=1))
    with pytest.raises(ExhaustedError):
        check_patience(tries(30), slow, NOON + HOUR - TICK)
    check_patience(tries(30), slow, NOON + HOUR)


@pytest.mark.parametrize("password", ["abcdefghijkl", "x" * 195 + "abcde", "abcde" * 3])
def test_length_is_enough_for_a_password(password: str) -> None:
    check_password(password, "ada")


@pytest.mark.parametrize(
    "password", ["abcdefghijk", "x" * 196 + "abcde", "abcdabcdabcd", "I am ADA, hello"]
)
def test_only_the_worst_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidError) as caught:
        check_password(password, "ada")
    assert password not in str(caught.value)


@pytest.mark.parametrize("role", sorted(STAFF - {Role.HUB_ADMIN}))
def test_staff_roles_are_for_agencies(role: Role) -> None:
    check_roles(PartyKind.AGENCY, [role], GIVER)
    for kind in (PartyKind.HOUSEHOLD, PartyKind.BUSINESS):
        with pytest.raises(InvalidError, match="does not fit"):
            check_roles(kind, [role, Role.OWNER], GIVER)


def test_owners_are_for_the_rest() -> None:
    check_roles(PartyKind.HOUSEHOLD, [Role.OWNER], GIVER)
    with pytest.raises(InvalidError, match="does not fit"):
        check_roles(PartyKind.AGENCY, [Role.OWNER], GIVER)
    with pytest.raises(InvalidError, match="empty"):
        check_roles(PartyKind.AGENCY, [], GIVER)


def test_only_a_hub_admin_makes_another() -> None:
    with pytest.raises(DeniedError):
        check_roles(PartyKind.AGENCY, [Role.HUB_ADMIN], GIVER)
    check_roles(PartyKind.AGENCY, [Role.HUB_ADMIN], frozenset({Role.HUB_ADMIN}))


@pytest.mark.parametrize("act", sorted(frozenset(Act) - TOKEN_SCOPES))
def test_no_token_is_given_more_than_scopes(act: Act) -> None:
    with pytest.raises(InvalidError):
        check_scopes(frozenset({act}), TOKEN_SCOPES, frozenset(Role))


def test_metrics_of_the_hub_are_for_the_hub() -> None:
    wanted = frozenset({Act.READ_METRICS})
    with pytest.raises(DeniedError):
        check_scopes(wanted, TOKEN_SCOPES, GIVER)
    check_scopes(wanted, TOKEN_SCOPES, frozenset({Role.HUB_ADMIN}))


def a_principal(minutes: float | None) -> Principal:
    at = None if minutes is None else NOON - minutes * MINUTE
    return Principal(kind=PrincipalKind.PERSON, stepped_up_at=at)


@pytest.mark.parametrize("minutes", [0, 4.99, 5])
def test_a_fresh_proof_is_enough(minutes: float) -> None:
    require_step_up(a_principal(minutes), NOON)


@pytest.mark.parametrize("minutes", [None, 5.01, 600, -0.01])
def test_a_stale_missing_or_future_proof_is_not(minutes: float | None) -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        require_step_up(a_principal(minutes), NOON)
    assert caught.value.code == "step_up_required"


def test_live_takes_an_older_proof() -> None:
    require_step_up(a_principal(479), NOON, within=8 * HOUR)


@pytest.mark.parametrize("end", [NOON, NOON - TICK, NOON + DAY + TICK])
def test_an_end_lies_ahead_and_within_its_bound(end: object) -> None:
    with pytest.raises(InvalidError) as caught:
        check_end(end, NOON, DAY)  # type: ignore[arg-type] # parametrised
    assert caught.value.faults[0].field == "expires_at"
    check_end(None, NOON, DAY)
    check_end(NOON + DAY, NOON, DAY)


@pytest.mark.parametrize(
    ("address", "network", "source"),
    [
        ("192.0.2.10", "192.0.2.0/24", "192.0.2.10/32"),
        ("::ffff:192.0.2.10", "192.0.2.0/24", "192.0.2.10/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/56", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/56", "fe80::/64"),
        ("unix", "unix", "unix"),
        ("", "", ""),
        ("x" * 99, "x" * 64, "x" * 64),
    ],
)
def test_addresses_have_neighbourhoods(address: str, network: str, source: str) -> None:
    assert network_of(address) == network
    assert source_of(address) == source


def test_staff_have_short_sessions_and_owners_longer_ones() -> None:
    assert session_spans(frozenset({Role.OPERATOR})) == (15 * MINUTE, 12 * HOUR)
    assert session_spans(frozenset({Role.OWNER, Role.AUDITOR})) == (15 * MINUTE, 12 * HOUR)
    assert session_spans(frozenset({Role.OWNER})) == (DAY, 14 * DAY)


def test_a_membership_holds_until_it_ends_or_is_suspended() -> None:
    def held(**changes: object) -> Membership:
        person, party = PersonId("p"), PartyId("q")
        return Membership(
            person_id=person,
            party_id=party,
            roles=frozenset(),
            since=NOON,
            **changes,  # type: ignore[arg-type] # free
        )

    assert held().holds_at(NOON + 9999 * DAY)
    assert held(expires_at=NOON).holds_at(NOON - TICK)
    assert not held(expires_at=NOON).holds_at(NOON)
    assert not held(suspended_at=NOON + DAY).holds_at(NOON)


CALLER = Caller(address="a", network="n", browser="b")


def a_find(**changes: object) -> SignedIn:
    """A session that holds at noon: idle at 12:15, over at 13:00."""
    person, party = PersonId("p"), PartyId("q")
    membership = Membership(person_id=person, party_id=party, roles=frozenset(), since=NOON)
    session = Session(
        id=SessionId("s"),
        token_hash="h",
        person_id=person,
        party_id=party,
        surface=Surface.CONSOLE,
        method=Method.PASSWORD,
        second_factor=SecondFactor.TOTP,
        created_at=NOON,
        seen_at=NOON,
        ends_at=NOON + HOUR,
        idle_s=900,
        stepped_up_at=NOON,
        network="n",
        browser="b",
    )
    found = SignedIn(
        session=session,
        person=Person(id=person, home_id=party, login="l", name="n", created_at=NOON),
        party=Party(id=party, kind=PartyKind.AGENCY, name="q", created_at=NOON),
        membership=membership,
    )
    return replace(found, **changes)  # type: ignore[arg-type] # any field


def test_a_session_holds_until_it_is_idle_or_over() -> None:
    assert why_over(a_find(), CALLER, NOON + 15 * MINUTE - TICK) is None
    assert why_over(a_find(), CALLER, NOON + 15 * MINUTE) == "expired"
    busy = replace(a_find().session, seen_at=NOON + HOUR)
    assert why_over(a_find(session=busy), CALLER, NOON + HOUR - TICK) is None
    assert why_over(a_find(session=busy), CALLER, NOON + HOUR) == "expired"


def test_a_session_holds_no_longer_than_the_membership() -> None:
    assert why_over(a_find(membership=None), CALLER, NOON) == "suspended"
    held = a_find().membership
    assert held is not None
    ended = replace(held, expires_at=NOON)
    assert why_over(a_find(membership=ended), CALLER, NOON) == "suspended"


@pytest.mark.parametrize("changes", [{"network": "m"}, {"browser": "c"}])
def test_a_session_holds_where_it_began(changes: dict[str, str]) -> None:
    assert why_over(a_find(), replace(CALLER, **changes), NOON) == "elsewhere"
    assert why_over(a_find(), replace(CALLER, address="another"), NOON) is None
