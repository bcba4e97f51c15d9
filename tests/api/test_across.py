"""Things of another agency named inside a request: they are not there either."""

import pytest

from consentry.kernel.access import Role
from tests.api.rows_cameras import a_camera, an_incident_to_search
from tests.api.rows_consent import ask_body, what_to_ask
from tests.api.rows_identity import an_edge
from tests.api.rows_incidents import an_incident
from tests.api.world import OURS, PLACE, THEIRS, World

pytestmark = pytest.mark.anyio

ADMIN, OPERATOR = Role.AGENCY_ADMIN.value, Role.OPERATOR.value


async def test_an_ask_in_their_incident_opens_nothing(world: World) -> None:
    ours, theirs = await what_to_ask(world, OURS, OPERATOR), await an_incident(world, THEIRS, "")
    named = ours | {"incident_id": theirs["incident_id"]}
    answer = await world.call(OPERATOR, "POST", "/api/asks", ask_body(world, named))
    if answer.status_code == 201:
        assert [line["state"] for line in answer.json()["cameras"]] == ["refused"]
    else:
        assert answer.status_code == 404
    assert theirs["person_id"] not in answer.text


async def test_a_camera_hangs_on_no_edge_of_theirs(world: World) -> None:
    ours, theirs = await a_camera(world, OURS, ADMIN), await an_edge(world, THEIRS, ADMIN)
    path = f"/api/cameras/{ours['camera_id']}/edge"
    answer = await world.call(ADMIN, "PUT", path, {"edge_id": theirs["edge_id"]})
    assert answer.status_code in {404, 422}


async def test_nobody_of_theirs_is_assigned(world: World) -> None:
    ours, theirs = await an_incident(world, OURS, ""), await an_incident(world, THEIRS, "")
    path = f"/api/incidents/{ours['incident_id']}/people/{theirs['person_id']}"
    assert (await world.call(OPERATOR, "PUT", path)).status_code == 404


async def test_their_incident_shows_no_camera(world: World) -> None:
    theirs = await an_incident_to_search(world, THEIRS, "")
    body = {"shape": "circle", "centre": PLACE, "incident_id": theirs["q_incident_id"]}
    assert (await world.call(OPERATOR, "POST", "/api/cameras/search", body)).status_code == 404


async def test_their_edge_reports_no_camera_of_ours(world: World) -> None:
    ours = await a_camera(world, OURS, ADMIN)
    path = f"/api/edge/cameras/{ours['camera_id']}/health"
    answer = await world.call("theirs:edge", "PUT", path, {"health": "offline"})
    assert answer.status_code == 404


async def test_a_session_for_an_agency_begins_only_for_its_members(world: World) -> None:
    login = "nobody.there"
    body = {"login": login, "password": "x", "party_id": world.parties[THEIRS]}
    assert (await world.call("public", "POST", "/api/sign-in", body)).status_code == 401
