"""What narrows an agency, over HTTP: protected places, lawful bases, policy, the stop of all."""

from typing import Any

import httpx
import pytest

from consentry.infra.db import Database
from tests.consent.hub import (
    ADMIN,
    CAMERA,
    CAMERAS,
    OPERATOR,
    OWNER,
    RIVAL_SUPERVISOR,
    SECOND_SUPERVISOR,
    SUPERVISOR,
    World,
    as_,
    draft,
)
from tests.consent.test_routes_consent import ask_body, kind_of
from tests.kit import HOUR
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio

CIRCLE = {"circle": {"lat": 54.1, "lon": 12.1, "radius_m": 50}}
PLACE = {"kind": "school", "name": "Harbour school", "area": CIRCLE}
BASIS = {
    "camera_ids": [CAMERA, CAMERAS[1]],
    "purposes": ["life_safety"],
    "basis": "Fire Service Act, section 4",
    "necessity": "No other view.",
}


@pytest.fixture
def world(sqlite: Database, clock: VirtualClock) -> World:
    return World(sqlite, clock)


@pytest.fixture
def client(world: World) -> httpx.AsyncClient:
    return world.client()


async def test_a_protected_place_is_kept_changed_and_removed(
    world: World, client: httpx.AsyncClient
) -> None:
    made = await client.post("/api/protected-places", json=PLACE, headers=as_(ADMIN))
    assert made.status_code == 201
    assert (world.last.act, world.last.decision) == ("protected_place_changed", "kept")
    path = f"/api/protected-places/{made.json()['id']}"
    ring = [{"lat": 54.1, "lon": 12.1}, {"lat": 54.1, "lon": 12.11}, {"lat": 54.11, "lon": 12.1}]
    changed = PLACE | {"area": {"polygon": ring}}
    assert (await client.put(path, json=changed, headers=as_(ADMIN))).status_code == 200
    read = (await client.get(path, headers=as_(OPERATOR))).json()
    assert read["area"]["polygon"] == ring
    listed = (await client.get("/api/protected-places", headers=as_(OPERATOR))).json()
    assert listed["items"] == [read]
    assert (await client.put(path, json=PLACE, headers=as_(RIVAL_SUPERVISOR))).status_code == 404
    assert (await client.delete(path, headers=as_(RIVAL_SUPERVISOR))).status_code == 404
    assert (await client.delete(path, headers=as_(ADMIN))).status_code == 204
    assert (await client.get(path, headers=as_(ADMIN))).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"area": {}}, "area"),
        ({"area": CIRCLE | {"polygon": [{"lat": 0, "lon": 0}] * 3}}, "area"),
        ({"area": {"polygon": [{"lat": 0, "lon": 0}] * 3}}, "area"),
        ({"area": {"circle": {"lat": 91, "lon": 0, "radius_m": 5}}}, "area.circle.lat"),
        ({"area": {"circle": {"lat": 9, "lon": 0, "radius_m": 10**30}}}, "area.circle.radius_m"),
        ({"starts_at": "2026-11-20T12:00:00Z"}, "ends_at"),
        (
            {"starts_at": "2026-11-20T12:00:00Z", "ends_at": "2026-11-20T12:00:00+01:00"},
            "ends_at",
        ),
        ({"name": ""}, "name"),
    ],
)
async def test_a_malformed_place_names_the_field(
    world: World, client: httpx.AsyncClient, changes: dict[str, Any], field: str
) -> None:
    body = PLACE | changes
    answer = await client.post("/api/protected-places", json=body, headers=as_(ADMIN))
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == field
    assert world.entries.held == []


async def test_a_lawful_basis_is_recorded_listed_and_withdrawn(
    world: World, client: httpx.AsyncClient
) -> None:
    answer = await client.put("/api/lawful-bases", json=BASIS, headers=as_(ADMIN))
    assert len(answer.json()["items"]) == 2
    assert world.entries.acts == ["lawful_basis_recorded"] * 2
    first = (await client.get("/api/lawful-bases?limit=1", headers=as_(OPERATOR))).json()
    rest = await client.get(
        "/api/lawful-bases", params={"limit": 1, "cursor": first["next"]}, headers=as_(OPERATOR)
    )
    seen = {each["camera_id"] for each in first["items"] + rest.json()["items"]}
    assert seen == {CAMERA, CAMERAS[1]}
    withdrawn = BASIS | {"withdrawn": True}
    await client.put("/api/lawful-bases", json=withdrawn, headers=as_(ADMIN))
    outcome = world.consents.write_now(lambda c: c.asks.ask(OPERATOR, draft()))
    assert str(outcome.decided[0].line.reason) == "no_lawful_basis"
    assert (
        await client.put("/api/lawful-bases", json=BASIS, headers=as_(OPERATOR))
    ).status_code == 403


