"""The owner's own pages over HTTP: keys, accesses with their receipts, and answers."""

from typing import Any

import httpx
import pytest

from consentry.consent.bodies import Rotation
from consentry.consent.model import Kind
from consentry.consent.sealing import key_claim
from consentry.infra.db import Database
from tests.consent.hub import (
    AGENCY,
    CAMERA,
    HOUSE,
    INCIDENT,
    KEY,
    NEIGHBOUR,
    OPERATOR,
    ORIGIN,
    OTHER_KEY,
    OWNER,
    World,
    as_,
    grant_terms,
    public,
    sealed,
)
from tests.consent.test_routes_consent import ask_body, kind_of, put
from tests.kit import HOUR, MINUTE
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(sqlite: Database, clock: VirtualClock) -> World:
    return World(sqlite, clock)


@pytest.fixture
def client(world: World) -> httpx.AsyncClient:
    return world.client()


class TestKeys:
    def body(self, key: Any = KEY, party: str = HOUSE) -> dict[str, str]:
        proof = key.sign(key_claim(ORIGIN, party, public(key))).hex()
        return {"key": public(key), "proof": proof}

    async def test_the_first_key_is_pinned_and_no_second_one(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        answer = await client.post("/api/owner/keys", json=self.body(), headers=as_(OWNER))
        assert answer.status_code == 201
        assert world.last.act == "key_changed"
        again = await client.post("/api/owner/keys", json=self.body(OTHER_KEY), headers=as_(OWNER))
        assert (again.status_code, kind_of(again)) == (409, "key_pinned")
        keys = (await client.get("/api/owner/keys", headers=as_(OWNER))).json()["items"]
        assert [each["key"] for each in keys] == [public(KEY)]

    async def test_a_key_that_is_not_held_is_refused(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        body = self.body(party=AGENCY)
        answer = await client.post("/api/owner/keys", json=body, headers=as_(OWNER))
        assert answer.json()["faults"][0]["field"] == "proof"
        world.clock.advance(HOUR)
        late = await client.post("/api/owner/keys", json=self.body(), headers=as_(OWNER))
        assert (late.status_code, kind_of(late)) == (401, "step_up_required")

    async def test_the_old_key_seals_the_new_one(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        grant = world.ready()
        world.clock.advance(MINUTE)
        rotation = sealed(Rotation(key=public(OTHER_KEY)), seq=2, prev=grant.hash)
        assert (await put(client, rotation)).status_code == 201
        old = sealed(grant_terms(version=2), seq=3, prev=rotation.hash)
        assert kind_of(await put(client, old)) == "bad_seal"
        new = sealed(grant_terms(version=2), seq=3, prev=rotation.hash, key=OTHER_KEY)
        assert (await put(client, new)).status_code == 201
        keys = (await client.get("/api/owner/keys", headers=as_(OWNER))).json()["items"]
        assert [bool(each["retired_at"]) for each in keys] == [True, False]


class TestAccesses:
    async def test_an_owner_reads_who_when_why_and_what(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.ready()
        await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))
        found = (await client.get("/api/owner/accesses", headers=as_(OWNER))).json()["items"]
        assert found[0] | {"entry_id": "", "camera_id": ""} == {
            "entry_id": "",
            "camera_id": "",
            "at": "2026-11-20T12:00:00Z",
            "decision": "permitted",
            "reason": None,
            "words": "",
            "until": "2026-11-20T12:30:00Z",
            "hidden_until": None,
            "agency_id": AGENCY,
            "agency": "Fire Halden",
            "person": "Olga",
            "use": "live",
            "purpose": "life_safety",
            "why": "Smoke seen over the roof.",
            "reference": INCIDENT,
            "window": None,
        }
        path = f"/api/owner/accesses/{found[0]['entry_id']}/receipt"
        receipt = (await client.get(path, headers=as_(OWNER))).json()["receipt"]
        assert found[0]["entry_id"] in receipt["entry"]
        assert (await client.get(path, headers=as_(NEIGHBOUR))).status_code == 404
        other = (await client.get("/api/owner/accesses", headers=as_(NEIGHBOUR))).json()
        assert other["items"] == []

    async def test_an_owner_declines_with_one_click(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.ready(kind=Kind.ASK)
        made = (await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))).json()
        assert made["state"] == "needs_owner"
        waiting = (await client.get("/api/owner/asks", headers=as_(OWNER))).json()["items"]
        assert [each["ask_id"] for each in waiting] == [made["id"]]
        path = f"/api/owner/asks/{made['id']}/cameras/{CAMERA}/refusal"
        assert (await client.post(path, headers=as_(NEIGHBOUR))).status_code == 404
        assert (await client.post(path, headers=as_(OWNER))).status_code == 200
        assert world.last.decision == "owner_declined"
        left = (await client.get("/api/owner/asks", headers=as_(OWNER))).json()["items"]
        assert left == []
