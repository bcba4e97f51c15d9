"""The frame around every route: headers, hosts, health and figures."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import pytest
from fastapi import Request

from consentry.app.http import HEADERS, health_router, make_app
from consentry.infra.db import Database
from consentry.infra.telemetry import Metrics
from consentry.kernel.access import ANYONE, Act, Principal, PrincipalKind
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio

TOKEN = Principal(kind=PrincipalKind.TOKEN, token_id="t", scopes=frozenset({Act.READ_METRICS}))


class Site:
    def __init__(self, database: Database) -> None:
        self.waiting: list[str] = []
        metrics = Metrics()
        self.app = make_app([health_router(self.waits, metrics)], ["hub"], metrics)
        self.app.state.gate = SimpleNamespace(
            authenticate=self.authenticate, database=database, clock=VirtualClock()
        )

    async def waits(self) -> list[str]:
        return self.waiting

    async def authenticate(self, request: Request) -> Principal:
        return TOKEN if "authorization" in request.headers else ANYONE

    def client(self, host: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(host, 1234))
        return httpx.AsyncClient(transport=transport, base_url="http://hub")


@pytest.fixture
def site(sqlite: Database) -> Site:
    return Site(sqlite)


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.client("192.0.2.1") as made:
        yield made


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/nothing"):
        answer = await client.get(path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


async def test_answers_of_the_api_are_not_cached(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/openapi.json")
    assert answer.headers["cache-control"] == "private, no-store"


async def test_a_foreign_host_name_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:consentry:problem:unknown_host"
    known = await client.get("/healthz", headers={"host": "HUB:8420"})
    assert known.status_code == 200


async def test_health_and_readiness(client: httpx.AsyncClient, site: Site) -> None:
    assert (await client.get("/healthz")).json()["status"] == "alive"
    assert (await client.get("/readyz")).status_code == 200
    site.waiting = ["log"]
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["waiting_for"]) == (503, ["log"])


async def test_metrics_are_for_this_machine_or_a_token(site: Site) -> None:
    async with site.client("127.0.0.1") as here:
        answer = await here.get("/metrics")
        assert "consentry_request_seconds" in answer.text
        forwarded = await here.get("/metrics", headers={"x-forwarded-for": "192.0.2.9"})
        assert forwarded.status_code == 403
    async with site.client("192.0.2.1") as away:
        assert (await away.get("/metrics")).status_code == 403
        with_token = await away.get("/metrics", headers={"authorization": "Bearer x"})
        assert with_token.status_code == 200


async def test_requests_are_counted_by_route_and_never_by_path(site: Site) -> None:
    async with site.client("127.0.0.1") as here:
        await here.get("/secret-camera-id")
        await here.get("/healthz")
        text = (await here.get("/metrics")).text
    assert "secret-camera-id" not in text
    assert 'route="/healthz"' in text
