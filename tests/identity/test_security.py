"""Attacks, each played over HTTP, and the one thing that must come of it."""

import hmac
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from consentry.identity import PartyKind, Site, proofs
from consentry.identity.model import Surface
from consentry.identity.tables import guess, person, session
from consentry.infra.db import Database, Transaction
from consentry.kernel.access import Role
from tests.identity.kit import (
    ORIGIN,
    PASSWORD,
    Hub,
    KeyHolder,
    a_hub,
    problem_of,
    sign_in,
    totp_code,
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


# Second factor


@pytest.fixture
def strict(sqlite: Database, clock: VirtualClock) -> Hub:
    hub = a_hub(sqlite, clock, second_factor=True)
    party = hub.party()
    hub.person(party, "ada", Role.OPERATOR)
    hub.person(party, "root", Role.AGENCY_ADMIN)
    return hub


async def enrol(hub: Hub, client: httpx.AsyncClient) -> str:
    answer = await client.post("/api/sign-in/totp", json=CREDENTIALS)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    secret: str = answer.json()["secret"]
    assert answer.json()["uri"].startswith("otpauth://totp/Consentry:ada?secret=")
    await sign_in(client, "ada", totp=totp_code(secret, hub.clock))
    return secret


async def test_staff_without_a_second_factor_must_enrol_one(strict: Hub) -> None:
    async with strict.client() as client:
        answer = await client.post("/api/sign-in", json=CREDENTIALS)
        assert problem_of(answer) == (401, "totp_enrolment_required")
        await enrol(strict, client)
    assert strict.acts[-2:] == ["key_changed", "logged_in"]


async def test_a_used_step_is_refused_even_in_a_new_session(strict: Hub) -> None:
    async with strict.client() as client:
        secret = await enrol(strict, client)
        replayed = CREDENTIALS | {"totp": totp_code(secret, strict.clock)}
        del client.headers["authorization"]
        answer = await client.post("/api/sign-in", json=replayed)
        assert problem_of(answer) == (401, "wrong_totp")
        strict.clock.advance(30 * SECOND)
        await sign_in(client, "ada", totp=totp_code(secret, strict.clock))


async def test_an_older_step_than_the_one_used_is_refused(strict: Hub) -> None:
    async with strict.client() as client:
        secret = await enrol(strict, client)
        old = totp_code(secret, strict.clock)
        strict.clock.advance(30 * SECOND)
        await sign_in(client, "ada", totp=totp_code(secret, strict.clock))
        del client.headers["authorization"]
        answer = await client.post("/api/sign-in", json=CREDENTIALS | {"totp": old})
    assert problem_of(answer) == (401, "wrong_totp")


async def test_the_password_alone_is_told_what_is_missing(strict: Hub) -> None:
    async with strict.client() as client:
        await enrol(strict, client)
        del client.headers["authorization"]
        answer = await client.post("/api/sign-in", json=CREDENTIALS)
        assert problem_of(answer) == (401, "totp_required")
        again = await client.post("/api/sign-in/totp", json=CREDENTIALS)
        assert problem_of(again) == (401, "totp_enrolled")


async def test_guessing_codes_waits_and_the_right_password_does_not_help(strict: Hub) -> None:
    async with strict.client() as client:
        await enrol(strict, client)
        del client.headers["authorization"]
        guess = CREDENTIALS | {"totp": "000000"}
        for _ in range(3):
            assert problem_of(await client.post("/api/sign-in", json=guess)) == (401, "wrong_totp")
            bare = await client.post("/api/sign-in", json=CREDENTIALS)
            assert problem_of(bare) == (401, "totp_required")
        assert problem_of(await client.post("/api/sign-in", json=guess)) == (429, "slow_down")


async def test_step_up_by_code_uses_the_step_up(strict: Hub) -> None:
    async with strict.client() as client:
        secret = await enrol(strict, client)
        code = totp_code(secret, strict.clock)
        answer = await client.post("/api/session/step-up", json={"totp": code})
        assert problem_of(answer) == (401, "wrong_totp")
        strict.clock.advance(30 * SECOND)
        code = totp_code(secret, strict.clock)
        stepped = await client.post("/api/session/step-up", json={"totp": code})
        assert stepped.status_code == 200
        assert strict.newest.reason == "one-time code"


async def test_an_admin_resets_a_lost_second_factor(strict: Hub) -> None:
    async with strict.client() as client, strict.client() as admin:
        await enrol(strict, client)
        made = await admin.post("/api/sign-in/totp", json=CREDENTIALS | {"login": "root"})
        await sign_in(admin, "root", totp=totp_code(made.json()["secret"], strict.clock))
        people = (await admin.get("/api/people")).json()["items"]
        ada = next(p for p in people if p["login"] == "ada")
        assert ada["second_factor"]
        body = {"password": PASSWORD, "forget_second_factor": True}
        path = f"/api/people/{ada['id']}/password"
        assert (await admin.post(path, json=body)).status_code == 204
        del client.headers["authorization"]
        answer = await client.post("/api/sign-in", json=CREDENTIALS)
        assert problem_of(answer) == (401, "totp_enrolment_required")


# Owner's keys


async def asked(client: httpx.AsyncClient, key: KeyHolder) -> dict[str, str]:
    answer = await client.post("/api/sign-in/key/challenge", json={"key": key.text})
    said: dict[str, str] = answer.json()
    return {name: said[name] for name in ("challenge_id", "nonce", "origin")}


@pytest.fixture
def key(hub: Hub) -> KeyHolder:
    key = KeyHolder()
    parties = hub.work.read_now(lambda s: s.people.parties("", 10))
    hub.keys.known[key.public] = next(p.id for p in parties if p.kind is PartyKind.HOUSEHOLD)
    return key


async def test_unknown_keys_are_challenged_like_known_ones(hub: Hub, key: KeyHolder) -> None:
    async with hub.client() as client:
        known, unknown = await asked(client, key), await asked(client, KeyHolder())
    assert {k: len(v) for k, v in known.items()} == {k: len(v) for k, v in unknown.items()}
    assert known["nonce"] != unknown["nonce"]


async def test_a_strangers_key_signs_nobody_in(hub: Hub) -> None:
    stranger = KeyHolder()
    async with hub.client() as client:
        said = await asked(client, stranger)
        body = {
            "challenge_id": said["challenge_id"],
            "signature": stranger.sign(OWNER_AUTH, said),
        }
        answer = await client.post("/api/sign-in/key", json=body)
    assert problem_of(answer) == (401, "wrong_key")
    assert hub.newest.act == "login_failed"


@pytest.mark.parametrize("spoiled", ["nonce", "origin", "domain", "signer", "late", "id"])
async def test_a_wrong_answer_signs_nobody_in(hub: Hub, key: KeyHolder, spoiled: str) -> None:
    async with hub.client() as client:
        said = await asked(client, key)
        wrong = said | {spoiled: "https://evil.test"} if spoiled in said else said
        domain = b"consentry/statement/v1\n" if spoiled == "domain" else OWNER_AUTH
        signer = KeyHolder() if spoiled == "signer" else key
        id_ = said["challenge_id"]
        if spoiled == "id":
            id_ = ("A" if id_[0] != "A" else "B") + id_[1:]
            wrong = said | {"challenge_id": id_}
        if spoiled == "late":
            hub.clock.advance(2 * MINUTE)
        body = {"challenge_id": id_, "signature": signer.sign(domain, wrong)}
        answer = await client.post("/api/sign-in/key", json=body)
    assert problem_of(answer) == (401, "wrong_key")


async def test_a_key_steps_up_its_own_partys_session_only(hub: Hub, key: KeyHolder) -> None:
    async with hub.client() as client, hub.client() as ada:
        await sign_in(client, "owner")
        await sign_in(ada, "ada")
        for session, status in ((client, 200), (ada, 401)):
            said = await asked(client, key)
            body = {
                "challenge_id": said["challenge_id"],
                "signature": key.sign(OWNER_AUTH, said),
            }
            answer = await session.post("/api/session/step-up", json=body)
            assert answer.status_code == status


async def test_an_agencys_key_never_signs_in_as_somebody_who_asks(hub: Hub) -> None:
    parties = hub.work.read_now(lambda s: s.people.parties("", 10))
    agency_key = KeyHolder()
    hub.keys.known[agency_key.public] = parties[0].id
    async with hub.client() as client:
        said = await asked(client, agency_key)
        signature = agency_key.sign(OWNER_AUTH, said)
        body = {"challenge_id": said["challenge_id"], "signature": signature}
        answer = await client.post("/api/sign-in/key", json=body)
    assert answer.json()["roles"] == ["agency_admin"]  # Ada is an operator too


# What is stored, and how it is compared


async def test_no_secret_is_stored_or_logged_as_it_is(strict: Hub) -> None:
    async with strict.client() as client:
        secret = await enrol(strict, client)
        token = client.headers["authorization"].removeprefix("Bearer ")

    def dumped(tx: Transaction) -> str:
        tables = (person, session, guess)
        return str([tx.connection.execute(select(table)).all() for table in tables])

    stored = strict.database.read_now(dumped)
    for hidden in (token, secret, PASSWORD, "192.0.2.10'"):
        assert hidden not in stored
        assert hidden not in str(strict.entries.held)
    assert proofs.token_hash(token) in stored


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
