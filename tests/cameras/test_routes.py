"""The registry over HTTP: status, problem and log entry of each route."""

import csv
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from io import StringIO
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from consentry.cameras.model import Origin, State
from consentry.cameras.routes import EXPORT_PAGE, router
from consentry.cameras.store import SqlCameras
from consentry.identity import PartyKind
from consentry.identity.tables import edge, party
from consentry.infra.db import Database, Transaction, epochs
from consentry.kernel.access import Principal, PrincipalKind
from consentry.kernel.ids import EdgeId
from tests.kit import HOUR, NOON
from tests.kit.chance import VirtualClock

from .a_camera import AGENCY, SHOP, a_camera
from .hub import ADMIN, OPERATOR, OTHER, OWNER, Hub, as_

pytestmark = pytest.mark.anyio
BODY = {"name": "North door", "lat": 53.55, "lon": 9.99}
BOX = EdgeId("01930000-0000-7000-8000-0000000000aa")


@pytest.fixture
def hub(sqlite: Database, clock: VirtualClock) -> Hub:
    return Hub(sqlite, clock)


@pytest.fixture
async def client(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    async with hub.client([router(hub.registry)]) as made:
        yield made


async def added(
    client: httpx.AsyncClient, who: Principal = ADMIN, **changes: Any
) -> dict[str, Any]:
    answer = await client.post("/api/cameras", json=BODY | changes, headers=as_(who))
    assert answer.status_code in {200, 201}, answer.text
    told: dict[str, Any] = answer.json()
    return told


def a_draft(hub: Hub, number: int = 50) -> str:
    """Proposed to the shop by the agency."""
    origin = Origin(party_id=AGENCY, source="city", reference=str(number))
    made = a_camera(number, party_id=SHOP, state=State.DRAFT, origin=origin, confirmed_at=None)
    hub.database.write_now(lambda tx: SqlCameras(tx).add([made]))
    return made.id


def epoch(hub: Hub) -> int:
    return hub.database.read_now(lambda tx: epochs.current(tx, epochs.CAMERAS))


async def test_a_camera_is_registered_read_and_logged(hub: Hub, client: httpx.AsyncClient) -> None:
    told = await added(client, kind="ptz", setting="public", bearing_deg=360, reference="7")
    assert (told["state"], told["party_id"], told["proposed_by"]) == ("confirmed", AGENCY, None)
    assert (told["kind"], told["bearing_deg"], told["number"]) == ("ptz", 0, 1)
    assert told["confirmed_at"] == "2026-11-20T12:00:00Z"
    read = await client.get(f"/api/cameras/{told['id']}", headers=as_(OPERATOR))
    assert read.json() == told, "an operator reads the agency's own"
    assert hub.entries.acts == ["camera_added"]
    assert (hub.last.on.id, hub.last.on.title) == (told["id"], "North door")
    assert "53.55" not in str(hub.last), "the log does not say where a camera is"
    assert epoch(hub) == 1


async def test_the_same_reference_again_makes_no_second_camera(
    hub: Hub, client: httpx.AsyncClient
) -> None:
    first = await added(client, reference="7")
    again = await client.post("/api/cameras", json=BODY | {"reference": "7"}, headers=as_(ADMIN))
    assert (again.status_code, again.json()) == (200, first)
    other = await client.post(
        "/api/cameras", json=BODY | {"reference": "7", "name": "South"}, headers=as_(ADMIN)
    )
    assert (other.status_code, other.json()["type"]) == (
        409,
        "urn:consentry:problem:reference_taken",
    )
    assert (await added(client, OWNER, reference="7"))["number"] == 2, "each party names its own"
    assert hub.entries.acts == ["camera_added"] * 2


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"lat": 139.69, "lon": 35.68}, "lat", "swapped"),
        ({"lat": -190}, "lat", "outside"),
        ({"lon": -180.001}, "lon", "outside"),
        ({"bearing_deg": 361}, "bearing_deg", "less than or equal to 360"),
        ({"fov_deg": 0}, "fov_deg", "greater than 0"),
        ({"range_m": 1e9}, "range_m", "less than or equal"),
        ({"floor": 10**30}, "floor", "less than or equal"),
        ({"kind": "indoor"}, "floor", "missing"),
        ({"kind": "x-ray"}, "kind", "'fixed'"),
        ({"name": ""}, "name", "at least 1"),
        ({"name": " \t "}, "name", "empty"),
        ({"name": "n" * 121}, "name", "at most 120"),
        ({"name": "a\nb"}, "name", "control"),
        ({"source": "\x7f"}, "source", "control"),
        ({"colour": "red"}, "colour", "Extra"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_kept(
    hub: Hub, client: httpx.AsyncClient, changes: dict[str, Any], field: str, words: str
) -> None:
    answer = await client.post("/api/cameras", json=BODY | changes, headers=as_(ADMIN))
    assert answer.status_code == 422
    fault = answer.json()["faults"][0]
    assert (fault["field"], words in fault["message"]) == (field, True), fault
    assert hub.entries.acts == []
    assert epoch(hub) == 0


@pytest.mark.parametrize(
    "content", [b'{"name":"x","lat":NaN,"lon":1}', b"[" * 99 + b"]" * 99, b"{"]
)
async def test_what_json_cannot_say_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/api/cameras", content=content, headers=as_(ADMIN))
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, "body")


