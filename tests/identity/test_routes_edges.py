"""Edges over HTTP: from a one-time code to a connection, and cut off."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from consentry.identity import Party, PartyKind
from consentry.infra.db import Database
from consentry.kernel.access import Role
from consentry.kernel.clock import to_text
from tests.identity.kit import (
    FINGERPRINT,
    ORIGIN,
    TICKET_KEY,
    Hub,
    KeyHolder,
    a_hub,
    problem_of,
    sign_in,
)
from tests.kit import MINUTE
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio

DOMAIN = b"consentry/edge-auth/v1\n"
NONCE = "bm9uY2Ugb2YgdGhlIGVkZ2Ugbm9uY2U="


@dataclass
class Yard:
    hub: Hub
    party: Party
    admin: httpx.AsyncClient
    other: httpx.AsyncClient
    edge: httpx.AsyncClient
    key: KeyHolder = field(default_factory=KeyHolder)

    async def code(self) -> str:
        answer = await self.admin.post("/api/edges/codes", json={"name": "Harbour box"})
        assert answer.status_code == 201
        code: str = answer.json()["code"]
        return code

    async def enrol(self, code: str | None = None) -> httpx.Response:
        body = {"code": code or await self.code(), "key": self.key.text}
        return await self.edge.post("/api/edges/enrol", json=body)

    async def answer(self, edge_id: str, **changes: str) -> dict[str, str]:
        """What an edge sends back for a fresh challenge; `changes` spoil what it signs."""
        asked = (await self.edge.post("/api/edges/challenge", json={"edge_id": edge_id})).json()
        time = to_text(self.hub.clock.now())
        said = {
            "edge_nonce": NONCE,
            "hub_nonce": asked["nonce"],
            "origin": asked["origin"],
            "time": time,
        }
        signature = self.key.sign(DOMAIN, said | changes)
        return {
            "challenge_id": asked["challenge_id"],
            "edge_nonce": NONCE,
            "time": time,
            "signature": signature,
        }

    async def connect(self, edge_id: str) -> str:
        answer = await self.edge.post("/api/edges/connect", json=await self.answer(edge_id))
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token"]
        return token

    async def report(self, token: str) -> httpx.Response:
        return await self.edge.post(
            "/api/edges/report",
            json={"version": "0.1.0", "health": "ok", "note": "2 cameras"},
            headers={"authorization": f"Bearer {token}"},
        )


@pytest.fixture
async def yard(sqlite: Database, clock: VirtualClock) -> AsyncIterator[Yard]:
    hub = a_hub(sqlite, clock)
    ours, theirs = hub.party(), hub.party(PartyKind.HOUSEHOLD, "Lindqvist")
    hub.person(ours, "root", Role.AGENCY_ADMIN)
    hub.person(theirs, "owner", Role.OWNER)
    async with hub.client() as admin, hub.client() as other, hub.client() as edge:
        await sign_in(admin, "root")
        await sign_in(other, "owner")
        yield Yard(hub, ours, admin, other, edge)


async def test_an_edge_enrols_connects_and_reports(yard: Yard) -> None:
    made = await yard.enrol()
    assert made.status_code == 201
    told = made.json()
    assert told["party_id"] == yard.party.id
    assert told["origin"] == ORIGIN
    assert told["ca_fingerprint"] == FINGERPRINT
    token = await yard.connect(told["edge_id"])
    assert token.startswith("cse_")
    assert yard.hub.newest.act == "logged_in"
    assert yard.hub.newest.actor.kind == "edge"
    assert (await yard.report(token)).status_code == 204
    shown = (await yard.admin.get(f"/api/edges/{told['edge_id']}")).json()
    assert (shown["version"], shown["health"]) == ("0.1.0", "ok")
    assert shown["reported_at"] == to_text(yard.hub.clock.now())
    assert [e.reason for e in yard.hub.entries.held if e.act == "edge_changed"] == [
        "enrolment code made",
        "enrolled",
    ]


async def test_the_hub_tells_its_ticket_key_and_time(yard: Yard) -> None:
    told = (await yard.enrol()).json()
    body = await yard.answer(told["edge_id"])
    answer = (await yard.edge.post("/api/edges/connect", json=body)).json()
    assert base64.b64decode(answer["ticket_key"]) == TICKET_KEY
    assert answer["hub_time"] == to_text(yard.hub.clock.now())


async def test_the_code_carries_what_to_pin_and_is_good_once_for_ten_minutes(yard: Yard) -> None:
    answer = (await yard.admin.post("/api/edges/codes", json={"name": "Box"})).json()
    assert answer["ca_fingerprint"] == FINGERPRINT
    assert (await yard.enrol(answer["code"])).status_code == 201
    yard.key = KeyHolder()
    assert problem_of(await yard.enrol(answer["code"])) == (401, "wrong_code")
    late = await yard.code()
    yard.hub.clock.advance(10 * MINUTE)
    assert problem_of(await yard.enrol(late)) == (401, "wrong_code")


async def test_a_code_is_typed_as_people_type(yard: Yard) -> None:
    code = await yard.code()
    assert (await yard.enrol(code.lower().replace("-", " "))).status_code == 201


async def test_five_wrong_tries_end_a_code(yard: Yard) -> None:
    code = await yard.code()
    wrong = code[:-1] + ("Z" if code[-1] != "Z" else "Y")
    for _ in range(5):
        assert problem_of(await yard.enrol(wrong)) == (401, "wrong_code")
        assert problem_of(await yard.enrol(wrong))[0] in (401, 429)
        yard.hub.clock.advance(MINUTE)
    assert problem_of(await yard.enrol(code)) == (401, "wrong_code")
    assert yard.hub.newest.act == "login_failed"


async def test_wrong_tries_make_the_next_wait(yard: Yard) -> None:
    code = await yard.code()
    wrong = code[:-1] + ("Z" if code[-1] != "Z" else "Y")
    await yard.enrol(wrong)
    assert problem_of(await yard.enrol(code)) == (429, "slow_down")
    yard.hub.clock.advance(MINUTE / 60)
    assert (await yard.enrol(code)).status_code == 201


async def test_a_key_is_enrolled_once(yard: Yard) -> None:
    await yard.enrol()
    code = await yard.code()
    assert problem_of(await yard.enrol(code)) == (409, "key_taken")
    yard.key = KeyHolder()
    assert (await yard.enrol(code)).status_code == 201  # the code was not used up


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://evil.test"},
        {"hub_nonce": NONCE},
        {"edge_nonce": "b3RoZXI="},
        {"time": "2026-11-20T11:00:00Z"},
    ],
)
async def test_a_signature_over_anything_else_does_not_connect(
    yard: Yard, changes: dict[str, str]
) -> None:
    told = (await yard.enrol()).json()
    body = await yard.answer(told["edge_id"], **changes)
    answer = await yard.edge.post("/api/edges/connect", json=body)
    assert problem_of(answer) == (401, "wrong_key")
    assert yard.hub.newest.act == "login_failed"


async def test_an_answer_counts_once_and_for_two_minutes(yard: Yard) -> None:
    told = (await yard.enrol()).json()
    body = await yard.answer(told["edge_id"])
    assert (await yard.edge.post("/api/edges/connect", json=body)).status_code == 201
    again = await yard.edge.post("/api/edges/connect", json=body)
    assert problem_of(again) == (401, "wrong_key")
    late = await yard.answer(told["edge_id"])
    yard.hub.clock.advance(2 * MINUTE)
    assert problem_of(await yard.edge.post("/api/edges/connect", json=late)) == (401, "wrong_key")


async def test_the_key_of_one_edge_opens_no_other(yard: Yard) -> None:
    victim = (await yard.enrol()).json()["edge_id"]
    yard.key = KeyHolder()
    assert (await yard.enrol()).status_code == 201
    answer = await yard.edge.post("/api/edges/connect", json=await yard.answer(victim))
    assert problem_of(answer) == (401, "wrong_key")


async def test_an_unknown_edge_gets_a_challenge_like_any_other(yard: Yard) -> None:
    known = (await yard.enrol()).json()["edge_id"]
    unknown = "01936b00-0000-7000-8000-000000000000"
    shapes = set()
    for edge_id in (known, unknown):
        answer = await yard.edge.post("/api/edges/challenge", json={"edge_id": edge_id})
        shapes.add((answer.status_code, *((k, len(v)) for k, v in answer.json().items())))
    assert len(shapes) == 1
    body = await yard.answer(unknown)
    assert problem_of(await yard.edge.post("/api/edges/connect", json=body)) == (401, "wrong_key")


async def test_revocation_cuts_the_connection_at_once(yard: Yard) -> None:
    edge_id = (await yard.enrol()).json()["edge_id"]
    token = await yard.connect(edge_id)
    assert (await yard.admin.delete(f"/api/edges/{edge_id}")).status_code == 204
    assert yard.hub.newest.reason == "revoked"
    assert problem_of(await yard.report(token)) == (401, "unauthenticated")
    body = await yard.answer(edge_id)
    assert problem_of(await yard.edge.post("/api/edges/connect", json=body)) == (401, "wrong_key")
    entries = len(yard.hub.entries.held)
    assert (await yard.admin.delete(f"/api/edges/{edge_id}")).status_code == 204
    assert len(yard.hub.entries.held) == entries


async def test_a_connection_ends_after_fifteen_minutes_or_with_the_next(yard: Yard) -> None:
    edge_id = (await yard.enrol()).json()["edge_id"]
    first = await yard.connect(edge_id)
    second = await yard.connect(edge_id)
    assert (await yard.report(first)).status_code == 401
    assert (await yard.report(second)).status_code == 204
    yard.hub.clock.advance(15 * MINUTE)
    assert (await yard.report(second)).status_code == 401


async def test_anothers_edge_is_not_found(yard: Yard) -> None:
    edge_id = (await yard.enrol()).json()["edge_id"]
    for answer in (
        await yard.other.get(f"/api/edges/{edge_id}"),
        await yard.other.delete(f"/api/edges/{edge_id}"),
    ):
        assert problem_of(answer) == (404, "not_found")
    assert (await yard.other.get("/api/edges")).json()["items"] == []
    assert len((await yard.admin.get("/api/edges")).json()["items"]) == 1


async def test_an_edge_reaches_its_own_routes_only(yard: Yard) -> None:
    token = await yard.connect((await yard.enrol()).json()["edge_id"])
    headers = {"authorization": f"Bearer {token}"}
    assert problem_of(await yard.edge.get("/api/edges", headers=headers)) == (403, "denied")
    assert problem_of(await yard.edge.get("/api/session", headers=headers)) == (403, "denied")
    person = await yard.admin.post("/api/edges/report", json={"version": "1", "health": "ok"})
    assert problem_of(person) == (403, "denied")


async def test_codes_wait_in_bounded_number_and_want_a_fresh_proof(yard: Yard) -> None:
    for _ in range(20):
        await yard.code()
    answer = await yard.admin.post("/api/edges/codes", json={"name": "One more"})
    assert problem_of(answer) == (429, "exhausted")
    yard.hub.clock.advance(6 * MINUTE)
    answer = await yard.admin.post("/api/edges/codes", json={"name": "One more"})
    assert problem_of(answer) == (401, "step_up_required")


@pytest.mark.parametrize("key", ["A" * 44, "A" * 42 + "B=", "short", "A" * 43 + "=="])
async def test_keys_of_another_form_are_refused(yard: Yard, key: str) -> None:
    body = {"code": await yard.code(), "key": key}
    answer = await yard.edge.post("/api/edges/enrol", json=body)
    assert problem_of(answer) == (422, "invalid")
    assert answer.json()["faults"][0]["field"] == "key"
