"""Consent over HTTP: the status, the problem's type, and the entry that is left."""

import base64
from typing import Any

import httpx
import pytest

from consentry.consent.bodies import PauseNow, Resumption, Revocation
from consentry.consent.model import Hours, Kind
from consentry.consent.reading import Fields
from consentry.consent.statements import Envelope, write_envelope
from consentry.consent.tickets import is_signed, parse_ticket, read_access
from consentry.infra.db import Database
from consentry.kernel import canonical
from consentry.kernel.access import Principal
from consentry.kernel.ids import GrantId
from tests.consent.hub import (
    ADMIN,
    CAMERA,
    CAMERAS,
    EDGE,
    GRANT,
    INCIDENT,
    NEIGHBOUR,
    OPERATOR,
    ORIGIN,
    OTHER_KEY,
    OTHERS_INCIDENT,
    OWNER,
    RIVAL_OPERATOR,
    RIVAL_SUPERVISOR,
    SUPERVISOR,
    TICKET_KEY,
    World,
    as_,
    grant_terms,
    public,
    sealed,
)
from tests.kit import HOUR, MINUTE, NOON
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio
WINDOW = {"from": "2026-11-20T11:00:00Z", "until": "2026-11-20T11:30:00Z"}
STATEMENTS = f"/api/cameras/{CAMERA}/statements"


@pytest.fixture
def world(sqlite: Database, clock: VirtualClock) -> World:
    return World(sqlite, clock)


@pytest.fixture
def client(world: World) -> httpx.AsyncClient:
    return world.client()


def ask_body(**changes: Any) -> dict[str, Any]:
    body = {
        "camera_ids": [CAMERA],
        "use": "live",
        "purpose": "life_safety",
        "reason": "Smoke seen over the roof.",
        "incident_id": INCIDENT,
    }
    return body | changes


def kind_of(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    text: str = answer.json()["type"]
    return text.removeprefix("urn:consentry:problem:")


async def put(
    client: httpx.AsyncClient, envelope: Envelope, who: Principal = OWNER
) -> httpx.Response:
    return await client.post(STATEMENTS, json=write_envelope(envelope), headers=as_(who))


class TestAsk:
    async def test_a_permit_comes_with_a_signed_ticket_and_a_receipt(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.ready()
        answer = await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))
        assert answer.status_code == 201
        line = answer.json()["cameras"][0]
        assert line["state"] == "permitted"
        assert line["entry_id"] == world.last.id
        assert world.last.act == "ask_permitted"
        ticket = parse_ticket(canonical.encode(line["opening"]["ticket"]))
        assert is_signed(ticket, public(TICKET_KEY))
        held = ticket.entry["ticket"]
        assert read_access(Fields(held)).edge_id == EDGE
        assert line["opening"]["receipt"]["entry"] == canonical.encode(ticket.entry).decode()

    async def test_no_receipt_no_video(self, world: World, client: httpx.AsyncClient) -> None:
        world.ready()
        world.proofs.late = True
        answer = await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))
        assert (answer.status_code, kind_of(answer)) == (503, "log_late")
        assert "ticket" not in answer.text
        world.proofs.late = False
        asks = (await client.get("/api/asks", headers=as_(OPERATOR))).json()["items"]
        path = f"/api/asks/{asks[0]['id']}/renewal"
        again = await client.post(path, headers=as_(OPERATOR))
        assert again.json()["cameras"][0]["opening"]["ticket"]["sig"]

    async def test_a_refusal_answers_in_words(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.base()
        answer = await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))
        line = answer.json()["cameras"][0]
        assert (line["state"], line["reason"]) == ("refused", "no_grant")
        assert line["words"].endswith("Ask the owner for a grant.")
        assert line["opening"] is None
        assert world.last.act == "ask_refused"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"camera_ids": []}, "camera_ids"),
            ({"camera_ids": [CAMERA] * 17}, "camera_ids"),
            ({"camera_ids": ["x"]}, "camera_ids.0"),
            ({"camera_ids": ["01a1f8d3-ea00-7000-8000-0000000fffff"]}, "camera_ids"),
            ({"use": "watch"}, "use"),
            ({"reason": "  "}, "reason"),
            ({"reason": "x" * 501}, "reason"),
            ({"window": {"from": "2026-11-20T12:00:00", "until": "x"}}, "window.from"),
            ({"window": {"from": "0001-01-01T00:00:00+14:00", "until": "x"}}, "window.from"),
            ({"role": "owner"}, "role"),
            ({"unheard_of": 1}, "unheard_of"),
            *[
                ({"use": use}, "window")
                for use in ("playback", "clip", "export", "search", "question", "hold")
            ],
            *[
                ({"use": use, "window": WINDOW}, "window")
                for use in ("live", "ptz", "audio", "alerts", "index", "plates")
            ],
        ],
    )
    async def test_a_malformed_ask_names_the_field(
        self, world: World, client: httpx.AsyncClient, changes: dict[str, Any], field: str
    ) -> None:
        answer = await client.post("/api/asks", json=ask_body(**changes), headers=as_(OPERATOR))
        assert (answer.status_code, kind_of(answer)) == (422, "invalid")
        assert answer.json()["faults"][0]["field"] == field
        assert world.entries.held == []

    async def test_a_missing_window_says_which_uses_need_one(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        for changes in ({"use": "hold"}, {"window": WINDOW}):
            body = ask_body(**changes)
            answer = await client.post("/api/asks", json=body, headers=as_(OPERATOR))
            limit = answer.json()["faults"][0]["limit"]
            assert limit.endswith("for clip, export, hold, playback, question, search")

    async def test_another_agency_sees_neither_ask_nor_incident(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.ready()
        made = await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))
        path = f"/api/asks/{made.json()['id']}"
        assert (await client.get(path, headers=as_(SUPERVISOR))).status_code == 200
        approval = {"hash": made.json()["hash"], "reason": "Yes."}
        finding = {"finding": "Right."}
        answers = [
            await client.get(path, headers=as_(RIVAL_OPERATOR)),
            await client.post(f"{path}/renewal", headers=as_(RIVAL_OPERATOR)),
            await client.post(f"{path}/approval", json=approval, headers=as_(RIVAL_SUPERVISOR)),
            await client.post(f"{path}/review", json=finding, headers=as_(RIVAL_SUPERVISOR)),
            await client.post(
                "/api/asks", json=ask_body(incident_id=OTHERS_INCIDENT), headers=as_(OPERATOR)
            ),
        ]
        assert [each.status_code for each in answers] == [404] * 5

    async def test_roles_stay_within_their_acts(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        for who in (OWNER, ADMIN, SUPERVISOR):
            answer = await client.post("/api/asks", json=ask_body(), headers=as_(who))
            assert (answer.status_code, kind_of(answer)) == (403, "denied")
        assert (await client.post("/api/asks", json=ask_body())).status_code == 401

    async def test_asks_come_in_pages_newest_first(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.base()
        made = [
            (await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))).json()["id"]
            for _ in range(3)
        ]
        first = (await client.get("/api/asks?limit=2", headers=as_(OPERATOR))).json()
        rest = await client.get(
            "/api/asks", params={"limit": 2, "cursor": first["next"]}, headers=as_(OPERATOR)
        )
        seen = [each["id"] for each in first["items"] + rest.json()["items"]]
        assert seen == made[::-1]
        assert rest.json()["next"] is None


