"""Every route as it is really mounted, however it came there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute, Host, Mount, Route, WebSocketRoute

from consentry.infra.web.guard import GuardedRoute
from consentry.kernel.access import Act


@dataclass(frozen=True)
class Mounted:
    """One way into the process. `act` is None where nothing guards it."""

    kind: str
    method: str
    path: str
    act: Act | None = None
    in_schema: bool = False
    """Whether FastAPI would tell of it in the document."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def mounted(app: FastAPI) -> list[Mounted]:
    return list(_walk(app.router.routes, ""))


def _walk(routes: Iterable[BaseRoute], prefix: str) -> Iterator[Mounted]:
    for route in routes:
        inner: Any = getattr(route, "original_router", None)
        if inner is not None:
            # FastAPI includes routers lazily: what is inside shows only through its own list.
            context: Any = getattr(route, "include_context", None)
            below = [*inner.routes, *getattr(inner, "_low_priority_routes", ())]
            yield from _walk(below, prefix + context.prefix)
        elif isinstance(route, APIRoute):
            yield from _api(route, prefix)
        elif isinstance(route, APIWebSocketRoute | WebSocketRoute):
            act = getattr(route, "act", None)
            yield Mounted("websocket", "WEBSOCKET", prefix + route.path, act)
        elif isinstance(route, Route):
            for method in sorted((route.methods or {"ANY"}) - {"HEAD"}):
                yield Mounted("raw", method, prefix + route.path)
        elif isinstance(route, Mount | Host):
            path = prefix + getattr(route, "path", "")
            yield Mounted("mount", "MOUNT", path)
            yield from _walk(_below(route), path)
        else:
            yield Mounted("unknown", type(route).__name__, prefix + getattr(route, "path", "?"))


def _below(route: Mount | Host) -> Sequence[BaseRoute]:
    return list(route.routes or ())


def _api(route: APIRoute, prefix: str) -> Iterator[Mounted]:
    act = route.act if isinstance(route, GuardedRoute) else None
    for method in sorted(route.methods or ()):
        # As the document writes it: `{path}`, not `{path:path}`.
        yield Mounted("api", method, prefix + route.path_format, act, route.include_in_schema)