@pytest.mark.parametrize(("lat", "lon"), [(90, 0), (-90, 180), (0, -180), (17.5, 180)])
async def test_poles_and_antimeridian_are_places(
    client: httpx.AsyncClient, lat: float, lon: float
) -> None:
    told = await added(client, lat=lat, lon=lon)
    assert (told["lat"], told["lon"]) == (lat, lon)


async def test_a_place_that_is_swapped_beside_ones_own_cameras_is_noticed(
    client: httpx.AsyncClient,
) -> None:
    await added(client)
    answer = await client.post(
        "/api/cameras", json=BODY | {"lat": 9.99, "lon": 53.55}, headers=as_(ADMIN)
    )
    assert answer.status_code == 422
    assert "swapped: are they?" in answer.json()["faults"][0]["message"]
    assert (await added(client, lat=-33.9, lon=151.2))["lat"] == -33.9, "far away alone is allowed"


async def test_a_camera_is_changed_and_moved(hub: Hub, client: httpx.AsyncClient) -> None:
    told = await added(client, height_m=3, bearing_deg=10)
    path = f"/api/cameras/{told['id']}"
    hub.clock.advance(HOUR)
    patch = {"name": "Yard", "height_m": None}
    changed = await client.patch(path, json=patch, headers=as_(ADMIN))
    assert (changed.json()["name"], changed.json()["height_m"]) == ("Yard", None)
    assert (changed.json()["bearing_deg"], changed.json()["moved_at"]) == (10, None)
    assert set(hub.last.changes) == {"name", "height_m"}
    moved = await client.post(f"{path}/move", json={"lat": 53.56, "lon": 9.99}, headers=as_(ADMIN))
    assert (moved.json()["lat"], moved.json()["moved_at"]) == (53.56, "2026-11-20T13:00:00Z")
    turned = await client.post(
        f"{path}/move", json={"lat": 53.56, "lon": 9.99, "bearing_deg": None}, headers=as_(ADMIN)
    )
    assert turned.json()["bearing_deg"] is None
    assert hub.entries.acts == ["camera_added", *["camera_changed"] * 3]
    assert epoch(hub) == 4
    same = await client.patch(path, json={"name": "Yard"}, headers=as_(ADMIN))
    assert same.status_code == 200
    assert (len(hub.entries.held), epoch(hub)) == (4, 4), "nothing changed, nothing is logged"


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"name": None}, "name"),
        ({"lat": 1}, "lon"),
        ({"lon": 1}, "lat"),
        ({"lat": 1, "lon": 500}, "lon"),
    ],
)
async def test_a_patch_that_cannot_stand_is_refused(
    client: httpx.AsyncClient, patch: dict[str, Any], field: str
) -> None:
    told = await added(client)
    answer = await client.patch(f"/api/cameras/{told['id']}", json=patch, headers=as_(ADMIN))
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, field)


async def test_a_removed_camera_is_gone(hub: Hub, client: httpx.AsyncClient) -> None:
    told = await added(client)
    path = f"/api/cameras/{told['id']}"
    assert (await client.delete(path, headers=as_(ADMIN))).status_code == 204
    assert (await client.get(path, headers=as_(ADMIN))).status_code == 404
    assert (await client.delete(path, headers=as_(ADMIN))).status_code == 404
    assert hub.entries.acts == ["camera_added", "camera_removed"]
    assert epoch(hub) == 2


