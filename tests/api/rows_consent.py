"""Rows for asks, for the owner's side, and for what narrows an agency."""

from typing import Any

from consentry.kernel import canonical
from consentry.kernel.access import ALLOWED, Act, Role
from tests.api.row import Row, Values
from tests.api.rows_cameras import a_camera
from tests.api.rows_incidents import an_incident
from tests.api.world import EVERYONE, World
from tests.identity.kit import KeyHolder

WHY = {"reason": "Smoke was seen here"}


async def what_to_ask(world: World, side: str, who: str) -> Values:
    return await a_camera(world, side, who) | await an_incident(world, side, who)


def ask_body(world: World, values: Values) -> Any:
    return {
        "camera_ids": [values["camera_id"]],
        "use": "live",
        "purpose": "fire_rescue",
        "incident_id": values["incident_id"],
        **WHY,
    }


async def an_ask(world: World, side: str, who: str) -> Values:
    """By whoever asks now, if they may; else by an operator."""
    values = await what_to_ask(world, side, who)
    roles = world.principals[who].roles
    asker = who if roles & ALLOWED[Act.ASK] and who != EVERYONE else Role.OPERATOR.value
    named = world.name(side, asker)
    made = await world.made_by(named, "POST", "/api/asks", ask_body(world, values))
    return {"ask_id": made["id"], "hash": made["hash"], **values}


async def a_place(world: World, side: str, who: str) -> Values:
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    made = await world.made_by(admin, "POST", "/api/protected-places", place_body(world, {}))
    return {"place_id": made["id"]}


def place_body(world: World, values: Values) -> Any:
    area = {"circle": {"lat": 54.3, "lon": 12.3, "radius_m": 50}}
    return {"kind": "school", "name": "Harbour School", "area": area}


def basis_body(world: World, values: Values) -> Any:
    return {
        "camera_ids": [values["camera_id"]],
        "purposes": ["fire_rescue"],
        "basis": "Fire Act, section 3",
        "necessity": "Nobody else sees the quay",
    }


async def next_policy(world: World, side: str, who: str) -> Values:
    held = await world.made_by(world.name(side, Role.AUDITOR.value), "GET", "/api/policy")
    return {"policy_version": held["version"] + 1}


async def a_stop(world: World, side: str, who: str) -> Values:
    """Set by another supervisor than the one who will lift it."""
    await world.made_by(world.name(side, EVERYONE), "POST", "/api/stop", WHY)
    return {}


async def no_stop(world: World, side: str, who: str) -> Values:
    answer = await world.call(Role.SUPERVISOR.value, "POST", "/api/stop/end", WHY)
    if answer.status_code == 403:
        await world.made_by(EVERYONE, "POST", "/api/stop/end", WHY)
    return {}


def false_seal(world: World, values: Values) -> Any:
    return {"bytes": "e30=", "key": "ab" * 32, "alg": "ed25519", "sig": "ab" * 64}


def new_key(world: World, values: Values) -> Any:
    key = KeyHolder()
    party = world.principals[Role.AGENCY_ADMIN.value].party
    claim = {"hub": world.hub.consent_hub.name, "key": key.public.hex(), "party": party}
    proof = key.private.sign(b"consentry/owner-key/v1\n" + canonical.encode(claim))
    return {"key": key.public.hex(), "proof": proof.hex()}


def approval(world: World, values: Values) -> Any:
    return {"hash": values["hash"], **WHY}


async def an_access(world: World, side: str, who: str) -> Values:
    """Somebody asked for a camera of that side: an access its owner is told of."""
    values = await an_ask(world, side, who)
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    told = await world.made_by(admin, "GET", "/api/owner/accesses?limit=1")
    return values | {"entry_id": told["items"][0]["entry_id"]}


async def no_grant(world: World, side: str, who: str) -> Values:
    return await a_camera(world, side, who) | {"grant_id": world.hub.chance.ids()}


ASKS: dict[str, Row] = {
    "POST /api/asks": Row(ok=(201,), about=what_to_ask, theirs=None, body=ask_body),
    "GET /api/asks": Row(theirs=None),
    "GET /api/asks/{ask_id}": Row(about=an_ask),
    "POST /api/asks/{ask_id}/renewal": Row(about=an_ask),
    # Nothing was granted, so no second person is waited for: the door is passed, the ask is not.
    "POST /api/asks/{ask_id}/break-glass": Row(
        ok=("ask_not_waiting",), about=an_ask, body=approval
    ),
    "POST /api/asks/{ask_id}/approval": Row(ok=("ask_not_waiting",), about=an_ask, body=approval),
    "POST /api/asks/{ask_id}/notice-delay": Row(
        ok=("ask_not_waiting", "ask_closed", 200),
        about=an_ask,
        body=lambda w, v: approval(w, v) | {"hours": 1},
    ),
    "POST /api/asks/{ask_id}/review": Row(
        about=an_ask, body=lambda w, v: {"finding": "Rightly refused"}
    ),
}
OWNER: dict[str, Row] = {
    "POST /api/cameras/{camera_id}/statements": Row(
        ok=("bad_seal",), about=a_camera, body=false_seal
    ),
    "GET /api/cameras/{camera_id}/statements": Row(about=a_camera),
    "GET /api/cameras/{camera_id}/consent": Row(about=a_camera),
    "POST /api/cameras/{camera_id}/stop": Row(about=a_camera),
    "GET /api/cameras/{camera_id}/grants/{grant_id}/receipt": Row(ok=(404,), about=no_grant),
    "GET /api/owner/keys": Row(theirs=None),
    "POST /api/owner/keys": Row(ok=(201, "key_pinned"), theirs=None, body=new_key),
    "GET /api/owner/accesses": Row(theirs=None),
    "GET /api/owner/accesses/{entry_id}/receipt": Row(about=an_access),
    "GET /api/owner/asks": Row(theirs=None),
    "POST /api/owner/asks/{ask_id}/cameras/{camera_id}/refusal": Row(
        ok=("ask_not_waiting",), about=an_ask
    ),
    "GET /api/trust": Row(theirs=None),
}
SAFEGUARDS: dict[str, Row] = {
    "GET /api/protected-places": Row(theirs=None),
    "POST /api/protected-places": Row(ok=(201,), theirs=None, body=place_body),
    "GET /api/protected-places/{place_id}": Row(about=a_place),
    "PUT /api/protected-places/{place_id}": Row(about=a_place, body=place_body),
    "DELETE /api/protected-places/{place_id}": Row(ok=(204,), about=a_place),
    "GET /api/lawful-bases": Row(theirs=None),
    "PUT /api/lawful-bases": Row(about=a_camera, theirs=None, body=basis_body),
    "GET /api/policy": Row(theirs=None),
    "PUT /api/policy": Row(
        about=next_policy,
        theirs=None,
        body=lambda w, v: {"name": "Ours", "version": v["policy_version"]},
    ),
    "GET /api/stop": Row(theirs=None),
    "POST /api/stop": Row(about=no_stop, theirs=None, body=lambda w, v: WHY),
    "POST /api/stop/end": Row(about=a_stop, theirs=None, body=lambda w, v: WHY),
}
ROWS: dict[str, Row] = {**ASKS, **OWNER, **SAFEGUARDS}
