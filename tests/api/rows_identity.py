"""Rows for accounts, sessions, agencies, people, tokens and edges."""

from datetime import timedelta
from typing import Any

from consentry.kernel.access import Role
from consentry.kernel.clock import to_text
from tests.api.row import Row, Values
from tests.api.world import PUBLIC, World
from tests.identity.kit import PASSWORD, KeyHolder

EDGE_AUTH = b"consentry/edge-auth/v1\n"


async def own_session(world: World, side: str, who: str) -> Values:
    """A session of the person who asks, or of the same role in the other agency."""
    named = world.name(side, who)
    before = world.principals[named]
    session_id = world.begin_session(named)
    if side == "ours":
        world.principals[named] = before  # it is another one than the one they act in
    return {"session_id": session_id}


async def a_party(world: World, side: str, who: str) -> Values:
    return {"party_id": world.parties[side]}


async def a_person(world: World, side: str, who: str) -> Values:
    return {"person_id": world.add_person(side, f"fresh-{side}", frozenset({Role.OPERATOR}))}


async def a_login(world: World, side: str, who: str) -> Values:
    person_id = world.add_person("ours", "fresh-login", frozenset({Role.OPERATOR}))
    found = await world.made_by(Role.AGENCY_ADMIN, "GET", f"/api/people/{person_id}")
    return {"login": found["login"]}


async def a_token(world: World, side: str, who: str) -> Values:
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    made = await world.made_by(admin, "POST", "/api/tokens", new_token(world, {}))
    return {"token_id": made["id"]}


async def an_edge(world: World, side: str, who: str) -> Values:
    return {"edge_id": world.add_edge(side, f"fresh-{side}")}


async def a_code(world: World, side: str, who: str) -> Values:
    admin = world.name(side, Role.AGENCY_ADMIN.value)
    made = await world.made_by(admin, "POST", "/api/edges/codes", {"name": "Box"})
    return {"code": made["code"]}


async def an_edge_challenge(world: World, side: str, who: str) -> Values:
    edge_id = world.add_edge("ours", "fresh-ours")
    challenge = await world.made_by(PUBLIC, "POST", "/api/edges/challenge", {"edge_id": edge_id})
    return {"edge_id": edge_id, "challenge": challenge}


def new_token(world: World, values: Values) -> Any:
    return {
        "name": "Reader",
        "scopes": ["read_incidents"],
        "expires_at": to_text(world.now + timedelta(days=30)),
    }


def account(world: World) -> dict[str, str]:
    number = next(world.numbers)
    return {"login": f"new.{number}", "name": f"New {number}", "password": "a long enough secret"}


def edge_answer(world: World, values: Values) -> Any:
    challenge, key = values["challenge"], world.keys[values["edge_id"]]
    said = {
        "edge_nonce": "A" * 43 + "=",
        "hub_nonce": challenge["nonce"],
        "origin": challenge["origin"],
        "time": to_text(world.now),
    }
    return {
        "challenge_id": challenge["challenge_id"],
        "edge_nonce": said["edge_nonce"],
        "time": said["time"],
        "signature": key.sign(EDGE_AUTH, said),
    }


ROWS: dict[str, Row] = {
    "POST /api/sign-in": Row(
        ok=(201,),
        about=a_login,
        theirs=None,
        body=lambda w, v: {"login": v["login"], "password": PASSWORD},
    ),
    "POST /api/sign-in/totp": Row(
        ok=(201,),
        about=a_login,
        theirs=None,
        body=lambda w, v: {"login": v["login"], "password": PASSWORD},
    ),
    "POST /api/sign-in/key/challenge": Row(
        ok=(201,), theirs=None, body=lambda w, v: {"key": KeyHolder().text}
    ),
    "POST /api/sign-in/key": Row(
        ok=("wrong_key", "slow_down"),
        theirs=None,
        body=lambda w, v: {"challenge_id": "none", "signature": "A" * 86 + "=="},
    ),
    "POST /api/set-up": Row(
        ok=("already_set_up",),
        theirs=None,
        body=lambda w, v: {"code": "0000-0000", "agency": "Mine", "first_person": account(w)},
    ),
    "GET /api/session": Row(session=True, theirs=None),
    "DELETE /api/session": Row(ok=(204,), session=True, theirs=None),
    "POST /api/session/step-up": Row(
        session=True, theirs=None, body=lambda w, v: {"password": PASSWORD}
    ),
    "GET /api/sessions": Row(session=True, theirs=None),
    "DELETE /api/sessions/{session_id}": Row(ok=(204,), session=True, about=own_session),
    "GET /api/profile": Row(theirs=None),
    "PATCH /api/profile": Row(theirs=None, body=lambda w, v: {"name": "Renamed"}),
    "POST /api/profile/password": Row(
        ok=(204,),
        session=True,
        theirs=None,
        body=lambda w, v: {"old": PASSWORD, "new": PASSWORD},
    ),
    # Hub admins look after all parties: none is another's to them.
    "GET /api/parties": Row(theirs=None, across=True),
    "POST /api/parties": Row(
        ok=(201,),
        theirs=None,
        body=lambda w, v: {"kind": "agency", "name": "Another", "first_person": account(w)},
    ),
    "GET /api/parties/{party_id}": Row(about=a_party, theirs=(200,), across=True),
    "PATCH /api/parties/{party_id}": Row(
        about=a_party, theirs=(200,), across=True, body=lambda w, v: {"name": "Named anew"}
    ),
    "GET /api/people": Row(theirs=None),
    "POST /api/people": Row(
        ok=(201,), theirs=None, body=lambda w, v: account(w) | {"roles": ["operator"]}
    ),
    "GET /api/people/{person_id}": Row(about=a_person),
    "PATCH /api/people/{person_id}": Row(about=a_person, body=lambda w, v: {"suspended": True}),
    "POST /api/people/{person_id}/password": Row(
        ok=(204,), about=a_person, body=lambda w, v: {"password": "quite another secret"}
    ),
    "GET /api/tokens": Row(theirs=None),
    "POST /api/tokens": Row(ok=(201,), theirs=None, body=new_token),
    "DELETE /api/tokens/{token_id}": Row(ok=(204,), about=a_token),
    "POST /api/edges/codes": Row(ok=(201,), theirs=None, body=lambda w, v: {"name": "Box"}),
    "GET /api/edges": Row(theirs=None),
    "GET /api/edges/{edge_id}": Row(about=an_edge),
    "DELETE /api/edges/{edge_id}": Row(ok=(204,), about=an_edge),
    "POST /api/edges/enrol": Row(
        ok=(201,),
        about=a_code,
        theirs=None,
        body=lambda w, v: {"code": v["code"], "key": KeyHolder().text},
    ),
    "POST /api/edges/challenge": Row(
        ok=(201,), about=an_edge, theirs=(201,), body=lambda w, v: {"edge_id": v["edge_id"]}
    ),
    "POST /api/edges/connect": Row(
        ok=(201,), about=an_edge_challenge, theirs=None, body=edge_answer
    ),
    "POST /api/edges/report": Row(
        ok=(204,), theirs=None, body=lambda w, v: {"version": "0.1.0", "health": "ok"}
    ),
}
