"""The second factor of staff: enrolled once, each code once, guessed slowly, reset by an admin."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from consentry.identity import PartyKind, proofs
from consentry.identity.tables import guess, person, session
from consentry.infra.db import Database, Transaction
from consentry.kernel.access import Role
from tests.identity.kit import PASSWORD, Hub, a_hub, problem_of, sign_in, totp_code
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)
CREDENTIALS = {"login": "ada", "password": PASSWORD}


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


async def test_owners_may_enrol_one_and_then_need_it(strict: Hub) -> None:
    strict.person(strict.party(PartyKind.HOUSEHOLD, "Lindqvist"), "owner", Role.OWNER)
    body = {"login": "owner", "password": PASSWORD}
    async with strict.client() as client:
        assert (await sign_in(client, "owner"))["second_factor"] == "not_needed"
        del client.headers["authorization"]
        secret = (await client.post("/api/sign-in/totp", json=body)).json()["secret"]
        assert (await sign_in(client, "owner"))["second_factor"] == "not_needed"
        del client.headers["authorization"]
        wrong = await client.post("/api/sign-in", json=body | {"totp": "000000"})
        assert problem_of(wrong) == (401, "wrong_totp")
        code = totp_code(secret, strict.clock)
        assert (await sign_in(client, "owner", totp=code))["second_factor"] == "totp"
        del client.headers["authorization"]
        assert problem_of(await client.post("/api/sign-in", json=body)) == (401, "totp_required")