@pytest.mark.parametrize("who", [OWNER, OTHER])
async def test_another_partys_camera_is_not_found(
    hub: Hub, client: httpx.AsyncClient, who: Principal
) -> None:
    path = f"/api/cameras/{(await added(client))['id']}"
    calls = [
        client.get(path, headers=as_(who)),
        client.patch(path, json={"name": "x"}, headers=as_(who)),
        client.post(f"{path}/move", json={"lat": 1, "lon": 1}, headers=as_(who)),
        client.delete(path, headers=as_(who)),
        client.post(f"{path}/confirm", headers=as_(who)),
        client.post(f"{path}/decline", json={}, headers=as_(who)),
        client.put(f"{path}/health", json={"health": "offline"}, headers=as_(who)),
        client.put(f"{path}/edge", json={"edge_id": None}, headers=as_(who)),
    ]
    assert [(await call).status_code for call in calls] == [404] * len(calls)
    assert hub.entries.acts == ["camera_added"]
    listed = await client.get("/api/cameras", headers=as_(who))
    assert listed.json() == {"items": [], "next": None}


async def test_a_draft_is_seen_by_its_owner_alone_and_lands_when_accepted(
    hub: Hub, client: httpx.AsyncClient
) -> None:
    path = f"/api/cameras/{a_draft(hub)}"
    for who in (ADMIN, OPERATOR):
        assert (await client.get(path, headers=as_(who))).status_code == 404, (
            "not even its proposer"
        )
    seen = await client.get("/api/cameras?state=draft", headers=as_(OWNER))
    assert [item["proposed_by"] for item in seen.json()["items"]] == [AGENCY]
    corrected = await client.patch(path, json={"name": "My door"}, headers=as_(OWNER))
    assert (corrected.status_code, epoch(hub)) == (200, 0), "a draft is in nobody's picture"
    accepted = await client.post(f"{path}/confirm", headers=as_(OWNER))
    assert (accepted.json()["state"], epoch(hub)) == ("confirmed", 1)
    assert hub.entries.acts == ["camera_changed", "camera_confirmed"]
    late = await client.post(f"{path}/decline", json={}, headers=as_(OWNER))
    assert (late.status_code, late.json()["type"]) == (409, "urn:consentry:problem:not_a_draft")


async def test_a_declined_draft_is_gone_and_its_reason_logged(
    hub: Hub, client: httpx.AsyncClient
) -> None:
    path = f"/api/cameras/{a_draft(hub)}"
    answer = await client.post(f"{path}/decline", json={"reason": "Not mine."}, headers=as_(OWNER))
    assert answer.status_code == 204
    assert (await client.get(path, headers=as_(OWNER))).status_code == 404
    assert (hub.last.act, hub.last.decision, hub.last.reason) == (
        "camera_removed",
        "declined",
        "Not mine.",
    )
    assert epoch(hub) == 0


async def test_reconfirming_freshens_the_date(hub: Hub, client: httpx.AsyncClient) -> None:
    told = await added(client)
    hub.clock.advance(HOUR)
    again = await client.post(f"/api/cameras/{told['id']}/confirm", headers=as_(ADMIN))
    assert again.json()["confirmed_at"] == "2026-11-20T13:00:00Z"


async def test_health_is_logged_when_it_changes(hub: Hub, client: httpx.AsyncClient) -> None:
    path = f"/api/cameras/{(await added(client))['id']}/health"
    answers = []
    for _ in range(2):
        hub.clock.advance(HOUR)
        answers.append(await client.put(path, json={"health": "offline"}, headers=as_(ADMIN)))
    told = answers[-1].json()
    assert (told["health"], told["health_at"]) == ("offline", "2026-11-20T14:00:00Z")
    assert hub.entries.acts == ["camera_added", "camera_changed"]
    assert epoch(hub) == 2


def enrol(tx: Transaction) -> None:
    tx.connection.execute(
        insert(party).values(id=SHOP, kind=PartyKind.BUSINESS, name="Bakery", created_at=NOON)
    )
    box = {"id": BOX, "party_id": SHOP, "name": "Box", "key": b"k", "enrolled_at": NOON}
    tx.connection.execute(insert(edge).values(**box, version="", health_note=""))


