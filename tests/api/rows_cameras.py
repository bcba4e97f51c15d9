"""Rows for the registry, its search and its tiles."""

from typing import Any

from consentry.kernel.access import Role
from tests.api.row import Row, Values
from tests.api.rows_incidents import an_incident
from tests.api.world import EDGE, HEADER, PLACE, World

CSV = b"name,lat,lon\nGate,54.1,12.1\n"


def new_camera(world: World, values: Values) -> Any:
    return {"name": f"Camera {next(world.numbers)}", **PLACE, "kind": "fixed"}


async def a_camera(world: World, side: str, who: str, place: Any = PLACE) -> Values:
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    body = new_camera(world, {}) | place
    made = await world.made_by(admin, "POST", "/api/cameras", body)
    return {"camera_id": made["id"], "number": made["number"]}


async def a_hung_camera(world: World, side: str, who: str, place: Any = PLACE) -> Values:
    """One that hangs on the edge of its own agency."""
    values = await a_camera(world, side, who, place)
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    edge_id = world.principals[world.name(side, EDGE)].edge_id
    path = f"/api/cameras/{values['camera_id']}/edge"
    await world.made_by(admin, "PUT", path, {"edge_id": edge_id})
    return values


async def a_camera_in_sight(world: World, side: str, who: str) -> Values:
    """Once the index has seen it."""
    values = await a_camera(world, side, who)
    await world.hub.refresher.refresh()
    return values


async def an_incident_to_search(world: World, side: str, who: str) -> Values:
    values = await an_incident(world, side, who)
    where = {"q_lat": PLACE["lat"], "q_lon": PLACE["lon"], "q_incident_id": values["incident_id"]}
    return where | {"z": 14, "x": 8742, "y": 5205}


async def make_room(world: World, side: str) -> None:
    """Few imports of one party are under way at once."""
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    held = await world.made_by(admin, "GET", "/api/cameras/imports?limit=4")
    for one in held["items"]:
        await world.call(admin, "POST", f"/api/cameras/imports/{one['id']}/cancel")


async def an_import(world: World, side: str, who: str) -> Values:
    await make_room(world, side)
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    answer = await world.client.post(
        "/api/cameras/imports",
        params={"format": "csv", "source": f"file-{next(world.numbers)}"},
        content=CSV,
        headers={HEADER: admin, "content-type": "text/csv"},
    )
    assert answer.status_code == 202, answer.text
    return {"import_id": answer.json()["id"]}


async def a_file(world: World, side: str, who: str) -> Values:
    await make_room(world, side)
    return {"q_format": "csv", "q_source": f"file-{next(world.numbers)}"}


def search_body(world: World, values: Values) -> Any:
    return {"shape": "circle", "centre": PLACE, "incident_id": values["q_incident_id"]}


SEARCH: dict[str, Row] = {
    "GET /api/cameras/search": Row(about=an_incident_to_search),
    "POST /api/cameras/search": Row(about=an_incident_to_search, body=search_body),
    "GET /api/cameras/numbers/{number}": Row(about=a_camera_in_sight),
    "GET /api/tiles/cameras/{z}/{x}/{y}.mvt": Row(ok=(200, 204), about=an_incident_to_search),
}
IMPORTS: dict[str, Row] = {
    "POST /api/cameras/imports": Row(ok=(202,), about=a_file, theirs=None, raw=CSV),
    "GET /api/cameras/imports": Row(theirs=None),
    "GET /api/cameras/imports/{import_id}": Row(about=an_import),
    "GET /api/cameras/imports/{import_id}/errors": Row(about=an_import),
    "GET /api/cameras/imports/{import_id}/errors.csv": Row(about=an_import),
    "POST /api/cameras/imports/{import_id}/cancel": Row(ok=(200, "import_ended"), about=an_import),
    "POST /api/cameras/imports/{import_id}/undo": Row(ok=(202, "not_undoable"), about=an_import),
}
CAMERAS: dict[str, Row] = {
    "GET /api/cameras": Row(theirs=None),
    "POST /api/cameras": Row(ok=(201,), theirs=None, body=new_camera),
    "GET /api/cameras/export": Row(theirs=None),
    "GET /api/cameras/{camera_id}": Row(about=a_camera),
    "PATCH /api/cameras/{camera_id}": Row(about=a_camera, body=lambda w, v: {"name": "Gate"}),
    "DELETE /api/cameras/{camera_id}": Row(ok=(204,), about=a_camera),
    "POST /api/cameras/{camera_id}/move": Row(about=a_camera, body=lambda w, v: PLACE),
    "POST /api/cameras/{camera_id}/confirm": Row(about=a_camera),
    "POST /api/cameras/{camera_id}/decline": Row(
        ok=("not_a_draft",), about=a_camera, body=lambda w, v: {"reason": "Not mine"}
    ),
    "PUT /api/cameras/{camera_id}/edge": Row(
        about=a_camera, body=lambda w, v: {"edge_id": w.principals[EDGE].edge_id}
    ),
    "PUT /api/cameras/{camera_id}/health": Row(
        about=a_camera, body=lambda w, v: {"health": "offline"}
    ),
    "PUT /api/edge/cameras/{camera_id}/health": Row(
        about=a_hung_camera, body=lambda w, v: {"health": "online"}
    ),
}
ROWS: dict[str, Row] = {**SEARCH, **IMPORTS, **CAMERAS}
