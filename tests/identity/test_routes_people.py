"""Parties, people and tokens over HTTP: who may, what comes back, what is logged."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from consentry.audit import SYSTEM
from consentry.identity import Member, Party, PartyKind
from consentry.infra.db import Database
from consentry.kernel.access import Role
from consentry.kernel.clock import to_text
from tests.identity.kit import PASSWORD, Hub, a_hub, problem_of, sign_in
from tests.kit import DAY, HOUR, MINUTE, NOON
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio

NOBODY = "01936b00-0000-7000-8000-000000000000"


@dataclass
class Town:
    """Two agencies; `admin` and `other` are signed in, each at their own."""

    hub: Hub
    party: Party
    ada: Member
    elsewhere: Party
    stranger: Member
    admin: httpx.AsyncClient
    other: httpx.AsyncClient


@pytest.fixture
async def town(sqlite: Database, clock: VirtualClock) -> AsyncIterator[Town]:
    hub = a_hub(sqlite, clock)
    ours, theirs = hub.party(name="Harbour Police"), hub.party(name="Fire Service")
    ada = hub.person(ours, "ada", Role.OPERATOR)
    hub.person(ours, "root", Role.AGENCY_ADMIN, Role.HUB_ADMIN)
    hub.person(theirs, "chief", Role.AGENCY_ADMIN)
    stranger = hub.person(theirs, "stan", Role.OPERATOR)
    async with hub.client() as admin, hub.client() as other:
        await sign_in(admin, "root")
        await sign_in(other, "chief")
        yield Town(hub, ours, ada, theirs, stranger, admin, other)


async def test_an_admin_adds_a_person_who_can_sign_in(town: Town) -> None:
    body = {"login": "Nia", "name": "Nia Okafor", "password": PASSWORD, "roles": ["responder"]}
    made = await town.admin.post("/api/people", json=body)
    assert made.status_code == 201
    assert made.json()["login"] == "nia"
    assert made.json()["roles"] == ["responder"]
    assert town.hub.newest.act == "person_changed"
    assert town.hub.newest.on.id == made.json()["id"]
    async with town.hub.client() as client:
        assert (await sign_in(client, "nia"))["party_id"] == town.party.id


async def test_lists_come_in_pages_and_hold_ones_own_agency_alone(town: Town) -> None:
    first = (await town.admin.get("/api/people", params={"limit": 1})).json()
    assert [p["login"] for p in first["items"]] == ["ada"]
    rest = await town.admin.get("/api/people", params={"limit": 1, "cursor": first["next"]})
    assert [p["login"] for p in rest.json()["items"]] == ["root"]
    assert rest.json()["next"] is None


@pytest.mark.parametrize("method", ["get", "patch", "reset"])
async def test_anothers_person_is_not_found(town: Town, method: str) -> None:
    for person_id in (town.stranger.person.id, NOBODY):
        path = f"/api/people/{person_id}"
        if method == "get":
            answer = await town.admin.get(path)
        elif method == "patch":
            answer = await town.admin.patch(path, json={"suspended": True})
        else:
            answer = await town.admin.post(
                f"{path}/password", json={"password": "x" * 4 + PASSWORD}
            )
        assert problem_of(answer) == (404, "not_found")


async def test_new_roles_and_suspension_count_from_the_next_request_on(town: Town) -> None:
    path = f"/api/people/{town.ada.person.id}"
    async with town.hub.client() as ada:
        await sign_in(ada, "ada")
        await town.admin.patch(path, json={"roles": ["supervisor"]})
        assert (await ada.get("/api/session")).json()["roles"] == ["supervisor"]
        await town.admin.patch(path, json={"suspended": True})
        assert problem_of(await ada.get("/api/session")) == (401, "unauthenticated")
        again = await ada.post(
            "/api/sign-in",
            json={"login": "ada", "password": PASSWORD},
            headers={"authorization": ""},
        )
    assert again.status_code == 401
    assert [e.reason for e in town.hub.entries.held if e.act == "person_changed"][-2:] == [
        "roles",
        "suspended",
    ]


async def test_a_membership_ends_at_its_end(town: Town) -> None:
    path = f"/api/people/{town.ada.person.id}"
    async with town.hub.client() as ada:
        await sign_in(ada, "ada")
        end = to_text(NOON + MINUTE)
        assert (await town.admin.patch(path, json={"expires_at": end})).status_code == 200
        assert (await ada.get("/api/session")).status_code == 200
        town.hub.clock.advance(MINUTE)
        assert problem_of(await ada.get("/api/session")) == (401, "unauthenticated")
        await town.admin.patch(path, json={"expires_at": None})
        assert (await ada.get("/api/session")).status_code == 200


async def test_nobody_manages_themselves(town: Town) -> None:
    own = (await town.admin.get("/api/session")).json()["person_id"]
    answer = await town.admin.patch(f"/api/people/{own}", json={"roles": ["auditor"]})
    assert problem_of(answer) == (403, "denied")


async def test_an_agency_admin_makes_no_hub_admin(town: Town) -> None:
    path = f"/api/people/{town.stranger.person.id}"
    answer = await town.other.patch(path, json={"roles": ["hub_admin"]})
    assert problem_of(answer) == (403, "denied")
    answer = await town.other.patch(path, json={"roles": ["owner"]})
    assert problem_of(answer) == (422, "invalid")
    assert answer.json()["faults"][0]["field"] == "roles"


async def test_a_role_change_wants_a_fresh_proof(town: Town) -> None:
    town.hub.clock.advance(5 * MINUTE)
    path, body = f"/api/people/{town.ada.person.id}", {"roles": ["auditor"]}
    assert (await town.admin.patch(path, json=body)).status_code == 200
    town.hub.clock.advance(MINUTE / 60)
    answer = await town.admin.patch(path, json=body)
    assert problem_of(answer) == (401, "step_up_required")
    stepped = await town.admin.post("/api/session/step-up", json={"password": PASSWORD})
    assert stepped.json()["stepped_up_at"] == "2026-11-20T12:05:01Z"
    assert (await town.admin.patch(path, json=body)).status_code == 200
    assert "stepped_up" in town.hub.acts


async def test_a_reset_password_ends_all_sessions(town: Town) -> None:
    async with town.hub.client() as ada:
        await sign_in(ada, "ada")
        new = "another long secret"
        path = f"/api/people/{town.ada.person.id}/password"
        assert (await town.admin.post(path, json={"password": new})).status_code == 204
        assert town.hub.newest.act == "key_changed"
        assert (await ada.get("/api/session")).status_code == 401
        del ada.headers["authorization"]
        await sign_in(ada, "ada", password=new)


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short", "password"),
        ("aaaaaaaaaaaaaaaa", "repeats itself"),
        ("my name is Nia, yes", "contains the login name"),
        ("x" * 201, "password"),
    ],
)
async def test_weak_passwords_are_refused_by_name_and_limit(
    town: Town, password: str, message: str
) -> None:
    body = {"login": "nia", "name": "Nia", "password": password, "roles": ["operator"]}
    answer = await town.admin.post("/api/people", json=body)
    assert problem_of(answer) == (422, "invalid")
    assert message in answer.json()["detail"]
    assert password not in answer.text


async def test_a_login_name_belongs_to_one(town: Town) -> None:
    body = {"login": "stan", "name": "Stan", "password": PASSWORD, "roles": ["operator"]}
    answer = await town.admin.post("/api/people", json=body)
    assert problem_of(answer) == (409, "login_taken")


async def test_a_hub_admin_founds_parties_of_every_kind(town: Town) -> None:
    for kind, role in (("agency", "agency_admin"), ("household", "owner"), ("business", "owner")):
        body = {
            "kind": kind,
            "name": f"A {kind}",
            "first_person": {"login": kind, "name": "First", "password": PASSWORD},
        }
        made = await town.admin.post("/api/parties", json=body)
        assert made.status_code == 201
        assert made.json()["first_person"]["roles"] == [role]
        async with town.hub.client() as client:
            assert (await sign_in(client, kind))["party_id"] == made.json()["party"]["id"]
    listed = (await town.admin.get("/api/parties")).json()["items"]
    assert len(listed) == 5
    renamed = await town.admin.patch(f"/api/parties/{listed[-1]['id']}", json={"name": "Bakery"})
    assert renamed.json()["name"] == "Bakery"
    assert town.hub.newest.act == "party_changed"


async def test_parties_are_for_hub_admins(town: Town) -> None:
    assert problem_of(await town.other.get("/api/parties")) == (403, "denied")
    assert problem_of(await town.other.get(f"/api/parties/{town.party.id}")) == (403, "denied")


async def test_a_failed_founding_leaves_nothing(town: Town) -> None:
    body = {
        "kind": "agency",
        "name": "Half",
        "first_person": {"login": "ada", "name": "Taken", "password": PASSWORD},
    }
    answer = await town.admin.post("/api/parties", json=body)
    assert problem_of(answer) == (409, "login_taken")
    assert len((await town.admin.get("/api/parties")).json()["items"]) == 2


async def test_a_token_works_within_its_scopes_until_it_is_revoked(town: Town) -> None:
    end = to_text(NOON + 365 * DAY)
    body = {"name": "Metrics", "scopes": ["read_metrics"], "expires_at": end}
    made = (await town.admin.post("/api/tokens", json=body)).json()
    assert made["token"].startswith("cst_")
    async with town.hub.client() as program:
        program.headers["authorization"] = f"Bearer {made['token']}"
        assert problem_of(await program.get("/api/people")) == (403, "denied")
        listed = (await town.admin.get("/api/tokens")).json()["items"]
        assert listed[0]["token"] is None
        assert listed[0]["used_at"] == to_text(NOON)
        assert made["token"] not in str(listed)
        gone = await town.admin.delete(f"/api/tokens/{made['id']}")
        assert gone.status_code == 204
        assert problem_of(await program.get("/api/people")) == (401, "unauthenticated")
    assert [e.reason for e in town.hub.entries.held if e.act == "token_changed"] == [
        "made",
        "revoked",
    ]


async def test_a_token_ends_at_its_end(town: Town) -> None:
    body = {"name": "Brief", "scopes": ["read_audit"], "expires_at": to_text(NOON + HOUR)}
    made = (await town.admin.post("/api/tokens", json=body)).json()
    async with town.hub.client() as program:
        program.headers["authorization"] = f"Bearer {made['token']}"
        assert (await program.get("/api/people")).status_code == 403
        town.hub.clock.advance(HOUR)
        assert (await program.get("/api/people")).status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scopes": ["ask"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"expires_at": to_text(NOON)}, "expires_at"),
        ({"expires_at": to_text(NOON + 366 * DAY)}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ({"name": " "}, "name"),
    ],
)
async def test_impossible_tokens_are_refused(
    town: Town, change: dict[str, object], field: str
) -> None:
    end = to_text(NOON + DAY)
    body = {"name": "T", "scopes": ["read_incidents"], "expires_at": end} | change
    answer = await town.admin.post("/api/tokens", json=body)
    assert problem_of(answer) == (422, "invalid")
    assert answer.json()["faults"][0]["field"].startswith(field)


async def test_anothers_token_is_not_found(town: Town) -> None:
    body = {"name": "T", "scopes": ["read_audit"], "expires_at": to_text(NOON + DAY)}
    made = (await town.other.post("/api/tokens", json=body)).json()
    answer = await town.admin.delete(f"/api/tokens/{made['id']}")
    assert problem_of(answer) == (404, "not_found")
    assert (await town.admin.get("/api/tokens")).json()["items"] == []
    answer = await town.other.post("/api/tokens", json=body | {"scopes": ["read_metrics"]})
    assert problem_of(answer) == (403, "denied")


async def test_one_sees_and_changes_oneself(town: Town) -> None:
    async with town.hub.client() as ada:
        await sign_in(ada, "ada")
        own = (await ada.get("/api/profile")).json()
        assert own["login"] == "ada"
        assert [p["party"]["name"] for p in own["parties"]] == ["Harbour Police"]
        changed = await ada.patch("/api/profile", json={"name": "Ada Lovelace"})
        assert changed.json()["name"] == "Ada Lovelace"
        assert town.hub.newest.on.title == "Ada Lovelace"


async def test_a_new_password_ends_the_other_sessions(town: Town) -> None:
    async with town.hub.client() as here, town.hub.client() as there:
        await sign_in(here, "ada")
        await sign_in(there, "ada")
        body = {"old": "wrong", "new": "another long secret"}
        answer = await here.post("/api/profile/password", json=body)
        assert problem_of(answer) == (401, "wrong_credentials")
        answer = await here.post("/api/profile/password", json=body | {"old": PASSWORD})
        assert answer.status_code == 204
        assert town.hub.newest.act == "key_changed"
        assert (await here.get("/api/session")).status_code == 200
        assert (await there.get("/api/session")).status_code == 401


async def test_one_ends_ones_own_sessions_and_no_others(town: Town) -> None:
    async with town.hub.client() as here, town.hub.client() as there:
        await sign_in(here, "ada")
        other = (await sign_in(there, "ada"))["session_id"]
        admins = (await town.admin.get("/api/session")).json()["session_id"]
        listed = (await here.get("/api/sessions")).json()["items"]
        assert [item["current"] for item in listed] == [True, False]
        assert problem_of(await here.delete(f"/api/sessions/{admins}")) == (404, "not_found")
        assert (await here.delete(f"/api/sessions/{other}")).status_code == 204
        assert (await there.get("/api/session")).status_code == 401
        assert (await here.delete("/api/session")).status_code == 204
        assert town.hub.newest.act == "logged_out"
        assert (await here.get("/api/session")).status_code == 401


async def test_with_several_parties_one_says_for_whom(town: Town) -> None:
    home = town.hub.party(PartyKind.HOUSEHOLD, "Ada at home")
    town.hub.work.write_now(
        lambda s: s.people.add_membership(
            SYSTEM, town.ada.person.id, home.id, frozenset({Role.OWNER})
        )
    )
    async with town.hub.client() as ada:
        answer = await ada.post("/api/sign-in", json={"login": "ada", "password": PASSWORD})
        assert problem_of(answer) == (422, "party_needed")
        assert home.id in answer.json()["detail"]
        said = await sign_in(ada, "ada", party_id=home.id)
    assert (said["roles"], said["surface"]) == (["owner"], "owner")
    assert said["second_factor"] == "not_needed"
    async with town.hub.client() as ada:
        body = {"login": "ada", "password": PASSWORD, "party_id": town.elsewhere.id}
        assert problem_of(await ada.post("/api/sign-in", json=body)) == (401, "not_a_member")
