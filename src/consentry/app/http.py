"""The frame around every route: who may call at all, what every answer says, what is counted."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from consentry import __version__
from consentry.infra.telemetry import Metrics
from consentry.infra.web import Api, Who, Wire, problems
from consentry.kernel.access import Act, may
from consentry.kernel.errors import DeniedError

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
API_PREFIX: Final = "/api"
HEADERS: Final = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
DESCRIPTION: Final = (
    "An open, self-hosted, consent-first real-time incident centre. Every failure is a problem "
    "(RFC 9457) with a stable `type`; lists come in pages with a `next` cursor; every write takes "
    "an `Idempotency-Key`; `x-act` names the act that a role must include."
)


WaitingFor = Callable[[], Awaitable[list[str]]]
"""What the hub still waits for before it is ready: names of parts, none when all is well."""


class Health(Wire):
    status: str
    version: str = __version__


class Ready(Wire):
    status: str
    waiting_for: list[str]


class Application(FastAPI):
    """FastAPI, with every problem in its document under its own media type."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            for methods in super().openapi()["paths"].values():
                for operation in methods.values():
                    default = operation["responses"]["default"]
                    (told,) = default["content"].values()  # under the media type of the route
                    default["content"] = {problems.MEDIA_TYPE: told}
        return super().openapi()


def make_app(
    routers: Sequence[APIRouter],
    hosts: Sequence[str],
    metrics: Metrics,
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """The application, without its gate: `app.state.gate` is set by whoever wires it."""
    app = Application(
        title="Consentry",
        version=__version__,
        description=DESCRIPTION,
        license_info={"name": "AGPL-3.0-or-later"},
        openapi_url="/api/openapi.json",
        docs_url=None,  # FastAPI's own page would load its scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    problems.install(app)
    for router in routers:
        app.include_router(router)
    app.add_middleware(Measured, metrics=metrics)
    app.add_middleware(Guarding)
    app.add_middleware(KnownHost, hosts=frozenset(hosts))
    return app


class KnownHost:
    """Refuses every name but our own: else a page elsewhere could reach a hub on loopback through
    a name that it points there.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._known(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
            return
        detail = "This hub does not go by that name. Use the address that it was set up with."
        answer = problems.problem(400, "unknown_host", detail)
        await answer(scope, receive, send)

    def _known(self, host: str) -> bool:
        name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        return name.strip("[]").lower() in self._hosts


class Guarding:
    """Adds the security headers; answers about people and cameras are never kept by a cache."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(API_PREFIX):
                    headers.setdefault("cache-control", "private, no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        await self._app(scope, receive, guarded)


class Measured:
    """Counts requests by route template, never by path: a path may name a camera."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            seconds = time.perf_counter() - started
            self._metrics.requests.labels(scope["method"], route, status).inc()
            self._metrics.request_seconds.labels(scope["method"], route).observe(seconds)


def health_router(waiting_for: WaitingFor, metrics: Metrics) -> APIRouter:
    api = Api("health")

    @api.get("/healthz", act=Act.READ_PUBLIC)
    async def alive() -> Health:
        """The process answers. Says nothing of what it depends on."""
        return Health(status="alive")

    @api.get(
        "/readyz",
        act=Act.READ_PUBLIC,
        response_model=Ready,
        responses={503: {"model": Ready, "description": "Not ready yet."}},
    )
    async def ready() -> Response:
        """Ready to serve: the database answers, the log can be written, the index is loaded."""
        missing = await waiting_for()
        body = Ready(status="waiting" if missing else "ready", waiting_for=missing)
        return JSONResponse(body.model_dump(), 503 if missing else 200)

    @api.get("/metrics", act=Act.READ_PUBLIC, response_class=Response)
    async def read_metrics(request: Request, who: Who) -> Response:
        """Prometheus figures, for this machine or for a token with the scope `read_metrics`."""
        if not _from_here(request) and not may(who, Act.READ_METRICS):
            raise DeniedError("Metrics are for this machine, or for a token with their scope.")
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return api.router


def _from_here(request: Request) -> bool:
    """Whether the caller is on this machine itself, and not merely a proxy that is."""
    forwarded = {"forwarded", "x-forwarded-for"} & set(request.headers)
    return not forwarded and request.client is not None and request.client.host in LOOPBACK
