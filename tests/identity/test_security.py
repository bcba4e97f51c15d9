"""Attacks, each played over HTTP, and the one thing that must come of it."""

import hmac
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from consentry.identity import PartyKind, Site, proofs
from consentry.identity.model import Surface
from consentry.infra.db import Database
from consentry.kernel.access import Role
from tests.identity.kit import (
    ORIGIN,
    PASSWORD,
    Hub,
    a_hub,
    problem_of,
    sign_in,
)
from tests.kit import HOUR, MINUTE
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)
CREDENTIALS = {"login": "ada", "password": PASSWORD}
OWNER_AUTH = b"consentry/owner-auth/v1\n"


@pytest.fixture
def hub(sqlite: Database, clock: VirtualClock) -> Hub:
    hub = a_hub(sqlite, clock)
    party = hub.party()
    hub.person(party, "ada", Role.OPERATOR, Role.AGENCY_ADMIN)
    hub.person(party, "bea", Role.AUDITOR)
    hub.person(hub.party(PartyKind.HOUSEHOLD, "Lindqvist"), "owner", Role.OWNER)
    return hub


@pytest.fixture
async def page(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on our own page, signed in as Ada by cookie."""
    async with hub.client(page=True) as client:
        assert (await client.post("/api/sign-in", json=CREDENTIALS)).status_code == 201
        yield client


# A stolen or planted session


@pytest.mark.parametrize(
    ("browser", "address"), [("Other/1", "192.0.2.10"), ("Test/1", "198.51.100.7")]
)
async def test_a_stolen_token_opens_nothing_elsewhere_and_is_ended(
    hub: Hub, browser: str, address: str
) -> None:
    async with (
        hub.client() as owner,
        hub.client(browser=browser, address=address) as thief,
    ):
        await sign_in(owner, "ada")
        thief.headers["authorization"] = owner.headers["authorization"]
        assert problem_of(await thief.get("/api/session")) == (401, "reauthenticate")
        assert hub.newest.act == "logged_out"
        assert hub.newest.reason == "used from another network or browser"
        assert (await owner.get("/api/session")).status_code == 401


async def test_an_address_nearby_is_the_same_network(hub: Hub) -> None:
    async with hub.client() as client, hub.client(address="192.0.2.99") as moved:
        await sign_in(client, "ada")
        moved.headers["authorization"] = client.headers["authorization"]
        assert (await moved.get("/api/session")).status_code == 200


async def test_a_planted_cookie_never_becomes_somebodys_session(hub: Hub) -> None:
    async with hub.client(page=True) as client:
        name = "__Host-consentry-console"
        client.cookies.set(name, "css_planted", domain="hub.test")
        answer = await client.post("/api/sign-in", json=CREDENTIALS)
        assert answer.status_code == 201
        assert "planted" not in answer.headers["set-cookie"]
    async with hub.client() as attacker:
        attacker.headers["authorization"] = "Bearer css_planted"
        assert (await attacker.get("/api/session")).status_code == 401


async def test_signing_in_again_ends_the_session_before(hub: Hub, page: httpx.AsyncClient) -> None:
    old = dict(page.cookies)
    assert (await page.post("/api/sign-in", json=CREDENTIALS)).status_code == 201
    async with hub.client(page=True) as stale:
        for name, value in old.items():
            stale.cookies.set(name, value, domain="hub.test")
        assert (await stale.get("/api/session")).status_code == 401


async def test_signing_out_takes_the_cookie_away(page: httpx.AsyncClient) -> None:
    answer = await page.delete("/api/session")
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert (await page.get("/api/session")).status_code == 401


# Other sites and other people


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://hub.test", ORIGIN + "."])
async def test_a_write_from_a_foreign_page_is_refused(
    hub: Hub, page: httpx.AsyncClient, origin: str
) -> None:
    answer = await page.patch("/api/profile", json={"name": "Eve"}, headers={"origin": origin})
    assert problem_of(answer) == (403, "foreign_origin")
    answer = await page.post("/api/sign-in", json=CREDENTIALS, headers={"origin": origin})
    assert problem_of(answer) == (403, "foreign_origin")
    assert hub.acts.count("logged_in") == 1


async def test_a_write_by_cookie_must_name_its_origin(page: httpx.AsyncClient) -> None:
    del page.headers["origin"]
    answer = await page.patch("/api/profile", json={"name": "Eve"})
    assert problem_of(answer) == (403, "no_origin")
    assert (await page.get("/api/profile")).json()["name"] == "Ada"


async def test_a_page_that_shows_somebody_else_is_told(hub: Hub, page: httpx.AsyncClient) -> None:
    own = (await page.get("/api/session")).json()["person_id"]
    right = await page.get("/api/session", headers={"x-consentry-person": own})
    assert right.status_code == 200
    wrong = await page.patch(
        "/api/profile", json={"name": "Eve"}, headers={"x-consentry-person": own[:-1] + "0"}
    )
    assert problem_of(wrong) == (409, "other_person")


async def test_console_and_owner_page_stand_side_by_side(hub: Hub, page: httpx.AsyncClient) -> None:
    ada = (await page.get("/api/session")).json()["person_id"]
    stays = dict(page.cookies)
    async with hub.client(page=True) as owners:
        owner = (
            await owners.post("/api/sign-in", json={"login": "owner", "password": PASSWORD})
        ).json()
        assert list(owners.cookies) == ["__Host-consentry-owner"]
        for name, value in stays.items():
            owners.cookies.set(name, value, domain="hub.test")
        for person in (ada, owner["person_id"]):
            seen = await owners.get("/api/session", headers={"x-consentry-person": person})
            assert seen.json()["person_id"] == person


async def test_a_session_of_one_surface_is_no_cookie_of_the_other(
    hub: Hub, page: httpx.AsyncClient
) -> None:
    token = page.cookies["__Host-consentry-console"]
    async with hub.client(page=True) as other:
        other.cookies.set("__Host-consentry-owner", token, domain="hub.test")
        assert (await other.get("/api/session")).status_code == 401


# Time


async def test_staff_sessions_end_when_idle_for_fifteen_minutes(hub: Hub) -> None:
    async with hub.client() as client:
        await sign_in(client, "ada")
        for _ in range(4):
            hub.clock.advance(14 * MINUTE)
            assert (await client.get("/api/session")).status_code == 200
        hub.clock.advance(15 * MINUTE)
        assert (await client.get("/api/session")).status_code == 401


async def test_staff_sessions_end_after_twelve_hours_however_busy(hub: Hub) -> None:
    async with hub.client() as client:
        await sign_in(client, "ada")
        for _ in range(12 * 6 - 1):
            hub.clock.advance(10 * MINUTE)
            assert (await client.get("/api/session")).status_code == 200
        hub.clock.advance(10 * MINUTE)
        assert (await client.get("/api/session")).status_code == 401


async def test_owners_sessions_last_longer(hub: Hub) -> None:
    async with hub.client() as client:
        await sign_in(client, "owner")
        hub.clock.advance(23 * HOUR)
        assert (await client.get("/api/session")).status_code == 200
        hub.clock.advance(24 * HOUR)
        assert (await client.get("/api/session")).status_code == 401


async def test_more_than_twenty_sessions_end_the_oldest(hub: Hub) -> None:
    async with hub.client() as first:
        await sign_in(first, "ada")
        for _ in range(20):
            hub.clock.advance(SECOND)
            async with hub.client() as one:
                await sign_in(one, "ada")
        assert (await first.get("/api/session")).status_code == 401


# Guessing


async def test_a_wait_for_one_name_is_none_for_another(hub: Hub) -> None:
    async with hub.client() as client:
        for _ in range(4):
            await client.post("/api/sign-in", json=CREDENTIALS | {"password": "x"})
        assert problem_of(await client.post("/api/sign-in", json=CREDENTIALS))[0] == 429
        await sign_in(client, "bea")


async def test_an_unknown_name_waits_just_the_same(hub: Hub) -> None:
    async with hub.client() as client:
        body = {"login": "nobody", "password": "x"}
        codes = [(await client.post("/api/sign-in", json=body)).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]


async def test_one_address_spraying_many_names_has_to_wait(hub: Hub) -> None:
    async with hub.client(address="2001:db8::1") as client:
        for n in range(40):
            body = {"login": f"name{n}", "password": "x"}
            assert (await client.post("/api/sign-in", json=body)).status_code == 401
        answer = await client.post("/api/sign-in", json=CREDENTIALS)
        assert problem_of(answer) == (429, "slow_down")
    async with hub.client(address="2001:db8::2") as neighbour:  # the same /64
        answer = await neighbour.post("/api/sign-in", json=CREDENTIALS)
        assert problem_of(answer) == (429, "slow_down")
    async with hub.client() as elsewhere:
        await sign_in(elsewhere, "ada")


async def test_refused_tries_do_not_lengthen_the_wait(hub: Hub) -> None:
    async with hub.client() as client:
        for _ in range(50):
            await client.post("/api/sign-in", json=CREDENTIALS | {"password": "x"})
        hub.clock.advance(SECOND)
        await sign_in(client, "ada")


async def test_an_own_account_does_not_wash_an_address_clean(hub: Hub) -> None:
    async with hub.client() as client:
        for n in range(39):
            await client.post("/api/sign-in", json={"login": f"name{n}", "password": "x"})
        await sign_in(client, "bea")
        await client.post("/api/sign-in", json={"login": "name40", "password": "x"})
        answer = await client.post("/api/sign-in", json=CREDENTIALS)
        assert problem_of(answer) == (429, "slow_down")


async def test_guessing_a_step_up_waits_too(hub: Hub) -> None:
    async with hub.client() as client:
        await sign_in(client, "ada")
        body = {"password": "x"}
        codes = [
            (await client.post("/api/session/step-up", json=body)).status_code for _ in range(4)
        ]
    assert codes == [401, 401, 401, 429]


# What is stored, and how it is compared


async def test_tokens_are_compared_in_constant_time(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[object, object]] = []
    plain = hmac.compare_digest

    def noted(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return plain(one, other)

    async with hub.client() as client:
        await sign_in(client, "ada")
        monkeypatch.setattr(hmac, "compare_digest", noted)
        assert (await client.get("/api/session")).status_code == 200
        token = client.headers["authorization"].removeprefix("Bearer ")
    hashed = proofs.token_hash(token).encode()
    assert compared == [(hashed, hashed)]


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer ", "Bearer nonsense", "Bearer " + "x" * 99]
)
async def test_a_claim_that_does_not_hold_is_never_taken_for_nobody(hub: Hub, header: str) -> None:
    async with hub.client() as client:
        answer = await client.get("/api/session", headers={"authorization": header})
    assert problem_of(answer)[0] == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_on_loopback_the_cookie_has_no_prefix_and_every_name_of_it_counts(
    sqlite: Database, clock: VirtualClock
) -> None:
    hub = a_hub(sqlite, clock, origin="http://127.0.0.1:8080")
    hub.person(hub.party(), "ada", Role.OPERATOR)
    async with hub.client() as client:
        client.headers["origin"] = "http://localhost:8080"
        answer = await client.post("/api/sign-in", json=CREDENTIALS)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("consentry-console=css_")
        assert "Secure" not in cookie
        assert "HttpOnly" in cookie
        other_port = {"origin": "http://localhost:9090"}
        answer = await client.post("/api/sign-in", json=CREDENTIALS, headers=other_port)
        assert problem_of(answer) == (403, "foreign_origin")


@pytest.mark.parametrize(
    "origin", ["http://hub.example", "https://hub.example/", "hub.example", "https://", "ftp://x"]
)
def test_a_site_is_https_or_loopback(origin: str) -> None:
    with pytest.raises(ValueError, match=r"origin|loopback"):
        Site(origin)


def test_cookies_are_named_by_surface() -> None:
    assert Site("https://hub.example").cookie(Surface.OWNER) == "__Host-consentry-owner"
    assert Site("http://[::1]:80").cookie(Surface.CONSOLE) == "consentry-console"
    assert "http://127.0.0.1:80" in Site("http://[::1]:80").origins
