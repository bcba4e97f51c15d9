"""Signing in over HTTP: statuses, problem types, cookies and the entries they leave."""

import pytest

from consentry.identity import PartyKind
from consentry.infra.db import Database
from consentry.kernel.access import Role
from tests.identity.kit import ORIGIN, Hub, KeyHolder, a_hub, problem_of, sign_in
from tests.kit import MINUTE
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def hub(database: Database, clock: VirtualClock) -> Hub:
    hub = a_hub(database, clock)
    party = hub.party()
    hub.person(party, "ada", Role.OPERATOR)
    hub.person(party, "bea", Role.AGENCY_ADMIN)
    return hub


async def test_a_program_signs_in_and_uses_its_token(hub: Hub) -> None:
    async with hub.client() as client:
        said = await sign_in(client, "Ada")
        assert said["roles"] == ["operator"]
        assert said["second_factor"] == "skipped"
        assert "set-cookie" not in client.headers
        own = await client.get("/api/session")
    assert own.status_code == 200
    assert own.json()["person_id"] == said["person_id"]
    assert own.json()["token"] is None
    assert hub.newest.act == "logged_in"
    assert hub.newest.actor.id == said["person_id"]


async def test_a_page_gets_a_cookie_and_never_sees_the_token(hub: Hub) -> None:
    async with hub.client(page=True) as client:
        answer = await client.post(
            "/api/sign-in", json={"login": "ada", "password": "a long enough secret"}
        )
        assert answer.json()["token"] is None
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-consentry-console=css_")
        assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
            "path=/",
            "secure",
            "httponly",
            "samesite=lax",
        }
        assert (await client.get("/api/session")).status_code == 200


async def test_an_owner_signs_in_with_their_key(hub: Hub) -> None:
    home = hub.party(PartyKind.HOUSEHOLD, "Lindqvist")
    owner = hub.person(home, "owner", Role.OWNER)
    key = KeyHolder()
    hub.keys.known[key.public] = home.id
    async with hub.client() as client:
        asked = await client.post("/api/sign-in/key/challenge", json={"key": key.text})
        assert asked.status_code == 201
        challenge = asked.json()
        assert challenge["origin"] == ORIGIN
        said = {name: challenge[name] for name in ("challenge_id", "nonce", "origin")}
        signature = key.sign(b"consentry/owner-auth/v1\n", said)
        body = {"challenge_id": challenge["challenge_id"], "signature": signature}
        answer = await client.post("/api/sign-in/key", json=body)
        assert answer.status_code == 201
        assert answer.json()["person_id"] == owner.person.id
        assert answer.json()["party_id"] == home.id
        assert answer.json()["surface"] == "owner"
        again = await client.post("/api/sign-in/key", json=body)
    assert problem_of(again) == (401, "wrong_key")
    assert hub.acts[-2:] == ["logged_in", "login_failed"]


async def test_a_wrong_password_and_an_unknown_name_are_told_the_same(hub: Hub) -> None:
    async with hub.client() as client:
        wrong = await client.post("/api/sign-in", json={"login": "ada", "password": "x"})
        unknown = await client.post("/api/sign-in", json={"login": "nobody", "password": "x"})
    assert problem_of(wrong) == problem_of(unknown) == (401, "wrong_credentials")
    assert wrong.json() == unknown.json()
    assert hub.acts[-2:] == ["login_failed", "login_failed"]
    assert [entry.on.id for entry in hub.entries.held[-2:]][1] == "unknown"


async def test_failures_make_the_next_try_wait_but_never_lock_out(hub: Hub) -> None:
    async with hub.client() as client:
        body = {"login": "ada", "password": "x"}
        answers = [await client.post("/api/sign-in", json=body) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert answers[-1].headers["retry-after"] == "1"
        assert problem_of(answers[-1]) == (429, "slow_down")
        hub.clock.advance(MINUTE)
        await sign_in(client, "ada")
