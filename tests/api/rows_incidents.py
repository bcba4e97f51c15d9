"""Rows for the working room."""

from typing import Any

from consentry.kernel.access import Role
from tests.api.row import Row, Values
from tests.api.world import PLACE, World

FIRE = {"type": "fire", "place": PLACE, "title": "Smoke in the harbour"}
DISPATCHER = "token:dispatch_incident"


async def an_incident(world: World, side: str, who: str, place: Any = PLACE) -> Values:
    """A dispatched one, to which the responder of its agency is assigned."""
    body = dispatched(world, {}) | {"place": place}
    made = await world.made_by(
        world.name(side, DISPATCHER), "POST", "/api/incidents/dispatched", body
    )
    responder = world.principals[world.name(side, Role.RESPONDER.value)].person_id
    await world.made_by(
        world.name(side, Role.OPERATOR.value),
        "PUT",
        f"/api/incidents/{made['id']}/people/{responder}",
    )
    return {"incident_id": made["id"], "version": 2, "person_id": responder}


async def a_closed_incident(world: World, side: str, who: str) -> Values:
    values = await an_incident(world, side, who)
    await world.made_by(
        world.name(side, Role.SUPERVISOR.value),
        "POST",
        f"/api/incidents/{values['incident_id']}/close",
        {"version": 2, "outcome": "helped"},
    )
    return values | {"version": 3}


def dispatched(world: World, values: Values) -> Any:
    return FIRE | {"source": "cad", "reference": f"2026-{next(world.numbers)}"}


ROWS: dict[str, Row] = {
    "GET /api/incidents": Row(theirs=None),
    "POST /api/incidents": Row(ok=(201,), theirs=None, body=lambda w, v: FIRE),
    "POST /api/incidents/dispatched": Row(ok=(201,), theirs=None, body=dispatched),
    "GET /api/incidents/{incident_id}": Row(about=an_incident),
    "GET /api/incidents/{incident_id}/timeline": Row(about=an_incident),
    "PATCH /api/incidents/{incident_id}": Row(
        about=an_incident, body=lambda w, v: {"version": v["version"], "title": "Fire"}
    ),
    "POST /api/incidents/{incident_id}/notes": Row(
        ok=(201,), about=an_incident, body=lambda w, v: {"text": "Seen"}
    ),
    "PUT /api/incidents/{incident_id}/people/{person_id}": Row(about=an_incident),
    "DELETE /api/incidents/{incident_id}/people/{person_id}": Row(about=an_incident),
    "POST /api/incidents/{incident_id}/close": Row(
        about=an_incident, body=lambda w, v: {"version": v["version"], "outcome": "no_value"}
    ),
    "POST /api/incidents/{incident_id}/reopen": Row(
        about=a_closed_incident, body=lambda w, v: {"version": v["version"]}
    ),
}
