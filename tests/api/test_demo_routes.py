"""The demo's own pages: each is reviewed, has its row, and exists in no other hub.

They act as the demo's staff and owners for whoever opens the page. That is their purpose, and the
reason why `serve` must never mount them.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fastapi import Request
from sqlalchemy import text

from consentry.app.staging import Cast, demo_settings, prepare
from consentry.app.start_page.routes import StartPageParts, router
from consentry.app.wiring import Hub
from consentry.infra.db import Database, Transaction
from consentry.kernel.access import (
    ANYONE,
    TOKEN_SCOPES,
    Act,
    Principal,
    PrincipalKind,
    Role,
)
from consentry.kernel.clock import Clock
from consentry.kernel.ids import EdgeId, PartyId, PersonId
from consentry.simulation import City
from consentry.simulation.people import PASSWORD
from tests.api.walk import Mounted, mounted

pytestmark = pytest.mark.anyio

ORIGIN: Final = "http://127.0.0.1:8420"
REVIEWED: Final = Path(__file__).parent / "reviewed-demo-routes.txt"
UNKNOWN: Final = "01a1fe34-a1b3-79d5-bdee-4631e3a6d71c"
JONAS: Final = {"login": "jonas", "password": PASSWORD, "surface": "console"}
PASSED: Final = frozenset({200, 303})
ROWS: Final[dict[str, tuple[dict[str, str], dict[str, str], frozenset[int]]]] = {
    "GET /": ({}, {}, frozenset({200})),
    "GET /api/docs": ({}, {}, frozenset({200})),
    "GET /start/city.svg": ({}, {}, frozenset({200})),
    "GET /start/city/{name}.geojson": ({"name": "roads"}, {}, frozenset({200})),
    "GET /start/receipt/{entry_id}": ({"entry_id": UNKNOWN}, {}, frozenset({404})),
    "GET /start/{name}": ({"name": "start.css"}, {}, frozenset({200})),
    "POST /start/ask": ({}, {"camera": "none"}, frozenset({422})),
    "POST /start/stop": ({}, {"ask": UNKNOWN}, PASSED),
    "POST /start/share": ({}, {"ask": UNKNOWN}, PASSED),
    "POST /start/answer": ({}, {"ask": UNKNOWN}, PASSED),
    "POST /start/approve": ({}, {"ask": UNKNOWN}, PASSED),
    "POST /start/sign-in": ({}, {"login": "nobody"}, frozenset({404})),
    "POST /start/sign-out": ({}, {}, PASSED),
}
"""Values of the path, the form, and what everybody is answered: the public may what anyone may."""


def principals() -> dict[str, Principal]:
    """Every kind of caller; the people are of a party that the demo does not know."""
    party, person = PartyId(UNKNOWN), PersonId(UNKNOWN)
    people = {
        role.value: Principal(
            kind=PrincipalKind.PERSON, party_id=party, person_id=person, roles=frozenset({role})
        )
        for role in Role
    }
    edge = Principal(kind=PrincipalKind.EDGE, party_id=party, edge_id=EdgeId(UNKNOWN))
    token = Principal(
        kind=PrincipalKind.TOKEN, party_id=party, token_id=UNKNOWN, scopes=TOKEN_SCOPES
    )
    return {"public": ANYONE, "edge": edge, "token": token, **people}


class Gate:
    """Implements `guard.Gate`; the header names who calls."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.callers = principals()

    async def authenticate(self, request: Request) -> Principal:
        return self.callers[request.headers.get("x-test-principal", "public")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("demo") / "halden"
    data.mkdir()
    prepare(data, lambda _: None, datetime.now(UTC))
    return data


@asynccontextmanager
async def serving(data: Path, *, demo: bool) -> AsyncIterator[Hub]:
    hub = Hub(demo_settings(data), ORIGIN)
    if demo:
        cast = Cast.read(data)
        parts = StartPageParts(hub=hub, city=City.build(cast.seed), cast=cast, data=data)
        hub.app.include_router(router(parts))
    async with hub.app.router.lifespan_context(hub.app):
        yield hub


def client(hub: Hub, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(hub.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)


async def call(of: httpx.AsyncClient, name: str, **headers: str) -> httpx.Response:
    values, form, _ = ROWS[name]
    method, _, path = name.partition(" ")
    more: dict[str, Any] = {"data": form} if method == "POST" else {}
    return await of.request(method, path.format(**values), headers=headers, **more)


def count(tx: Transaction) -> int:
    """Entries of what these pages can do for others: ask, approve, stop, seal."""
    query = text(
        "SELECT count(*) FROM audit_entry WHERE act IN ('ask_permitted', 'ask_refused',"
        " 'ask_waiting', 'ask_approved', 'stop_requested', 'statement_accepted')"
    )
    return int(tx.connection.scalar(query) or 0)


def own(hub: Hub) -> list[Mounted]:
    """What the document does not tell of, but for the document itself."""
    return [
        one for one in mounted(hub.app) if not one.in_schema and one.path != "/api/openapi.json"
    ]


async def test_each_page_of_the_demo_is_reviewed_guarded_and_has_its_row(folder: Path) -> None:
    async with serving(folder, demo=True) as hub:
        pages = own(hub)
    assert sorted(one.name for one in pages) == REVIEWED.read_text().splitlines()
    assert {one.name for one in pages} == set(ROWS)
    assert {one.act for one in pages} == {Act.READ_PUBLIC}


async def test_everybody_is_answered_alike_and_nothing_breaks(folder: Path) -> None:
    async with serving(folder, demo=True) as hub:
        hub.app.state.gate = Gate(hub.database, hub.chance.clock)
        entries = await hub.database.read(count)
        for who in principals():
            async with client(hub, origin=ORIGIN, **{"x-test-principal": who}) as of:
                answers = {name: (await call(of, name)).status_code for name in ROWS}
            assert {n: s for n, s in answers.items() if s not in ROWS[n][2]} == {}, who
        assert await hub.database.read(count) == entries, "rows about nothing leave no entry"


async def test_a_form_of_another_site_does_nothing(folder: Path) -> None:
    async with serving(folder, demo=True) as hub, client(hub) as of:
        for name in (name for name in ROWS if name.startswith("POST")):
            for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {}):
                answer = await call(of, name, **headers)
                assert (answer.status_code, name) == (403, name)


async def test_garbage_is_refused_in_words(folder: Path) -> None:
    async with serving(folder, demo=True) as hub, client(hub, origin=ORIGIN) as of:
        for name in (name for name in ROWS if name.startswith("POST")):
            path = name.partition(" ")[2]
            for body in (b"\xff\xfe", b"x" * 9_000, b"&".join([b"a=1"] * 30), b"ask=%00"):
                answer = await of.post(path, content=body)
                assert answer.status_code < 500, (name, body[:10])


async def test_no_other_hub_has_them_and_none_needs_the_owners_keys(
    folder: Path, tmp_path: Path
) -> None:
    """The folder of the demo owners is taken away: the hub decides, logs and proves without it."""
    data = tmp_path / "halden"
    shutil.copytree(folder, data, ignore=shutil.ignore_patterns("demo-owners", "demo-edges"))
    assert not (data / "demo-owners").exists()
    cast = Cast.read(data)
    async with serving(data, demo=False) as hub:
        assert own(hub) == []
        async with client(hub) as of:
            signed_in = await of.post("/api/sign-in", json=JONAS)
            headers = {"authorization": f"Bearer {signed_in.json()['token']}"}
            preset = City.build(cast.seed).preset[0]
            ask = {
                "camera_ids": [cast.cameras[preset.key]],
                "use": "live",
                "purpose": "crime_in_progress",
                "incident_id": cast.incident,
                "reason": "looking for who left",
            }
            answer = await of.post("/api/asks", json=ask, headers=headers)
    assert answer.json()["state"] == "permitted", answer.text
    assert answer.json()["cameras"][0]["opening"]["ticket"]["inclusion"]
