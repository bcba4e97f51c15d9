"""What is committed about the API is what the API is."""

import json
from pathlib import Path

import pytest
from tools import openapi, problems, roles

from consentry.kernel.access import ALLOWED, Act
from tests.api.world import World
from tests.architecture.words import forbidden_in

pytestmark = pytest.mark.anyio

ROUTES = Path(__file__).parent / "reviewed-routes.txt"


async def test_the_committed_document_is_fresh(world: World) -> None:
    held = openapi.TARGET.read_text() if openapi.TARGET.exists() else ""
    assert held == openapi.document(world.hub), "write it anew: `make openapi`"


async def test_the_hub_serves_the_same_document(world: World) -> None:
    answer = await world.call("public", "GET", "/api/openapi.json")
    assert answer.json() == json.loads(openapi.document(world.hub))


async def test_every_operation_says_how_it_fails_and_whose_it_is(world: World) -> None:
    document = world.hub.app.openapi()
    operations = [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len({operation["operationId"] for _, operation in operations}) == len(operations)
    for name, operation in operations:
        assert "default" in operation["responses"], name
        assert operation["tags"], name
        assert Act(operation["x-act"]) in ALLOWED, name


async def test_every_route_has_been_looked_at(world: World) -> None:
    """A closed list: what is never built would first show here, and no word of it may."""
    held = {
        f"{method.upper()} {path}"
        for path, methods in world.hub.app.openapi()["paths"].items()
        for method in methods
    }
    known = set(ROUTES.read_text().splitlines())
    assert held - known == set(), "new, and to be reviewed"
    assert known - held == set(), "gone"
    assert {name: bad for name in held if (bad := forbidden_in(name))} == {}


async def test_no_field_of_the_api_speaks_of_what_is_never_built(world: World) -> None:
    schemas = world.hub.app.openapi()["components"]["schemas"]
    names = {
        f"{name}.{field}" for name, one in schemas.items() for field in one.get("properties", ())
    }
    words = {f"{name}={one}" for name, kind in schemas.items() for one in kind.get("enum", ())}
    found = {name: bad for name in names | words if (bad := forbidden_in(name))}
    assert found == {}


def test_the_page_of_roles_is_fresh() -> None:
    assert roles.TARGET.read_text() == roles.page(), "write it anew: `python -m tools.roles`"


def test_every_act_has_a_row_in_the_table() -> None:
    assert set(ALLOWED) == set(Act)


def test_every_problem_has_its_words_and_none_has_words_in_vain() -> None:
    assert set(problems.in_source()) - set(problems.CODES) == set(), "say it in tools/problems.py"
    assert set(problems.CODES) - set(problems.in_source()) == set(), "nothing answers so any more"


def test_the_page_of_problems_is_fresh() -> None:
    assert problems.TARGET.read_text() == problems.page(), (
        "write it anew: `python -m tools.problems`"
    )
