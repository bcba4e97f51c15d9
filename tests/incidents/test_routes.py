"""Incidents over HTTP: statuses, problem types, pages and the entries that are left."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from consentry.incidents import IncidentDesk
from consentry.incidents.routes import router
from consentry.incidents.store import SqlColleagues, SqlIncidents
from consentry.infra.db import Database, Transaction, Work
from consentry.infra.web import problems
from consentry.kernel.access import ANYONE, Principal
from tests.incidents.builders import (
    OPERATOR,
    RESPONDER,
    an_id,
    dispatcher,
    operator,
    responder,
    stranger,
    supervisor,
)
from tests.incidents.conftest import add_people
from tests.kit.chance import CountingIds, VirtualClock
from tests.kit.journal import MemoryEntries, a_journal

pytestmark = pytest.mark.anyio

PEOPLE = {
    "operator": operator,
    "responder": responder,
    "supervisor": supervisor,
    "stranger": stranger,
    "dispatcher": dispatcher,
}
FIRE = {"type": "fire", "place": {"lat": 54.1, "lon": 12.1}, "title": "Smoke in the harbour"}
CAD = FIRE | {"source": "cad", "reference": "2026-7"}


@dataclass
class FakeGate:
    """Implements `guard.Gate`; whoever the header names is signed in."""

    database: Database
    clock: VirtualClock

    async def authenticate(self, request: Request) -> Principal:
        return PEOPLE.get(request.headers.get("x-test-person", ""), ANYONE)


class Client:
    def __init__(self, http: httpx.AsyncClient, entries: MemoryEntries) -> None:
        self._http = http
        self.entries = entries

    async def __call__(
        self, person: str, method: str, path: str, body: Any = None, **params: Any
    ) -> httpx.Response:
        headers = {"x-test-person": person}
        return await self._http.request(
            method, f"/api/incidents{path}", json=body, params=params, headers=headers
        )


@pytest.fixture
async def call(sqlite: Database) -> AsyncIterator[Client]:
    clock, ids = VirtualClock(), CountingIds(500)
    journal, entries = a_journal(clock)
    sqlite.write_now(add_people)

    def desk(tx: Transaction) -> IncidentDesk:
        return IncidentDesk(
            SqlIncidents(tx), SqlColleagues(tx), lambda closed: None, journal, clock, ids
        )

    app = FastAPI()
    problems.install(app)
    app.include_router(router(Work(sqlite, desk)))
    app.state.gate = FakeGate(sqlite, clock)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
        yield Client(http, entries)


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix("urn:consentry:problem:")


async def opened(call: Client) -> str:
    answer = await call("operator", "POST", "", FIRE)
    assert answer.status_code == 201
    incident_id: str = answer.json()["id"]
    return incident_id


async def test_opening_answers_the_incident_and_leaves_an_entry(call: Client) -> None:
    answer = await call("operator", "POST", "", FIRE)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["origin"], body["version"], body["closing"]) == ("manual", 1, None)
    assert body["shaped_by"] == [OPERATOR]
    assert body["area"] == {"shape": "circle", "centre": FIRE["place"], "radius_m": 300}
    assert call.entries.acts == ["incident_opened"]
    read = await call("operator", "GET", f"/{body['id']}")
    assert read.json() == body


async def test_dispatching_is_201_once_and_200_again(call: Client) -> None:
    first = await call("dispatcher", "POST", "/dispatched", CAD)
    again = await call("dispatcher", "POST", "/dispatched", CAD)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert first.json()["source"] == {"name": "cad", "reference": "2026-7"}
    other = await call("dispatcher", "POST", "/dispatched", CAD | {"type": "theft"})
    assert problem(other) == (409, "source_reference_reused")
    assert call.entries.acts == ["incident_opened"]


@pytest.mark.parametrize(
    ("person", "path", "body", "expected"),
    [
        ("nobody", "", FIRE, (401, "unauthenticated")),
        ("responder", "", FIRE, (403, "denied")),
        ("dispatcher", "", FIRE, (403, "denied")),
        ("operator", "/dispatched", CAD, (403, "denied")),
        ("operator", "", FIRE | {"type": "murder"}, (422, "invalid")),
        ("operator", "", FIRE | {"title": "  "}, (422, "invalid")),
        ("operator", "", FIRE | {"title": "x" * 121}, (422, "invalid")),
        ("operator", "", FIRE | {"place": {"lat": 91, "lon": 0}}, (422, "invalid")),
        ("operator", "", FIRE | {"place": {"lat": 10**30, "lon": 0}}, (422, "invalid")),
        ("operator", "", FIRE | {"suspect": "x"}, (422, "invalid")),
        (
            "operator",
            "",
            FIRE | {"area": {"shape": "circle", "centre": FIRE["place"], "radius_m": 2000}},
            (422, "invalid"),
        ),
        (
            "operator",
            "",
            FIRE | {"area": {"shape": "polygon", "ring": [FIRE["place"]] * 3}},
            (422, "invalid"),
        ),
        ("dispatcher", "/dispatched", CAD | {"source": "CAD 1"}, (422, "invalid")),
        ("dispatcher", "/dispatched", CAD | {"reference": ""}, (422, "invalid")),
    ],
)
async def test_what_cannot_be_opened_leaves_nothing(
    call: Client, person: str, path: str, body: Any, expected: tuple[int, str]
) -> None:
    assert problem(await call(person, "POST", path, body)) == expected
    assert call.entries.acts == []
    assert (await call("operator", "GET", "")).json() == {"items": [], "next": None}


async def test_a_change_on_an_older_version_is_409(call: Client) -> None:
    one = await opened(call)
    move = {"version": 1, "place": {"lat": 54.102, "lon": 12.103}}
    moved = await call("supervisor", "PATCH", f"/{one}", move)
    assert (moved.status_code, moved.json()["version"]) == (200, 2)
    assert problem(await call("operator", "PATCH", f"/{one}", move)) == (409, "version_changed")
    huge = {"version": 10**30}
    assert problem(await call("operator", "PATCH", f"/{one}", huge)) == (422, "invalid")


async def test_another_agency_gets_404_for_everything(call: Client) -> None:
    one = await opened(call)
    close = {"version": 1, "outcome": "helped"}
    for method, path, body in [
        ("GET", f"/{one}", None),
        ("GET", f"/{one}/timeline", None),
        ("PATCH", f"/{one}", {"version": 1}),
        ("POST", f"/{one}/notes", {"text": "Ours"}),
        ("PUT", f"/{one}/people/{OPERATOR}", None),
        ("DELETE", f"/{one}/people/{OPERATOR}", None),
        ("POST", f"/{one}/close", close),
        ("POST", f"/{one}/reopen", {"version": 1}),
    ]:
        assert problem(await call("stranger", method, path, body)) == (404, "not_found")
    assert (await call("stranger", "GET", "")).json()["items"] == []


async def test_assigned_responders_see_it_and_may_note(call: Client) -> None:
    one = await opened(call)
    assert problem(await call("responder", "GET", f"/{one}")) == (404, "not_found")
    assigned = await call("operator", "PUT", f"/{one}/people/{RESPONDER}")
    assert [who["name"] for who in assigned.json()["assigned"]] == ["Rolf"]
    note = await call("responder", "POST", f"/{one}/notes", {"text": " At the door "})
    assert (note.status_code, note.json()["details"]) == (201, {"text": "At the door"})
    assert [i["id"] for i in (await call("responder", "GET", "")).json()["items"]] == [one]
    away = await call("operator", "DELETE", f"/{one}/people/{RESPONDER}")
    assert away.json()["assigned"] == []
    unknown = await call("operator", "PUT", f"/{one}/people/{an_id(999)}")
    assert problem(unknown) == (404, "not_found")


async def test_closing_and_reopening(call: Client) -> None:
    one = await opened(call)
    close = {"version": 1, "outcome": "unfounded", "words": "Nothing there"}
    assert problem(await call("operator", "POST", f"/{one}/close", close)) == (403, "denied")
    closed = (await call("supervisor", "POST", f"/{one}/close", close)).json()
    assert closed["closing"]["outcome"] == "unfounded"
    again = await call("supervisor", "POST", f"/{one}/close", close)
    assert problem(again) == (409, "incident_closed")
    reopened = await call("supervisor", "POST", f"/{one}/reopen", {"version": 2})
    assert reopened.json()["closing"] is None
    assert call.entries.acts == ["incident_opened", "incident_closed", "incident_opened"]


async def test_lists_come_in_pages(call: Client) -> None:
    ids = [await opened(call) for _ in range(5)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await call("operator", "GET", "", limit=2, **cursor)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == ids[::-1]
    closed = await call("operator", "GET", "", state="closed", type="fire", mine=True)
    assert closed.json()["items"] == []


async def test_the_timeline_comes_in_pages(call: Client) -> None:
    one = await opened(call)
    for n in range(3):
        await call("operator", "POST", f"/{one}/notes", {"text": str(n)})
    page = (await call("operator", "GET", f"/{one}/timeline", limit=3)).json()
    rest = await call("operator", "GET", f"/{one}/timeline", limit=3, cursor=page["next"])
    assert [event["n"] for event in page["items"] + rest.json()["items"]] == [1, 2, 3, 4]
    assert rest.json()["next"] is None


@pytest.mark.parametrize("cursor", ["!", "AA", "bm90IG91cnM", "OTk5OTk5OTk5OTk5"])
async def test_a_cursor_of_ones_own_making_is_refused(call: Client, cursor: str) -> None:
    one = await opened(call)
    for path in ("", f"/{one}/timeline"):
        assert problem(await call("operator", "GET", path, cursor=cursor)) == (422, "invalid")