async def test_an_edge_speaks_for_the_cameras_that_hang_on_it(
    hub: Hub, client: httpx.AsyncClient
) -> None:
    hub.database.write_now(enrol)
    hub.people["box"] = Principal(kind=PrincipalKind.EDGE, edge_id=BOX, party_id=SHOP)
    as_box = {"x-test-person": "box"}
    told = await added(client, OWNER)
    report = f"/api/edge/cameras/{told['id']}/health"
    early = await client.put(report, json={"health": "online"}, headers=as_box)
    assert early.status_code == 404, "not on this edge"
    hang = f"/api/cameras/{told['id']}/edge"
    foreign = (await added(client))["id"]
    other = await client.put(
        f"/api/cameras/{foreign}/edge", json={"edge_id": BOX}, headers=as_(ADMIN)
    )
    assert other.status_code == 404, "another party's edge"
    hung = await client.put(hang, json={"edge_id": BOX}, headers=as_(OWNER))
    assert hung.json()["edge_id"] == BOX
    late = await client.put(report, json={"health": "online"}, headers=as_box)
    assert (late.status_code, late.json()["health"]) == (200, "online")
    assert (hub.last.actor.kind, hub.last.actor.id) == ("edge", BOX)
    off = await client.put(hang, json={"edge_id": None}, headers=as_(OWNER))
    assert off.json()["edge_id"] is None


async def test_lists_come_in_pages_with_filters(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await added(client, name=f"Door {number}", kind="ptz" if number % 2 else "fixed")
    first = (await client.get("/api/cameras?limit=3", headers=as_(ADMIN))).json()
    rest = (
        await client.get(f"/api/cameras?limit=3&cursor={first['next']}", headers=as_(ADMIN))
    ).json()
    names = [item["name"] for item in first["items"] + rest["items"]]
    assert (names, rest["next"]) == ([f"Door {n}" for n in range(5)], None)
    for query, expected in (("kind=ptz", 2), ("text=dOOR 3", 1), ("state=removed", 0)):
        told = await client.get(f"/api/cameras?{query}", headers=as_(ADMIN))
        assert len(told.json()["items"]) == expected
    for query in ("limit=0", "limit=201", "cursor=%%%", "kind=x", "order=name"):
        wrong = await client.get(f"/api/cameras?{query}", headers=as_(ADMIN))
        assert wrong.status_code == 422, query


async def test_an_id_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/cameras/nonsense", headers=as_(ADMIN))
    assert answer.status_code == 422


async def test_who_may_not_is_told_so(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/cameras", json=BODY)).status_code == 401
    assert (await client.post("/api/cameras", json=BODY, headers=as_(OPERATOR))).status_code == 403
    assert (await client.get("/api/cameras/export", headers=as_(OPERATOR))).status_code == 403


async def test_an_export_holds_ones_own_cameras_and_is_logged(
    hub: Hub, client: httpx.AsyncClient
) -> None:
    await added(client, name='=HYPERLINK("x")', address="Quay 1, west", reference="7")
    await added(client, OWNER, name="The shop's")
    a_draft(hub)
    answer = await client.get("/api/cameras/export", headers=as_(ADMIN))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="cameras.csv"'
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == ['\'=HYPERLINK("x")'], "no spreadsheet runs it"
    assert (rows[0]["address"], rows[0]["lat"], rows[0]["floor"]) == ("Quay 1, west", "53.55", "")
    assert (hub.last.act, hub.last.on.title) == ("cameras_exported", "1 cameras as csv")
    told = await client.get("/api/cameras/export?format=geojson", headers=as_(OWNER))
    features = json.loads(told.content)["features"]
    assert [one["properties"]["name"] for one in features] == ["The shop's"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [9.99, 53.55]}
    empty = await client.get("/api/cameras/export?format=geojson", headers=as_(OTHER))
    assert json.loads(empty.content) == {"type": "FeatureCollection", "features": []}


async def test_a_long_export_comes_whole(hub: Hub, client: httpx.AsyncClient) -> None:
    count = EXPORT_PAGE + 1
    cameras = [a_camera(number) for number in range(1, count + 1)]
    hub.database.write_now(lambda tx: SqlCameras(tx).add(cameras))
    told = await client.get("/api/cameras/export?format=geojson", headers=as_(ADMIN))
    named = [feature["properties"]["camera_id"] for feature in json.loads(told.content)["features"]]
    assert named == [one.id for one in cameras]


async def test_an_export_takes_a_fresh_proof(hub: Hub, client: httpx.AsyncClient) -> None:
    hub.people["admin"] = replace(ADMIN, stepped_up_at=NOON - HOUR)
    answer = await client.get("/api/cameras/export", headers=as_(ADMIN))
    assert answer.status_code in {401, 403}
    assert hub.entries.acts == []
