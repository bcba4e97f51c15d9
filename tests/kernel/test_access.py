"""The table of roles and acts: complete, and closed to whatever it does not name."""

import pytest

from consentry.kernel.access import (
    ALLOWED,
    ANYONE,
    EDGE,
    PUBLIC,
    TOKEN_SCOPES,
    Act,
    Principal,
    PrincipalKind,
    Role,
    may,
)
from consentry.kernel.ids import PartyId


def person(*roles: Role) -> Principal:
    return Principal(
        kind=PrincipalKind.PERSON, party_id=PartyId("p"), roles=frozenset(roles), name="somebody"
    )


def test_every_act_has_a_row() -> None:
    assert set(ALLOWED) == set(Act)


def test_every_act_can_be_done_by_somebody() -> None:
    reachable = {act for act, roles in ALLOWED.items() if roles} | PUBLIC | EDGE | TOKEN_SCOPES
    assert reachable == set(Act)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", Act)
def test_a_person_may_what_a_role_of_theirs_may(role: Role, act: Act) -> None:
    assert may(person(role), act) == (role in ALLOWED[act] or act in PUBLIC)


def test_a_person_without_a_role_is_the_public() -> None:
    assert {act for act in Act if may(person(), act)} == PUBLIC


def test_an_ask_has_a_person_behind_it() -> None:
    everything = frozenset(Act)
    token = Principal(kind=PrincipalKind.TOKEN, token_id="t", scopes=everything)
    assert {act for act in Act if may(token, act)} == TOKEN_SCOPES | {Act.READ_PUBLIC}
    assert Act.ASK not in TOKEN_SCOPES | EDGE | PUBLIC


def test_those_who_manage_people_do_not_watch() -> None:
    for role in (Role.AGENCY_ADMIN, Role.HUB_ADMIN, Role.AUDITOR, Role.OWNER, Role.SUPERVISOR):
        assert not may(person(role), Act.ASK)


def test_nobody_in_particular_may_little() -> None:
    assert {act for act in Act if may(ANYONE, act)} == PUBLIC
    assert ANYONE.id == "public"
    with pytest.raises(LookupError):
        _ = ANYONE.party
