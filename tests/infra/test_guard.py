"""The one path every request takes: who, whether, how large, and at most once."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import Column, Integer, Table, func, insert, select

from consentry.infra.db import Database, Transaction, metadata
from consentry.infra.web import Api, Who, Wire, problems
from consentry.infra.web.guard import JSON_BYTES_MAX, JSON_DEPTH_MAX
from consentry.infra.web.paging import Cursor, Limit, Page, from_cursor, page_of
from consentry.kernel.access import ANYONE, Act, Principal, PrincipalKind, Role
from consentry.kernel.errors import ConflictError, ExhaustedError, NotFoundError, UnavailableError
from consentry.kernel.ids import PartyId, PersonId
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio

made = Table("test_made", metadata, Column("n", Integer, primary_key=True))


class Count(Wire):
    count: int


def create(tx: Transaction) -> int:
    tx.connection.execute(insert(made))
    return tx.connection.scalar(select(func.count()).select_from(made)) or 0


ERRORS = {
    "gone": NotFoundError(),
    "conflict": ConflictError("No."),
    "slow": ExhaustedError("Slowly.", retry_after_s=7),
    "down": UnavailableError("Later."),
}


@dataclass
class FakeGate:
    """Implements `guard.Gate`; whoever the header names is signed in."""

    database: Database
    clock: VirtualClock

    async def authenticate(self, request: Request) -> Principal:
        name = request.headers.get("x-test-person")
        if name is None:
            return ANYONE
        return Principal(
            kind=PrincipalKind.PERSON,
            person_id=PersonId(name),
            party_id=PartyId("agency"),
            roles=frozenset({Role.OPERATOR}),
        )


def an_app(database: Database) -> FastAPI:
    api = Api("things")

    @api.post("/things", act=Act.ASK, status_code=201)
    async def add(body: Count, who: Who) -> Count:
        return Count(count=await database.write(create))

    @api.get("/things", act=Act.READ_PUBLIC)
    async def list_things(limit: Limit = 2, cursor: Cursor = None) -> Page[Count]:
        after = int(from_cursor(cursor) or 0)
        found = list(range(after + 1, 6))[: limit + 1]
        return page_of(found, limit, key=str, show=lambda n: Count(count=n))

    @api.get("/errors/{name}", act=Act.READ_PUBLIC)
    async def fail(name: str) -> Count:
        raise ERRORS.get(name) or RuntimeError("the secret is 42")

    @api.post("/admin", act=Act.MANAGE_PEOPLE)
    async def admin(who: Who) -> Count:
        return Count(count=0)

    app = FastAPI()
    problems.install(app)
    app.include_router(api.router)
    app.state.gate = FakeGate(database, VirtualClock())
    return app


@pytest.fixture
async def client(sqlite: Database) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(an_app(sqlite), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as made_client:
        yield made_client


ME = {"x-test-person": "me"}


async def test_nobody_is_told_to_sign_in_before_the_body_is_looked_at(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/things", content=b"not json")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_role_without_the_act_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/admin", headers=ME, json={})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:consentry:problem:denied")


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"{", 422, "not JSON"),
        (b'{"count": NaN}', 422, "NaN is not JSON"),
        (b'{"count": 1, "count": 2, "x": 1}', 422, "Extra inputs"),
        (b"[" * (JSON_DEPTH_MAX + 2) + b"]" * (JSON_DEPTH_MAX + 2), 422, "32 levels"),
        (b"[" * 200_000, 422, "32 levels"),
        (b'{"count": "\\u0000"}', 422, "NUL"),
        (b'{"count": "\\ud800"}', 422, "surrogate"),
        (b" " * (JSON_BYTES_MAX + 1), 413, "too large"),
    ],
)
async def test_bad_bodies_are_refused_in_words(
    client: httpx.AsyncClient, content: bytes, status: int, words: str
) -> None:
    headers = ME | {"content-type": "application/json"}
    answer = await client.post("/things", headers=headers, content=content)
    assert answer.status_code == status
    assert words in json.dumps(answer.json())
    assert answer.json()["faults"]


async def test_a_repeated_key_gets_the_first_answer(client: httpx.AsyncClient) -> None:
    headers = ME | {"idempotency-key": "k1"}
    first = await client.post("/things", headers=headers, json={"count": 1})
    again = await client.post("/things", headers=headers, json={"count": 1})
    assert (first.status_code, first.json()) == (201, {"count": 1})
    assert (again.status_code, again.json()) == (201, {"count": 1})
    assert again.headers["idempotency-replayed"] == "true"
    other_person = headers | {"x-test-person": "you"}
    assert (await client.post("/things", headers=other_person, json={"count": 1})).json() == {
        "count": 2
    }


async def test_a_key_with_another_body_is_refused(client: httpx.AsyncClient) -> None:
    headers = ME | {"idempotency-key": "k1"}
    await client.post("/things", headers=headers, json={"count": 1})
    answer = await client.post("/things", headers=headers, json={"count": 2})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith(":idempotency_key_reused")


async def test_a_failed_request_does_not_use_up_its_key(client: httpx.AsyncClient) -> None:
    headers = ME | {"idempotency-key": "k2"}
    assert (await client.post("/things", headers=headers, json={})).status_code == 422
    assert (await client.post("/things", headers=headers, json={"count": 1})).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 129, "a\tb"])
async def test_a_key_has_a_bounded_printable_form(client: httpx.AsyncClient, key: str) -> None:
    answer = await client.post("/things", headers=ME | {"idempotency-key": key}, json={"count": 1})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("name", "status"), [("gone", 404), ("conflict", 409), ("slow", 429), ("down", 503)]
)
async def test_each_kind_of_error_has_its_status(
    client: httpx.AsyncClient, name: str, status: int
) -> None:
    answer = await client.get(f"/errors/{name}")
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers.get("retry-after") == ("7" if name == "slow" else None)


async def test_the_unexpected_tells_nothing_of_itself(client: httpx.AsyncClient) -> None:
    answer = await client.get("/errors/other")
    assert answer.status_code == 500
    assert "42" not in answer.text


async def test_pages_follow_each_other_without_a_gap(client: httpx.AsyncClient) -> None:
    seen, cursor = [], None
    while True:
        page = (await client.get("/things", params={"cursor": cursor} if cursor else {})).json()
        seen += [item["count"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("cursor", ["!", "AA", "x" * 300, "%00"])
async def test_a_cursor_of_ones_own_making_is_refused(
    client: httpx.AsyncClient, cursor: str
) -> None:
    answer = await client.get("/things", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"].endswith("cursor")


async def test_unknown_paths_and_methods_are_problems_too(client: httpx.AsyncClient) -> None:
    for answer in (await client.get("/nothing"), await client.delete("/things")):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.status_code in (404, 405)
