"""Every principal on every route, on things of their own and of another agency.

What to expect comes from the one table of roles and acts. A route without a row fails; so does a
row without a route.
"""

from typing import Any

import httpx
import pytest

from consentry.infra.web.problems import TYPE_PREFIX
from consentry.kernel.access import TOKEN_SCOPES, PrincipalKind, Role
from tests.api.row import Answer, Row, Values, allowed
from tests.api.rows import ROWS, UNGUARDED
from tests.api.walk import Mounted, mounted
from tests.api.world import BARE_TOKEN, EDGE, HEADER, OURS, PUBLIC, THEIRS, World

pytestmark = pytest.mark.anyio

PRINCIPALS = [
    PUBLIC,
    *(role.value for role in Role),
    EDGE,
    BARE_TOKEN,
    *(f"{BARE_TOKEN}:{scope.value}" for scope in sorted(TOKEN_SCOPES)),
]


def routes(world: World) -> dict[str, Mounted]:
    return {one.name: one for one in mounted(world.hub.app)}


async def test_every_route_has_its_row_and_every_row_its_route(world: World) -> None:
    assert {name for name in routes(world) if name not in UNGUARDED} == set(ROWS)


async def test_every_route_names_its_act_or_is_on_the_reviewed_list(world: World) -> None:
    bare = {name for name, one in routes(world).items() if one.act is None}
    assert bare == set(UNGUARDED)


async def test_every_route_is_in_the_document_with_its_act(world: World) -> None:
    told = {
        f"{method.upper()} {path}": operation.get("x-act")
        for path, operations in world.hub.app.openapi()["paths"].items()
        for method, operation in operations.items()
    }
    held = {name: one.act and one.act.value for name, one in routes(world).items()}
    assert told == {name: act for name, act in held.items() if name not in UNGUARDED}


async def test_nothing_is_mounted_twice(world: World) -> None:
    names = [one.name for one in mounted(world.hub.app)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", sorted(ROWS))
async def test_each_principal_is_answered_as_the_table_says(world: World, name: str) -> None:
    row, act = ROWS[name], routes(world)[name].act
    assert act is not None
    wrong: list[str] = []
    served = 0
    denied_on = {side: await row.about(world, side, Role.OPERATOR.value) for side in sides(row)}
    for who in PRINCIPALS:
        principal = world.principals[who]
        may = allowed(principal, act)
        for side in sides(row):
            values = await row.about(world, side, who) if may else denied_on[side]
            if row.session and principal.kind is PrincipalKind.PERSON:
                world.begin_session(who)
            answer = await ask(world, who, name, values)
            expected = _expected(row, who, side, may=may)
            if not any(fits(answer, one) for one in expected):
                wrong.append(
                    f"{who} on {side}: {answer.status_code}, not {expected}: {said(answer)}"
                )
            wrong += [f"{who} on {side} is told {leak}" for leak in leaks(world, row, answer, side)]
            served += may and side == OURS
    assert wrong == []
    assert served or not any(allowed(world.principals[who], act) for who in PRINCIPALS)


def sides(row: Row) -> list[str]:
    return [OURS] if row.theirs is None else [OURS, THEIRS]


def _expected(row: Row, who: str, side: str, *, may: bool) -> tuple[Answer, ...]:
    if not may:
        return (401,) if who == PUBLIC else (403,)
    if side == OURS:
        return row.ok
    assert row.theirs is not None
    return row.theirs


async def ask(world: World, who: str, name: str, values: Values) -> httpx.Response:
    row = ROWS[name]
    method, _, path = name.partition(" ")
    plain: dict[str, Any] = {k: v for k, v in values.items() if isinstance(v, str | int | float)}
    query = {k[2:]: v for k, v in plain.items() if k.startswith("q_")}
    if row.raw is not None:
        headers = {HEADER: who, "content-type": "text/csv"}
        return await world.client.request(
            method, path, content=row.raw, params=query, headers=headers
        )
    body = row.body(world, values)
    return await world.call(who, method, path.format(**plain), body, params=query)


def fits(answer: httpx.Response, expected: Answer) -> bool:
    if isinstance(expected, int):
        return answer.status_code == expected
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return False
    code: str = answer.json()["type"].removeprefix(TYPE_PREFIX)
    return code == expected


def said(answer: httpx.Response) -> str:
    return answer.text[:200]


def leaks(world: World, row: Row, answer: httpx.Response, side: str) -> list[str]:
    """Ids of the other agency in what a principal of ours is told."""
    if row.across or side == THEIRS:
        return []
    return [one for one in world.made[THEIRS] if one in answer.text]


async def test_figures_are_for_this_machine_or_a_token_with_their_scope(world: World) -> None:
    far = httpx.ASGITransport(world.hub.app, client=("192.0.2.7", 4000))
    async with httpx.AsyncClient(transport=far, base_url="http://127.0.0.1:8420") as client:
        for who in PRINCIPALS:
            answer = await client.get("/metrics", headers={"x-test-principal": who})
            may = who in {"token:read_metrics", Role.HUB_ADMIN.value}
            assert answer.status_code == (200 if may else 403), who