class TestStatements:
    async def test_a_grant_is_taken_in_kept_untouched_and_shown(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.pin()
        envelope = sealed(grant_terms())
        answer = await put(client, envelope)
        assert answer.status_code == 201
        assert answer.json()["hash"] == envelope.hash
        assert (world.last.act, world.last.changes) == (
            "statement_accepted",
            {"statement": envelope.hash},
        )
        kept = (await client.get(STATEMENTS, headers=as_(OWNER))).json()["items"]
        assert base64.b64decode(kept[0]["envelope"]["bytes"]) == envelope.bytes
        state = await client.get(f"/api/cameras/{CAMERA}/consent", headers=as_(OWNER))
        assert state.json()["grants"][0]["state"] == "active"
        assert (state.json()["seq"], state.json()["head"]) == (1, envelope.hash)

    @pytest.mark.parametrize(
        ("envelope", "status", "kind", "said"),
        [
            (sealed(grant_terms(), key=OTHER_KEY), 422, "bad_seal", "key"),
            (sealed(grant_terms(), seq=2), 409, "statement_superseded", "seq"),
            (sealed(grant_terms(), prev="1" * 64), 409, "statement_superseded", "prev"),
            (sealed(grant_terms(), camera_id=CAMERAS[1]), 409, "statement_wrong_edge", "camera"),
            (sealed(grant_terms(), at=NOON + HOUR), 422, "unknown_field", "issued_at"),
            (
                sealed(grant_terms(not_before=NOON - HOUR, not_after=NOON - MINUTE)),
                *(422, "unknown_field", "body.not_after"),
            ),
            (
                sealed(grant_terms(not_before=NOON, not_after=NOON)),
                *(422, "unknown_field", "body.not_after"),
            ),
            (
                sealed(grant_terms(agencies=frozenset({EDGE}))),
                *(422, "unknown_field", "body.agencies"),
            ),
        ],
    )
    async def test_a_statement_that_cannot_stand_is_refused_in_words_and_logged(
        self,
        world: World,
        client: httpx.AsyncClient,
        envelope: Envelope,
        status: int,
        kind: str,
        said: str,
    ) -> None:
        world.pin()
        answer = await put(client, envelope)
        assert (answer.status_code, kind_of(answer)) == (status, kind)
        assert said in answer.json()["detail"]
        assert world.entries.acts == ["statement_refused"]
        kept = await client.get(STATEMENTS, headers=as_(OWNER))
        assert kept.json()["items"] == []

    async def test_a_field_is_named_once(self, world: World, client: httpx.AsyncClient) -> None:
        world.pin()
        answer = await put(client, sealed(Revocation(grant_id=GrantId("zzz"))))
        assert answer.status_code == 422
        assert answer.json()["detail"] == "body.grant: must be an identity"
        assert world.last.reason == "body.grant must be an identity"

    async def test_an_unknown_time_zone_is_refused(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.pin()
        hours = (Hours(days=frozenset({0}), start_min=0, end_min=60),)
        terms = grant_terms(kind=Kind.SCHEDULE, hours=hours, tz="Europe/Atlantis")
        answer = await put(client, sealed(terms))
        assert answer.json()["faults"][0]["field"] == "body.tz"

    async def test_a_replay_is_refused(self, world: World, client: httpx.AsyncClient) -> None:
        envelope = world.ready()
        answer = await put(client, envelope)
        assert (answer.status_code, kind_of(answer)) == (409, "statement_replayed")

    async def test_two_statements_for_one_place_close_the_camera_until_settled(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.ready()
        rival = sealed(grant_terms(max_session_s=60))
        assert (await put(client, rival)).status_code == 409
        path = f"/api/cameras/{CAMERA}/consent"
        state = (await client.get(path, headers=as_(OWNER))).json()
        assert len(state["closed_by"]) == 2
        assert state["paused"]
        ask = await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))
        assert ask.json()["cameras"][0]["reason"] == "paused"
        settled = sealed(Resumption(settles=tuple(state["closed_by"])), seq=2, prev=state["head"])
        assert (await put(client, settled)).status_code == 201
        after = (await client.get(path, headers=as_(OWNER))).json()
        assert after["closed_by"] == []

    async def test_without_a_pinned_key_nothing_is_taken(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        answer = await put(client, sealed(grant_terms()))
        assert (answer.status_code, kind_of(answer)) == (422, "bad_seal")
        assert "register your first key" in answer.json()["detail"]

    async def test_another_owners_camera_is_not_there(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        envelope = world.ready()
        for who in (NEIGHBOUR, ADMIN):
            answers = [
                await put(client, envelope, who),
                await client.get(STATEMENTS, headers=as_(who)),
                await client.get(f"/api/cameras/{CAMERA}/consent", headers=as_(who)),
                await client.post(f"/api/cameras/{CAMERA}/stop", headers=as_(who)),
                await client.get(f"/api/cameras/{CAMERA}/grants/{GRANT}/receipt", headers=as_(who)),
            ]
            assert [each.status_code for each in answers] == [404] * 5

    @pytest.mark.parametrize(
        "body",
        [
            {"bytes": "!!", "key": "00" * 32, "alg": "ed25519", "sig": "00" * 64},
            {"bytes": "e30=", "key": "00", "alg": "ed25519", "sig": "00" * 64},
            {"bytes": "e30=", "key": "00" * 32, "alg": "ed25519", "sig": "00" * 64, "x": 1},
        ],
    )
    async def test_a_malformed_envelope_is_refused(
        self, world: World, client: httpx.AsyncClient, body: dict[str, Any]
    ) -> None:
        world.pin()
        answer = await client.post(STATEMENTS, json=body, headers=as_(OWNER))
        assert answer.status_code == 422

    async def test_stop_is_one_click_and_only_a_seal_reopens(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        grant = world.ready()
        stopped = await client.post(f"/api/cameras/{CAMERA}/stop", headers=as_(OWNER))
        assert stopped.status_code == 200
        assert "not yet confirmed" in stopped.json()["words"]
        assert world.last.act == "stop_requested"
        refused = await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))
        assert refused.json()["cameras"][0]["reason"] == "paused"
        world.clock.advance(MINUTE)
        await put(client, sealed(Resumption(), seq=2, prev=grant.hash, at=world.clock.now()))
        opened = await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))
        assert opened.json()["cameras"][0]["state"] == "permitted"


async def test_a_narrowing_seal_counts_out_of_order(
    world: World, client: httpx.AsyncClient
) -> None:
    world.ready()
    answer = await put(client, sealed(PauseNow(), seq=40, prev="2" * 64))
    assert answer.status_code == 201
    refused = await client.post("/api/asks", json=ask_body(), headers=as_(OPERATOR))
    assert refused.json()["cameras"][0]["reason"] == "paused"


async def test_what_to_pin_is_public(client: httpx.AsyncClient) -> None:
    trust = (await client.get("/api/trust")).json()
    assert (trust["origin"], trust["ticket_key"]) == (ORIGIN, public(TICKET_KEY))
