"""First run: nothing answers before the printed code made the first admin, and it does so once."""

import pytest
from sqlalchemy import text

from consentry.infra.db import Database
from tests.identity.kit import PASSWORD, Hub, a_hub, problem_of, sign_in, totp_code
from tests.kit import MINUTE
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def hub(database: Database, clock: VirtualClock) -> Hub:
    return a_hub(database, clock, second_factor=True)


def a_body(code: str | None) -> dict[str, object]:
    first = {"login": "root", "name": "Rosa Root", "password": PASSWORD}
    return {"code": code, "agency": "City Police", "first_person": first}


def new_code(hub: Hub) -> str | None:
    return hub.work.write_now(lambda s: s.set_up.new_code())


async def test_before_set_up_everything_else_is_refused(hub: Hub) -> None:
    async with hub.client() as client:
        for path in ("/api/session", "/api/people", "/api/edges"):
            assert problem_of(await client.get(path)) == (503, "not_set_up")
        body = {"login": "root", "password": PASSWORD}
        assert problem_of(await client.post("/api/sign-in", json=body)) == (503, "not_set_up")


async def test_the_code_makes_the_first_admin_who_enrols_a_second_factor(hub: Hub) -> None:
    code = new_code(hub)
    async with hub.client() as client:
        made = await client.post("/api/set-up", json=a_body(code))
        assert made.status_code == 201
        assert made.headers["cache-control"] == "no-store"
        assert made.json()["first_person"]["roles"] == ["agency_admin", "hub_admin"]
        assert hub.acts == ["party_changed", "person_changed"]
        body = {"login": "root", "password": PASSWORD}
        bare = await client.post("/api/sign-in", json=body)
        assert problem_of(bare) == (401, "totp_enrolment_required")
        secret = made.json()["second_factor"]["secret"]
        said = await sign_in(client, "root", totp=totp_code(secret, hub.clock))
        assert said["second_factor"] == "totp"
        assert (await client.get("/api/parties")).status_code == 200
    assert "key_changed" in hub.acts


async def test_a_second_set_up_is_a_conflict(hub: Hub) -> None:
    code = new_code(hub)
    async with hub.client() as client:
        assert (await client.post("/api/set-up", json=a_body(code))).status_code == 201
        again = await client.post("/api/set-up", json=a_body(code))
        assert problem_of(again) == (409, "already_set_up")
    assert new_code(hub) is None


async def test_a_wrong_code_is_refused_logged_and_waits(hub: Hub) -> None:
    code = new_code(hub)
    async with hub.client() as client:
        wrong = await client.post("/api/set-up", json=a_body("0000-0000-0000-0000-0000"))
        assert problem_of(wrong) == (401, "wrong_code")
        assert hub.newest.act == "login_failed"
        early = await client.post("/api/set-up", json=a_body(code))
        assert problem_of(early) == (429, "slow_down")
        hub.clock.advance(MINUTE)
        assert (await client.post("/api/set-up", json=a_body(code))).status_code == 201


async def test_five_wrong_codes_end_it_until_the_next_start(hub: Hub) -> None:
    code = new_code(hub)
    async with hub.client() as client:
        for _ in range(5):
            wrong = await client.post("/api/set-up", json=a_body("0000-0000-0000-0000-0000"))
            assert problem_of(wrong) == (401, "wrong_code")
            hub.clock.advance(MINUTE)
        dead = await client.post("/api/set-up", json=a_body(code))
        assert problem_of(dead) == (401, "wrong_code")
        fresh = new_code(hub)
        assert (await client.post("/api/set-up", json=a_body(fresh))).status_code == 201


async def test_a_new_code_ends_the_one_before(hub: Hub) -> None:
    old, new = new_code(hub), new_code(hub)
    assert old != new
    async with hub.client() as client:
        answer = await client.post("/api/set-up", json=a_body(old))
        assert problem_of(answer) == (401, "wrong_code")


async def test_a_weak_password_does_not_use_up_the_code(hub: Hub) -> None:
    code = new_code(hub)
    body = a_body(code)
    weak = body | {"first_person": {"login": "root", "name": "R", "password": "root root root!"}}
    async with hub.client() as client:
        answer = await client.post("/api/set-up", json=weak)
        assert problem_of(answer) == (422, "invalid")
        assert (await client.post("/api/set-up", json=body)).status_code == 201


async def test_neither_code_nor_password_is_stored_as_it_is(hub: Hub) -> None:
    code = new_code(hub) or ""
    rows = hub.database.read_now(
        lambda tx: tx.connection.execute(text("SELECT * FROM one_time_code")).all()
    )
    assert len(rows) == 1
    assert code not in str(rows)
    assert code.replace("-", "")[4:] not in str(rows)
