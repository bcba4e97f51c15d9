"""Everything the document allows, and much that it does not, sent to every operation.

The hub is called in process. Those who send hold every role, so that requests get past the door;
ids of things that exist are mixed in, so that they get past 'not found' as well.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from requests import Request
from schemathesis import Case, GenerationMode
from tools.problems import CODES

from consentry.infra.web.problems import MEDIA_TYPE, TYPE_PREFIX
from consentry.kernel.access import ALLOWED, EDGE as EDGE_ACTS, PUBLIC as PUBLIC_ACTS, Act
from tests.api.objects import fill
from tests.api.rows import ROWS
from tests.api.world import BARE_TOKEN, EDGE, EVERYONE, HEADER, ORIGIN, PUBLIC, World, a_world

ANSWER_S_MAX: Final = 20.0
REQUEST_PARTS: Final = frozenset(
    {"method", "url", "headers", "files", "data", "params", "auth", "cookies", "json"}
)
EXAMPLES: Final = 50
EXAMPLES_IN_CAMPAIGN: Final = 1_000


@dataclass
class Target:
    world: World
    schema: Any
    ids: dict[str, list[Any]]
    portal: BlockingPortal

    def send(self, case: Case[Any], who: str) -> httpx.Response:
        """As the client library would put it on the wire."""
        told = case.as_transport_kwargs(base_url=ORIGIN, headers={HEADER: who})
        ready = Request(**{k: v for k, v in told.items() if k in REQUEST_PARTS}).prepare()
        raw = httpx.Request(ready.method or "", ready.url or "", content=_bytes(ready.body))
        raw.headers.update({k: str(v) for k, v in ready.headers.items() if k != "Content-Length"})
        return self.portal.call(self._send, raw)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        async with asyncio.timeout(ANSWER_S_MAX):
            return await self.world.client.send(request)


def _bytes(body: Any) -> bytes | None:
    return body.encode() if isinstance(body, str) else body


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("hub")
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(a_world(folder)) as world,
    ):
        schema = schemathesis.openapi.from_dict(world.hub.app.openapi())
        yield Target(world, schema, portal.call(fill, world), portal)


def sender(act: Act) -> str:
    """Somebody who may: with every role where a role is needed."""
    if ALLOWED[act]:
        return EVERYONE
    if act in PUBLIC_ACTS:
        return PUBLIC
    return EDGE if act in EDGE_ACTS else f"{BARE_TOKEN}:{act.value}"


def cases(operation: Any) -> st.SearchStrategy[Case[Any]]:
    kinds = [operation.as_strategy(generation_mode=GenerationMode.POSITIVE)]
    if operation.body or list(operation.iter_parameters()):
        kinds.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    return st.one_of(kinds)


def with_real(value: Any, ids: dict[str, list[Any]], draw: Any) -> Any:
    """The same, with ids that exist where the names say that ids stand."""
    if isinstance(value, dict):
        return {
            key: draw(st.sampled_from(ids[key])) if key in ids else with_real(one, ids, draw)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [with_real(one, ids, draw) for one in value]
    return value


def check(answer: httpx.Response) -> None:
    assert answer.status_code < 500, f"{answer.status_code} {answer.text[:500]}"
    if answer.status_code < 400:
        return
    assert answer.headers["content-type"] == MEDIA_TYPE, answer.headers
    code = answer.json()["type"].removeprefix(TYPE_PREFIX)
    assert code in CODES, f"{code} is not in docs/reference/problems.md"


def fuzz(target: Target, name: str, examples: int) -> None:
    method, _, path = name.partition(" ")
    operation = target.schema[path][method]
    act = Act(operation.definition.raw["x-act"])
    who = sender(act)
    seen: set[int] = set()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def send(data: st.DataObject) -> None:
        case = data.draw(cases(operation))
        if data.draw(st.sampled_from([True, True, True, False])):
            case.path_parameters = with_real(case.path_parameters or {}, target.ids, data.draw)
            case.query = with_real(case.query or {}, target.ids, data.draw)
            case.body = with_real(case.body, target.ids, data.draw)
        answer = target.send(case, who)
        seen.add(answer.status_code)
        check(answer)

    if who == EVERYONE:
        target.world.begin_session(EVERYONE)
    send()
    assert seen


@pytest.mark.parametrize("name", sorted(ROWS))
def test_no_request_breaks_the_hub(target: Target, name: str) -> None:
    fuzz(target, name, EXAMPLES)


@pytest.mark.campaign
@pytest.mark.parametrize("name", sorted(ROWS))
def test_no_request_of_a_thousand_breaks_the_hub(target: Target, name: str) -> None:
    fuzz(target, name, EXAMPLES_IN_CAMPAIGN)
