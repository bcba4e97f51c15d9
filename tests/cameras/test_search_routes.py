"""Search and tiles over HTTP: who may, what is shown, what is logged, and what is refused."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import mapbox_vector_tile
import pytest
from fastapi import FastAPI, Request

from consentry.audit import Journal
from consentry.cameras.columns import FOREVER_US, POINT
from consentry.cameras.search import HITS_MAX
from consentry.cameras.search_routes import search_router
from consentry.cameras.searching import Searches
from consentry.infra.db import Database, Work
from consentry.infra.web import problems
from consentry.kernel.access import ANYONE, Principal, PrincipalKind, Role
from consentry.kernel.geo import Area, Circle, offset
from consentry.kernel.ids import IncidentId, PartyId, PersonId, SessionId
from tests.cameras.an_index import Both
from tests.cameras.oracle import CENTRES, PARTIES, OracleCamera, cell, columns
from tests.kit.chance import CountingIds, VirtualClock
from tests.kit.journal import MemoryEntries, a_journal

pytestmark = pytest.mark.anyio

HERE = CENTRES[0]
POLICE, FIRE, SHOP = PARTIES[0], PARTIES[1], PARTIES[3]
_IDS = CountingIds(5_000)
INCIDENT, HUGE, UNKNOWN = (IncidentId(_IDS()) for _ in range(3))


@dataclass
class FakeAreas:
    """Implements `IncidentAreas`."""

    open: dict[tuple[IncidentId, PartyId], Area] = field(
        default_factory=lambda: {
            (INCIDENT, POLICE): Circle(HERE, 900.0),
            (HUGE, POLICE): Circle(HERE, 1_000.0),
        }
    )

    def area(self, incident_id: IncidentId, who: Principal) -> Area | None:
        return self.open.get((incident_id, who.party))


@dataclass
class FakeGate:
    """Implements `guard.Gate`; the headers name the role and the party."""

    database: Database
    clock: VirtualClock

    async def authenticate(self, request: Request) -> Principal:
        role = request.headers.get("x-test-role")
        if role is None:
            return ANYONE
        return Principal(
            kind=PrincipalKind.PERSON,
            person_id=PersonId("somebody"),
            session_id=SessionId(request.headers.get("x-test-session", "one")),
            party_id=PartyId(request.headers.get("x-test-party", POLICE)),
            roles=frozenset({Role(role)}),
        )


class Console:
    """A signed-in operator of the police before a small index."""

    def __init__(self, database: Database, client: httpx.AsyncClient, both: Both) -> None:
        self.database, self.client, self.both = database, client, both
        self.areas = FakeAreas()
        self.entries: MemoryEntries
        self.journal: Journal
        self.journal, self.entries = a_journal(both.clock)

    async def get(self, path: str, role: str = "operator", **params: Any) -> httpx.Response:
        return await self.client.get(path, params=params, headers={"x-test-role": role})

    async def circle(self, role: str = "operator", **params: Any) -> httpx.Response:
        place = {"lat": HERE.lat, "lon": HERE.lon}
        return await self.get("/api/cameras/search", role, **(place | params))

    async def post(self, body: Any) -> httpx.Response:
        headers = {"x-test-role": "operator"}
        return await self.client.post("/api/cameras/search", json=body, headers=headers)


def a_town() -> dict[int, OracleCamera]:
    near = offset(HERE, east_m=30, north_m=0)
    far = offset(HERE, east_m=2_000, north_m=0)
    granted = [(POLICE, POINT, 0, FOREVER_US)]
    return {
        1: OracleCamera(1, HERE, POLICE),
        2: OracleCamera(2, near, SHOP, windows=granted),
        3: OracleCamera(3, near, SHOP),
        4: OracleCamera(4, far, SHOP, windows=granted),
        5: OracleCamera(5, far, POLICE),
    }


@pytest.fixture
async def console(sqlite: Database, clock: VirtualClock) -> AsyncIterator[Console]:
    both = Both(a_town(), clock)
    app = FastAPI()
    problems.install(app)
    app.state.gate = FakeGate(sqlite, clock)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        console = Console(sqlite, client, both)
        searches = Work(sqlite, lambda tx: Searches(console.areas, console.journal))
        app.include_router(search_router(searches, both.index, clock))
        yield console


def numbers(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    cameras = answer.json()["cameras"]
    assert {len(column) for column in cameras.values()} == {len(cameras["number"])}
    return sorted(cameras["number"])


async def test_without_an_incident_only_own_cameras_and_no_entry(console: Console) -> None:
    assert numbers(await console.circle(radius_m=5_000)) == [1, 5]
    assert numbers(await console.circle(shape="nearest", count=1)) == [1]
    assert console.entries.held == []


async def test_for_an_incident_others_within_its_area_and_an_entry(console: Console) -> None:
    assert numbers(await console.circle(radius_m=5_000, incident_id=INCIDENT)) == [1, 2, 5]
    (entry,) = console.entries.held
    assert (entry.act.value, entry.reference, entry.on.id) == (
        "cameras_searched",
        INCIDENT,
        INCIDENT,
    )
    assert entry.reason == "circle of 5000 m around 53.55000, 9.99000: 1 cameras of others"


async def test_nothing_of_others_shown_means_no_entry(console: Console) -> None:
    assert numbers(await console.circle(radius_m=5, incident_id=INCIDENT)) == [1]
    assert console.entries.held == []


@pytest.mark.parametrize("incident", [UNKNOWN])
async def test_an_incident_that_is_not_ones_own_or_not_open_is_not_found(
    console: Console, incident: IncidentId
) -> None:
    answer = await console.circle(incident_id=incident)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:consentry:problem:not_found")


async def test_an_incident_that_closes_meanwhile_shows_nothing(console: Console) -> None:
    real, calls = console.areas.area, []

    def closing(incident_id: IncidentId, who: Principal) -> Area | None:
        calls.append(incident_id)
        return real(incident_id, who) if len(calls) == 1 else None

    console.areas.area = closing  # type: ignore[method-assign]  # the race, made certain
    assert (await console.circle(radius_m=500, incident_id=INCIDENT)).status_code == 404
    assert console.entries.held == []


async def test_an_area_of_more_than_three_square_kilometres_is_refused(console: Console) -> None:
    answer = await console.circle(incident_id=HUGE)
    assert answer.status_code == 422
    assert answer.json()["faults"] == [
        {"field": "incident_id", "message": "has too large an area", "limit": "3 square kilometres"}
    ]


async def test_the_answer_is_columns_with_reasons(console: Console) -> None:
    answer = await console.circle(radius_m=100)
    assert answer.json() == {
        "truncated": False,
        "cameras": {
            "id": [console.both.world[1].id],
            "number": [1],
            "own": [True],
            "lat": [HERE.lat],
            "lon": [HERE.lon],
            "distance_m": [0.0],
            "kind": ["fixed"],
            "setting": ["public"],
            "health": ["unknown"],
            "night_vision": [False],
            "bearing_deg": [None],
            "fov_deg": [None],
            "range_m": [None],
            "score": [0.775],
            "reasons": [["view_unknown"]],
        },
    }


def polygon_around(east_m: float) -> list[dict[str, float]]:
    corners = ((-east_m, -400), (east_m, -400), (east_m, 400), (-east_m, 400))
    places = (offset(HERE, east_m=east, north_m=north) for east, north in corners)
    return [{"lat": place.lat, "lon": place.lon} for place in places]


async def test_polygons_come_by_post(console: Console) -> None:
    body: dict[str, Any] = {"shape": "polygon", "ring": polygon_around(2_500)}
    assert numbers(await console.post(body)) == [1, 5]
    assert numbers(await console.post(body | {"incident_id": INCIDENT})) == [1, 2, 5]
    assert numbers(await console.post(body | {"kinds": ["ptz"]})) == []
    place = {"lat": HERE.lat, "lon": HERE.lon}
    assert numbers(await console.post({"shape": "circle", "centre": place, "radius_m": 9})) == [1]
    assert numbers(await console.post({"shape": "nearest", "towards": place, "count": 2})) == [1, 5]


BOW_TIE = [{"lat": a, "lon": b} for a, b in ((0, 0), (0.01, 0.01), (0, 0.01), (0.01, 0))]
LINE = [{"lat": 0, "lon": n / 1000} for n in range(3)]
AROUND_POLE = [{"lat": 89, "lon": lon} for lon in (0, 120, -120)]


@pytest.mark.parametrize(
    ("ring", "told"),
    [
        (BOW_TIE, "cross"),
        (LINE, "no area"),
        (AROUND_POLE, "pole"),
        (polygon_around(30_000), "too far"),
        (LINE[:2], "at least 3"),
        (LINE * 167, "at most 500"),
        ([{"lat": 91, "lon": 0}] * 3, "less than or equal to 90"),
        ([{"lat": 0, "lon": 181}] * 3, "less than or equal to 180"),
    ],
)
async def test_a_bad_polygon_is_refused_and_says_why(
    console: Console, ring: list[Any], told: str
) -> None:
    answer = await console.post({"shape": "polygon", "ring": ring})
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


@pytest.mark.parametrize(
    "changes",
    [
        {"radius_m": 20_001},
        {"radius_m": 0},
        {"radius_m": "nan"},
        {"lat": "nan"},
        {"lat": 90.1},
        {"lon": 1e30},
        {"shape": "polygon"},
        {"shape": "nearest", "count": 513},
        {"shape": "nearest", "count": 10**30},
        {"kind": "spy"},
        {"incident_id": "1"},
    ],
)
async def test_a_bad_query_is_refused(console: Console, changes: dict[str, Any]) -> None:
    answer = await console.circle(**changes)
    assert answer.status_code == 422
    assert answer.json()["faults"]


@pytest.mark.parametrize("role", ["auditor", "agency_admin", "hub_admin", "custodian", "owner"])
async def test_others_than_the_room_may_not_search(console: Console, role: str) -> None:
    assert (await console.circle(role)).status_code == 403
    assert (await console.get("/api/tiles/cameras/0/0/0.mvt", role)).status_code == 403
    assert (await console.get("/api/cameras/numbers/1", role)).status_code == 403


async def test_who_may_not_ask_is_not_told_where_others_cameras_look(console: Console) -> None:
    looking = columns(list(console.both.world.values()))
    for name in ("bearing", "fov", "reach"):
        getattr(looking, name)[:] = 90.0
    console.both.index.load(looking, 2)
    for role, told in (("supervisor", [90.0, None]), ("responder", [90.0, 90.0])):
        answer = await console.circle(role, radius_m=100, incident_id=INCIDENT)
        cameras = answer.json()["cameras"]
        order = sorted(range(2), key=cameras["number"].__getitem__)
        for name in ("bearing_deg", "fov_deg", "range_m"):
            assert [cameras[name][n] for n in order] == told
        others = cameras["reasons"][order[1]]
        assert others == (["view_unknown"] if role == "supervisor" else ["out_of_view"])


async def test_a_stale_index_answers_nothing(console: Console) -> None:
    console.both.clock.advance(timedelta(seconds=3.1))
    for path in (
        "/api/tiles/cameras/0/0/0.mvt",
        "/api/cameras/numbers/1",
        "/api/cameras/search?lat=0&lon=0",
    ):
        answer = await console.client.get(path, headers={"x-test-role": "operator"})
        assert (answer.status_code, answer.json()["type"]) == (
            503,
            "urn:consentry:problem:index_stale",
        )


async def test_a_number_of_the_map_leads_to_its_camera(console: Console) -> None:
    own = await console.get("/api/cameras/numbers/1")
    assert own.json()["cameras"]["id"] == [console.both.world[1].id]
    for number in (2, 3, 4, 77):
        assert (await console.get(f"/api/cameras/numbers/{number}")).status_code == 404
    shown = await console.get("/api/cameras/numbers/2", incident_id=INCIDENT)
    assert numbers(shown) == [2]
    assert [entry.reason for entry in console.entries.held] == [
        "camera 2 on the map: 1 cameras of others"
    ]
    for number in (3, 4):
        answer = await console.get(f"/api/cameras/numbers/{number}", incident_id=INCIDENT)
        assert answer.status_code == 404
    for number in (-1, 2**28, 10**30):
        assert (await console.get(f"/api/cameras/numbers/{number}")).status_code == 422


def tile_path(zoom: int) -> str:
    x, y = cell(HERE, zoom)
    return f"/api/tiles/cameras/{zoom}/{x}/{y}.mvt"


def drawn(answer: httpx.Response) -> list[int]:
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    features = mapbox_vector_tile.decode(answer.content)["cameras"]["features"]
    return sorted(feature["id"] for feature in features)


async def test_tiles_show_what_a_search_would(console: Console) -> None:
    assert drawn(await console.get(tile_path(8))) == [1, 5]
    assert console.entries.held == []
    assert drawn(await console.get(tile_path(8), incident_id=INCIDENT)) == [1, 2, 5]
    await console.get(tile_path(16), incident_id=INCIDENT)
    assert console.entries.acts == ["cameras_searched"], "looking at one map is one act"
    headers = {"x-test-role": "operator", "x-test-session": "two"}
    await console.client.get(tile_path(16), params={"incident_id": INCIDENT}, headers=headers)
    assert len(console.entries.held) == 2


async def test_tiles_are_never_cached_by_others_but_can_be_asked_again(console: Console) -> None:
    first = await console.get(tile_path(12))
    assert first.headers["cache-control"] == "private, no-store"
    tag = first.headers["etag"]
    headers = {"x-test-role": "operator", "if-none-match": f'"other", W/{tag}'}
    again = await console.client.get(tile_path(12), headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    del console.both.world[1]
    console.both.change([1])
    changed = await console.client.get(tile_path(12), headers=headers)
    assert (changed.status_code, changed.headers["etag"] != tag) == (204, True)


async def test_the_tag_tells_nothing_of_what_one_may_not_see(console: Console) -> None:
    before = await console.get(tile_path(12))
    del console.both.world[3]
    console.both.change([3])
    after = await console.get(tile_path(12))
    assert before.headers["etag"] == after.headers["etag"]


async def test_an_empty_tile_has_no_content(console: Console) -> None:
    answer = await console.get("/api/tiles/cameras/14/0/0.mvt")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("at", ["17/0/0", "3/8/0", "3/0/8", "0/1/0", "1/-1/0", "x/0/0", "1/0/1e3"])
async def test_tiles_beside_the_map_are_refused(console: Console, at: str) -> None:
    assert (await console.get(f"/api/tiles/cameras/{at}.mvt")).status_code == 422


async def test_a_large_answer_is_cut_and_says_so(console: Console) -> None:
    console.both.world |= {
        n: OracleCamera(n, HERE, POLICE) for n in range(100, 100 + HITS_MAX + 10)
    }
    console.both.change(console.both.world)
    answer = await console.circle(radius_m=1)
    assert (len(numbers(answer)), answer.json()["truncated"]) == (HITS_MAX, True)
    scores = answer.json()["cameras"]["score"]
    assert None not in scores[:512]
    assert set(scores[512:]) == {None}
