"""Rows for the public log and for the auditors' own view of it."""

from consentry.kernel.access import Role
from tests.api.row import Row, Values
from tests.api.rows_cameras import a_camera
from tests.api.world import World

TILE = 256


async def an_entry(world: World, side: str, who: str) -> Values:
    """The entry of a camera that was added on that side."""
    values = await a_camera(world, side, who)
    auditor = world.name(side, Role.AUDITOR.value)
    path = f"/api/log/entries?act=camera_added&subject={values['camera_id']}"
    found = await world.made_by(auditor, "GET", path)
    return values | {"entry_id": found["items"][0]["entry"]["id"]}


async def a_tile(world: World, side: str, who: str) -> Values:
    size = world.hub.log.public_size
    return {"path": "0/000" if size >= TILE else f"0/000.p/{size}"}


async def two_sizes(world: World, side: str, who: str) -> Values:
    return {"q_old": 1, "q_new": world.hub.log.public_size}


ROWS: dict[str, Row] = {
    "GET /log/checkpoint": Row(theirs=None),
    "GET /log/tile/{path}": Row(about=a_tile, theirs=None),
    "GET /api/log/checkpoint": Row(theirs=None),
    "GET /api/log/consistency": Row(about=two_sizes, theirs=None),
    "GET /api/log/entries": Row(theirs=None),
    "GET /api/log/entries/{entry_id}": Row(about=an_entry),
    "GET /api/log/receipts/{entry_id}": Row(about=an_entry),
    "GET /api/log/bundle": Row(theirs=None),
    # What was written today is kept: for years to come nothing here can be erased.
    "POST /api/log/entries/{entry_id}/erasure": Row(
        ok=("retained",), about=an_entry, body=lambda w, v: {"basis": "Court order 7 of 2026"}
    ),
    "POST /api/log/entries/{entry_id}/erasure/confirmation": Row(ok=("retained",), about=an_entry),
}
