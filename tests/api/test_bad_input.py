"""Requests that nothing good can come of: each a problem that names the field and the limit."""

import json
from typing import Any

import httpx
import pytest
from tools.problems import CODES, in_source

from consentry.infra.web.guard import JSON_BYTES_MAX, JSON_DEPTH_MAX
from consentry.infra.web.problems import MEDIA_TYPE, TYPE_PREFIX
from consentry.kernel.access import ALLOWED, EDGE as EDGE_ACTS, PUBLIC as PUBLIC_ACTS, Act
from tests.api.row import Values
from tests.api.rows import ROWS
from tests.api.rows_incidents import FIRE, an_incident
from tests.api.world import BARE_TOKEN, EDGE, EVERYONE, HEADER, OURS, PLACE, PUBLIC, World

pytestmark = pytest.mark.anyio

STATUSES = in_source()
WRITES = sorted(name for name, row in ROWS.items() if not name.startswith("GET ") and not row.raw)


def act_of(world: World, name: str) -> Act:
    method, _, path = name.partition(" ")
    return Act(world.hub.app.openapi()["paths"][path][method.lower()]["x-act"])


def sender(act: Act) -> str:
    if ALLOWED[act]:
        return EVERYONE
    if act in PUBLIC_ACTS:
        return PUBLIC
    return EDGE if act in EDGE_ACTS else f"{BARE_TOKEN}:{act.value}"


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code, once everything that a problem must hold has been found in it."""
    assert answer.headers["content-type"] == MEDIA_TYPE, answer.text
    told = answer.json()
    assert set(told) == {"type", "title", "status", "detail", "faults"}
    assert told["status"] == answer.status_code
    assert told["title"]
    assert told["detail"]
    code = told["type"].removeprefix(TYPE_PREFIX)
    assert code in CODES
    assert answer.status_code in STATUSES[code]
    return answer.status_code, code


async def send(
    world: World, name: str, content: bytes, values: Values | None = None
) -> httpx.Response:
    who = sender(act_of(world, name))
    method, _, path = name.partition(" ")
    row = ROWS[name]
    if row.session and who == EVERYONE:
        world.begin_session(EVERYONE)
    if values is None:
        values = await row.about(world, OURS, who)
    headers = {HEADER: who, "content-type": "application/json"}
    return await world.client.request(
        method, path.format(**values), content=content, headers=headers
    )


@pytest.mark.parametrize("name", WRITES)
async def test_no_write_takes_a_body_beyond_its_bound(world: World, name: str) -> None:
    content = b'{"x": "' + b"x" * JSON_BYTES_MAX + b'"}'
    answer = await send(world, name, content)
    assert problem(answer) == (413, "too_large")
    assert answer.json()["faults"][0]["limit"] == f"{JSON_BYTES_MAX} bytes"


DEEP = "[" * (JSON_DEPTH_MAX + 2) + "]" * (JSON_DEPTH_MAX + 2)
NOT_JSON = [
    b"{",
    b"\xff\xfe",
    DEEP.encode(),
    b"[" * 100_000,
    b'{"x": NaN}',
    b'{"x": Infinity}',
    b'{"x": "\\ud800"}',
    b'{"x": "\\u0000"}',
    b'{"\\u0000": 1}',
    b'{"x": ' + b"9" * 5_000 + b"}",
]


@pytest.mark.parametrize("name", WRITES)
async def test_no_write_takes_what_is_not_json(world: World, name: str) -> None:
    who = sender(act_of(world, name))
    values = await ROWS[name].about(world, OURS, who)
    for content in NOT_JSON:
        answer = await send(world, name, content, values)
        assert problem(answer) == (422, "invalid"), content[:40]
        assert answer.json()["faults"][0]["field"] == "body"


@pytest.mark.parametrize("name", WRITES)
async def test_no_write_takes_a_body_of_another_shape(world: World, name: str) -> None:
    """Where a body is asked for, nothing but its own fields is taken."""
    method, _, path = name.partition(" ")
    operation = world.hub.app.openapi()["paths"][path][method.lower()]
    values = await ROWS[name].about(world, OURS, sender(act_of(world, name)))
    for content in (b"[]", b"7", b'"text"', b"null", b'{"no_such_field": 1}'):
        answer = await send(world, name, content, values)
        if "requestBody" in operation:
            assert problem(answer) == (422, "invalid"), content
        else:
            assert answer.status_code < 500


NO_PAGES = [
    {"limit": "0"},
    {"limit": "201"},
    {"limit": "9" * 40},
    {"limit": "NaN"},
    {"cursor": "x" * 201},
    {"cursor": "!!"},
    {"cursor": "AA"},
    {"cursor": "\N{GRINNING FACE}"},
    {"cursor": "%00"},
]


async def test_no_list_takes_a_page_that_there_is_not(world: World) -> None:
    lists = [
        (path, Act(operations["get"]["x-act"]))
        for path, operations in world.hub.app.openapi()["paths"].items()
        if {"limit", "cursor"} <= {one["name"] for one in parameters(operations)}
        and "{" not in path
    ]
    assert len(lists) > 10
    for path, act in lists:
        for query in NO_PAGES:
            answer = await world.call(sender(act), "GET", path, params=query)
            assert problem(answer) == (422, "invalid"), (path, query)
            assert answer.json()["faults"][0]["field"].endswith(next(iter(query))), (path, query)


def parameters(operations: Any) -> list[Any]:
    found: list[Any] = operations.get("get", {}).get("parameters", [])
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/api/incidents/1",
        "/api/incidents/..%2f..%2fetc",
        "/api/incidents/%00",
        "/api/incidents/01890000-0000-4000-8000-000000000000",
        "/api/incidents/" + "9" * 3_000,
        "/api/cameras/numbers/" + "9" * 40,
        "/api/cameras/numbers/-1",
        "/api/tiles/cameras/99/0/0.mvt",
        "/api/tiles/cameras/1/2/0.mvt",
        "/log/tile/" + "x" * 80,
        "/log/tile/0/999.p/0",
    ],
)
async def test_no_id_of_another_form_reaches_the_database(world: World, path: str) -> None:
    answer = await world.call(EVERYONE, "GET", path)
    assert problem(answer) in {(422, "invalid"), (404, "not_found")}


async def test_unknown_addresses_and_methods_are_problems_too(world: World) -> None:
    assert problem(await world.call(EVERYONE, "GET", "/api/nothing")) == (404, "not_found")
    answer = await world.call(EVERYONE, "DELETE", "/healthz")
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


async def test_another_name_of_the_host_is_refused(world: World) -> None:
    answer = await world.client.get("/healthz", headers={"host": "evil.test"})
    assert answer.status_code == 400


@pytest.mark.parametrize("number", ["1e400", "1e308", "-1e308", "9" * 400, "0.1e-400"])
async def test_numbers_out_of_all_bounds_are_refused(world: World, number: str) -> None:
    body = json.dumps(FIRE).replace("54.1", number)
    answer = await send(world, "POST /api/incidents", body.encode(), {})
    assert answer.status_code in {201, 422}
    if number != "0.1e-400":
        assert problem(answer) == (422, "invalid")


SPOILT: list[tuple[str, dict[str, Any], str]] = [
    ("POST /api/incidents", FIRE | {"title": "x" * 121}, "title"),
    ("POST /api/incidents", FIRE | {"place": {"lat": 12.1, "lon": 541.0}}, "place.lon"),
    ("POST /api/incidents", FIRE | {"type": "gang"}, "type"),
    ("POST /api/cameras", {"name": "", **PLACE}, "name"),
    ("POST /api/cameras", {"name": "Gate", "lat": 95.0, "lon": 12.1}, "lat"),
    ("POST /api/cameras", {"name": "Gate", **PLACE, "bearing_deg": 361}, "bearing_deg"),
    ("POST /api/cameras", {"name": "Gate", **PLACE, "floor": 10**30}, "floor"),
    ("POST /api/people", {"login": "a b", "name": "A", "password": "x", "roles": []}, "login"),
    ("POST /api/stop", {"reason": " "}, "reason"),
]


@pytest.mark.parametrize(("name", "body", "field"), SPOILT)
async def test_a_fault_names_its_field(
    world: World, name: str, body: dict[str, Any], field: str
) -> None:
    answer = await send(world, name, json.dumps(body).encode(), {})
    assert problem(answer) == (422, "invalid")
    assert field in [fault["field"] for fault in answer.json()["faults"]]
    assert "x" * 60 not in answer.text, "what was sent is never sent back"


@pytest.fixture
async def keyed(world: World) -> dict[str, str]:
    return {HEADER: EVERYONE, "idempotency-key": f"key-{next(world.numbers)}"}


async def test_a_repeated_key_does_nothing_twice(world: World, keyed: dict[str, str]) -> None:
    values = await an_incident(world, OURS, EVERYONE)
    path = f"/api/incidents/{values['incident_id']}"
    first = await world.client.post(f"{path}/notes", json={"text": "Once"}, headers=keyed)
    again = await world.client.post(f"{path}/notes", json={"text": "Once"}, headers=keyed)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    told = await world.made_by(EVERYONE, "GET", f"{path}/timeline")
    assert [one["kind"] for one in told["items"]].count("noted") == 1


async def test_a_key_with_another_body_or_route_is_refused(
    world: World, keyed: dict[str, str]
) -> None:
    values = await an_incident(world, OURS, EVERYONE)
    path = f"/api/incidents/{values['incident_id']}"
    await world.client.post(f"{path}/notes", json={"text": "One"}, headers=keyed)
    for address, body in ((f"{path}/notes", {"text": "Two"}), ("/api/incidents", FIRE)):
        answer = await world.client.post(address, json=body, headers=keyed)
        assert problem(answer) == (409, "idempotency_key_reused")


async def test_a_key_belongs_to_who_sent_it(world: World, keyed: dict[str, str]) -> None:
    body = {"name": "Gate", **PLACE}
    ours = await world.client.post("/api/cameras", json=body, headers=keyed)
    theirs = keyed | {HEADER: f"theirs:{EVERYONE}"}
    other = await world.client.post("/api/cameras", json=body, headers=theirs)
    assert (ours.status_code, other.status_code) == (201, 201)
    assert ours.json()["id"] != other.json()["id"]
    assert "idempotency-replayed" not in other.headers


async def test_a_refused_request_leaves_its_key_unused(world: World, keyed: dict[str, str]) -> None:
    body = {"name": "Gate", **PLACE}
    spoilt = await world.client.post("/api/cameras", json=body | {"lat": 91}, headers=keyed)
    assert spoilt.status_code == 422
    answers = [await world.client.post("/api/cameras", json=body, headers=keyed) for _ in "12"]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert "idempotency-replayed" not in answers[0].headers
    assert answers[1].headers["idempotency-replayed"] == "true"