async def test_a_basis_for_no_camera_writes_nothing(
    world: World, client: httpx.AsyncClient
) -> None:
    body = BASIS | {"camera_ids": [CAMERA, "01a1f8d3-ea00-7000-8000-0000000fffff"]}
    answer = await client.put("/api/lawful-bases", json=body, headers=as_(ADMIN))
    assert answer.json()["faults"][0]["field"] == "camera_ids.1"
    listed = (await client.get("/api/lawful-bases", headers=as_(ADMIN))).json()
    assert (listed["items"], world.entries.held) == ([], [])


async def test_a_cursor_of_another_list_is_refused(client: httpx.AsyncClient) -> None:
    for cursor in ("!", "eA", "e" * 201):
        answer = await client.get(
            "/api/lawful-bases", params={"cursor": cursor}, headers=as_(ADMIN)
        )
        assert answer.status_code == 422


async def test_a_policy_only_narrows(world: World, client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/policy", headers=as_(OPERATOR))).json()["version"] == 0
    pack = {"name": "Council rule 7", "version": 1, "uses_forbidden": ["live"]}
    loaded = await client.put("/api/policy", json=pack, headers=as_(ADMIN))
    assert loaded.status_code == 200
    assert world.last.act == "policy_changed"
    world.ready()
    outcome = world.consents.write_now(lambda c: c.asks.ask(OPERATOR, draft()))
    assert str(outcome.decided[0].line.reason) == "policy_forbids"
    again = await client.put("/api/policy", json=pack, headers=as_(ADMIN))
    assert again.status_code == 409
    world.clock.advance(HOUR)
    late = await client.put("/api/policy", json=pack | {"version": 2}, headers=as_(ADMIN))
    assert late.status_code == 401


@pytest.mark.parametrize(
    ("loosening", "field"),
    [
        ({"session_s_max": 86_401}, "session_s_max"),
        ({"session_s_max": 0}, "session_s_max"),
        ({"opened_free": 100}, "opened_free"),
        ({"second_person_free_uses": ["live"]}, "second_person_free_uses"),
        ({"version": 10**30}, "version"),
    ],
)
async def test_a_pack_that_would_loosen_a_bound_is_refused(
    world: World, client: httpx.AsyncClient, loosening: dict[str, Any], field: str
) -> None:
    pack = {"name": "Lax", "version": 1} | loosening
    answer = await client.put("/api/policy", json=pack, headers=as_(ADMIN))
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == field
    assert world.entries.held == []


async def test_all_is_stopped_by_one_and_resumed_by_another(
    world: World, client: httpx.AsyncClient
) -> None:
    reason = {"reason": "Misuse suspected."}
    stopped = await client.post("/api/stop", json=reason, headers=as_(SUPERVISOR))
    assert stopped.json()["stopped"]
    assert (await client.get("/api/stop", headers=as_(OPERATOR))).json()["stopped"]
    own = await client.post("/api/stop/end", json=reason, headers=as_(SUPERVISOR))
    assert own.status_code == 403
    assert own.json()["type"].endswith("second_person_required")
    other = await client.post("/api/stop/end", json=reason, headers=as_(SECOND_SUPERVISOR))
    assert not other.json()["stopped"]
    assert world.entries.acts == ["stopped_all", "resumed_all"]
    assert (await client.post("/api/stop", json=reason, headers=as_(OPERATOR))).status_code == 403


class TestSecondPerson:
    """An ask at a school, from the place that an agency wrote down to the open camera."""

    async def waiting(self, world: World, client: httpx.AsyncClient) -> dict[str, Any]:
        world.ready()
        await client.post("/api/protected-places", json=PLACE, headers=as_(ADMIN))
        made = await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))
        assert made.status_code == 201
        ask: dict[str, Any] = made.json()
        assert ask["state"] == "needs_second_person"
        return ask

    async def say(
        self, client: httpx.AsyncClient, ask: dict[str, Any], act: str, **more: Any
    ) -> httpx.Response:
        body = {"hash": ask["hash"], "reason": "Seen with her."} | more
        path = f"/api/asks/{ask['id']}/{act}"
        who = OPERATOR if act == "break-glass" else SUPERVISOR
        return await client.post(path, json=body, headers=as_(who))

    async def test_a_supervisor_reads_why_and_approves_and_the_asker_opens(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        ask = await self.waiting(world, client)
        path = f"/api/asks/{ask['id']}"
        waiting_entry = world.last.id
        read = (await client.get(path, headers=as_(SUPERVISOR))).json()
        listed = (await client.get("/api/asks", headers=as_(SUPERVISOR))).json()["items"]
        assert listed == [read]
        line = read["cameras"][0]
        assert (line["causes"], line["entry_id"]) == (["protected"], waiting_entry)
        assert "Have a supervisor approve it" in line["words"]
        assert read["approvals"] == []

        approved = (await self.say(client, ask, "approval")).json()
        assert approved == (await client.get(path, headers=as_(OPERATOR))).json()
        assert [each["kind"] for each in approved["approvals"]] == ["second_person"]
        words = approved["cameras"][0]["words"]
        assert "approved this until 2026-11-20T13:00:00Z" in words
        assert "renew" in words
        assert "supervisor" not in words

        opened = (await client.post(f"{path}/renewal", headers=as_(OPERATOR))).json()
        assert opened["state"] == "permitted"
        assert opened["approvals"] == approved["approvals"]
        read = (await client.get(path, headers=as_(SUPERVISOR))).json()
        line = read["cameras"][0]
        assert line["entry_id"] == world.last.id
        assert line["causes"] == opened["cameras"][0]["causes"] == ["protected"]
        assert line["obligations"] == opened["cameras"][0]["obligations"]
        assert "notify_owner" in line["obligations"]
        listed = (await client.get("/api/asks", headers=as_(SUPERVISOR))).json()["items"]
        assert listed == [read]

    async def test_an_approval_that_ended_is_not_spoken_of(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        ask = await self.waiting(world, client)
        await self.say(client, ask, "approval")
        world.clock.advance(HOUR)
        read = (await client.get(f"/api/asks/{ask['id']}", headers=as_(SUPERVISOR))).json()
        assert "Have a supervisor approve it" in read["cameras"][0]["words"]
        assert len(read["approvals"]) == 1

    async def test_broken_glass_shows_in_every_answer(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        ask = await self.waiting(world, client)
        opened = (await self.say(client, ask, "break-glass")).json()
        assert opened["state"] == "permitted"
        assert [each["kind"] for each in opened["approvals"]] == ["break_glass"]
        path = f"/api/asks/{ask['id']}/review"
        reviewed = await client.post(path, json={"finding": "Right."}, headers=as_(SUPERVISOR))
        assert reviewed.json()["approvals"] == opened["approvals"]

    async def test_a_reviewed_ask_is_named_so(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        ask = await self.waiting(world, client)
        await self.say(client, ask, "break-glass")
        path = f"/api/asks/{ask['id']}/review"
        await client.post(path, json={"finding": "Right."}, headers=as_(SUPERVISOR))
        late = await self.say(client, ask, "notice-delay", hours=2)
        assert (late.status_code, kind_of(late)) == (409, "ask_closed")
        assert "has been reviewed" in late.json()["detail"]
        assert "lapsed" not in late.json()["detail"]

    async def test_a_delayed_notice_hides_who_and_why_until_it_ends(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        ask = await self.waiting(world, client)
        await self.say(client, ask, "approval")
        delayed = (await self.say(client, ask, "notice-delay", hours=2)).json()
        kinds = {each["kind"] for each in delayed["approvals"]}
        assert kinds == {"second_person", "delayed_notice"}
        await client.post(f"/api/asks/{ask['id']}/renewal", headers=as_(OPERATOR))
        hidden = (await self.newest(client)).json()["items"][0]
        assert hidden["decision"] == "permitted"
        assert hidden["hidden_until"] == "2026-11-20T14:00:00Z"
        assert (hidden["person"], hidden["why"], hidden["agency_id"]) == ("", "", None)
        world.clock.advance(2 * HOUR)
        shown = (await self.newest(client)).json()["items"][0]
        assert shown["entry_id"] == hidden["entry_id"]
        assert (shown["person"], shown["hidden_until"]) == ("Olga", None)
        assert shown["why"] == "Smoke seen over the roof."

    async def newest(self, client: httpx.AsyncClient) -> httpx.Response:
        return await client.get("/api/owner/accesses?limit=1", headers=as_(OWNER))
