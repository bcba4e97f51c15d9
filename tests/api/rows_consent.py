"""Rows for asks, for the owner's side, and for what narrows an agency."""

from datetime import timedelta
from typing import Any

from consentry.consent import Kind, Purpose, Use
from consentry.consent.bodies import GrantTerms
from consentry.consent.sealing import key_claim, next_statement
from consentry.consent.statements import seal, write_envelope
from consentry.kernel.access import ALLOWED, Act, Role
from consentry.kernel.ids import GrantId
from tests.api.row import Row, Values
from tests.api.rows_cameras import a_camera, a_hung_camera
from tests.api.rows_incidents import an_incident
from tests.api.world import EVERYONE, PLACE, World
from tests.identity.kit import KeyHolder

SCHOOL = {"lat": 54.3, "lon": 12.3}
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


async def a_pinned_key(world: World, side: str) -> KeyHolder:
    """The key of that agency as an owner of cameras: made and pinned once."""
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    if admin not in world.keys:
        key = KeyHolder()
        party = world.principals[admin].party
        claim = key_claim(world.hub.consent_hub.name, party, key.public.hex())
        body = {"key": key.public.hex(), "proof": key.private.sign(claim).hex()}
        await world.made_by(admin, "POST", "/api/owner/keys", body)
        world.keys[admin] = key
    return world.keys[admin]


async def a_grant(world: World, side: str, who: str, place: Any = PLACE) -> Values:
    """A camera on an edge, a lawful basis, and a grant that is sealed but not yet sent."""
    values = await a_hung_camera(world, side, who, place)
    admin, key = world.name(side, Role.AGENCY_ADMIN.value), await a_pinned_key(world, side)
    await world.made_by(admin, "PUT", "/api/lawful-bases", basis_body(world, values))
    held = await world.made_by(admin, "GET", f"/api/cameras/{values['camera_id']}/consent")
    grant_id = GrantId(world.hub.chance.ids())
    terms = GrantTerms(
        id=grant_id,
        version=1,
        agencies=frozenset({world.parties[side]}),
        kind=Kind.ALWAYS,
        uses=frozenset({Use.LIVE}),
        purposes=frozenset({Purpose.FIRE_RESCUE}),
        not_before=world.now.replace(microsecond=0) - timedelta(hours=1),
        not_after=world.now.replace(microsecond=0) + timedelta(days=30),
        max_session_s=1800,
    )
    statement = next_statement(held, terms, world.now.replace(microsecond=0))
    envelope = write_envelope(seal(statement, key.private))
    return values | {"grant_id": grant_id, "envelope": envelope}


async def a_shared_camera(world: World, side: str, who: str, place: Any = PLACE) -> Values:
    values = await a_grant(world, side, who, place)
    path = f"/api/cameras/{values['camera_id']}/statements"
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    await world.made_by(admin, "POST", path, values["envelope"])
    return values


async def an_ask(world: World, side: str, who: str, place: Any = PLACE) -> Values:
    """By whoever asks now, if they may; else by an operator. It is permitted."""
    values = await a_shared_camera(world, side, who, place)
    values |= await an_incident(world, side, who, place)
    roles = world.principals[who].roles
    asker = who if roles & ALLOWED[Act.ASK] and who != EVERYONE else Role.OPERATOR.value
    named = world.name(side, asker)
    world.begin_session(named)
    made = await world.made_by(named, "POST", "/api/asks", ask_body(world, values))
    return {"ask_id": made["id"], "hash": made["hash"], **values}


async def a_waiting_ask(world: World, side: str, who: str) -> Values:
    """At a school: it waits for a second person."""
    await a_place(world, side, who)
    return await an_ask(world, side, who, SCHOOL)


async def a_place(world: World, side: str, who: str) -> Values:
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    made = await world.made_by(admin, "POST", "/api/protected-places", place_body(world, {}))
    return {"place_id": made["id"]}


def place_body(world: World, values: Values) -> Any:
    area = {"circle": {**SCHOOL, "radius_m": 50}}
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


def envelope(world: World, values: Values) -> Any:
    return values["envelope"]


def another_key(world: World, values: Values) -> Any:
    return {"key": "ab" * 32, "proof": "ab" * 64}


def approval(world: World, values: Values) -> Any:
    return {"hash": values["hash"], **WHY}


async def an_access(world: World, side: str, who: str) -> Values:
    """Somebody asked for a camera of that side: an access its owner is told of."""
    values = await an_ask(world, side, who)
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    told = await world.made_by(admin, "GET", "/api/owner/accesses?limit=1")
    return values | {"entry_id": told["items"][0]["entry_id"]}


async def with_a_key(world: World, side: str, who: str) -> Values:
    await a_pinned_key(world, side)
    return {}


ASKS: dict[str, Row] = {
    "POST /api/asks": Row(ok=(201,), about=what_to_ask, theirs=None, body=ask_body),
    "GET /api/asks": Row(theirs=None),
    "GET /api/asks/{ask_id}": Row(about=an_ask),
    "POST /api/asks/{ask_id}/renewal": Row(about=an_ask),
    # An investigator may not look live at all, so their ask waits for nobody.
    "POST /api/asks/{ask_id}/break-glass": Row(
        ok=(200, "ask_not_waiting"), about=a_waiting_ask, body=approval
    ),
    "POST /api/asks/{ask_id}/approval": Row(about=a_waiting_ask, body=approval),
    "POST /api/asks/{ask_id}/notice-delay": Row(
        about=a_waiting_ask, body=lambda w, v: approval(w, v) | {"hours": 1}
    ),
    "POST /api/asks/{ask_id}/review": Row(
        about=an_ask, body=lambda w, v: {"finding": "Rightly permitted"}
    ),
}
OWNER: dict[str, Row] = {
    "POST /api/cameras/{camera_id}/statements": Row(ok=(201,), about=a_grant, body=envelope),
    "GET /api/cameras/{camera_id}/statements": Row(about=a_camera),
    "GET /api/cameras/{camera_id}/consent": Row(about=a_camera),
    "POST /api/cameras/{camera_id}/stop": Row(about=a_camera),
    "GET /api/cameras/{camera_id}/grants/{grant_id}/receipt": Row(about=a_shared_camera),
    "GET /api/owner/keys": Row(theirs=None),
    "POST /api/owner/keys": Row(
        ok=("key_pinned",), about=with_a_key, theirs=None, body=another_key
    ),
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
