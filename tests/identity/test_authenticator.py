"""What the authenticator costs, and how it treats the opening of a socket."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from starlette.requests import HTTPConnection

from consentry.identity.authenticator import Authenticator
from consentry.infra.db import Database, Transaction
from consentry.kernel.access import ANYONE, Principal, Role
from consentry.kernel.errors import DeniedError
from tests.identity.kit import ORIGIN, PASSWORD, Hub, a_hub, sign_in
from tests.kit import MINUTE
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio

T = TypeVar("T")


@pytest.fixture
def hub(sqlite: Database, clock: VirtualClock) -> Hub:
    hub = a_hub(sqlite, clock)
    hub.person(hub.party(), "ada", Role.OPERATOR)
    return hub


def a_connection(kind: str = "http", **headers: str) -> HTTPConnection:
    sent = {"user-agent": "Test/1"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope: dict[str, Any] = {
        "type": kind,
        "path": "/api/anything",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("192.0.2.10", 4000),
        "query_string": b"",
        "server": ("hub.test", 443),
        "scheme": "https",
    }
    return HTTPConnection(scope | ({"method": "GET"} if kind == "http" else {}))


async def authenticate(hub: Hub, connection: HTTPConnection) -> Principal:
    principal: Principal = await hub.app.state.gate.authenticate(connection)
    return principal


async def a_cookie(hub: Hub) -> str:
    async with hub.client(page=True) as page:
        answer = await page.post("/api/sign-in", json={"login": "ada", "password": PASSWORD})
        cookie: str = answer.headers["set-cookie"].partition(";")[0]
        return cookie


async def a_bearer(hub: Hub) -> str:
    async with hub.client() as client:
        return f"Bearer {(await sign_in(client, 'ada'))['token']}"


async def test_a_request_costs_one_read_and_no_write(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    bearer = await a_bearer(hub)
    units: list[str] = []
    read, write = Database.read, Database.write

    async def noted_read(self: Database, unit: Callable[[Transaction], T]) -> T:
        units.append("read")
        return await read(self, unit)

    async def noted_write(self: Database, unit: Callable[[Transaction], T]) -> T:
        units.append("write")
        return await write(self, unit)

    monkeypatch.setattr(Database, "read", noted_read)
    monkeypatch.setattr(Database, "write", noted_write)
    await authenticate(hub, a_connection(authorization=bearer))
    assert units == ["read"]
    hub.clock.advance(MINUTE)
    await authenticate(hub, a_connection(authorization=bearer))
    assert units == ["read", "read", "write"]
    await authenticate(hub, a_connection())
    assert units == ["read", "read", "write"]


async def test_a_fresh_process_asks_once_whether_it_is_set_up(hub: Hub) -> None:
    fresh = Authenticator(hub.work, hub.means.site)
    assert await fresh(a_connection()) == ANYONE


async def test_a_socket_by_cookie_needs_the_origin_of_our_page(hub: Hub) -> None:
    cookie = await a_cookie(hub)
    ours = a_connection("websocket", cookie=cookie, origin=ORIGIN)
    assert (await authenticate(hub, ours)).name == "Ada"
    for headers, code in (({"origin": "https://evil.test"}, "foreign_origin"), ({}, "no_origin")):
        with pytest.raises(DeniedError) as caught:
            await authenticate(hub, a_connection("websocket", cookie=cookie, **headers))
        assert caught.value.code == code


async def test_a_socket_by_bearer_needs_none(hub: Hub) -> None:
    connection = a_connection("websocket", authorization=await a_bearer(hub))
    assert (await authenticate(hub, connection)).roles == {Role.OPERATOR}


async def test_nobody_claims_nothing(hub: Hub) -> None:
    assert await authenticate(hub, a_connection()) == ANYONE
    assert await authenticate(hub, a_connection(cookie="other=1")) == ANYONE
    stale = a_connection(cookie="__Host-consentry-console=css_gone")
    assert await authenticate(hub, stale) == ANYONE
    endless = a_connection(cookie=f"__Host-consentry-console={'x' * 4000}")
    assert await authenticate(hub, endless) == ANYONE


async def test_bearer_beats_cookie(hub: Hub) -> None:
    cookie = await a_cookie(hub)
    bearer = await a_bearer(hub)
    both = await authenticate(hub, a_connection(cookie=cookie, authorization=bearer))
    alone = await authenticate(hub, a_connection(authorization=bearer))
    assert both.session_id == alone.session_id
