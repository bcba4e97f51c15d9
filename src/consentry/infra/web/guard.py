"""Routes that cannot stand without naming their act, and the one path every request takes.

Authenticate, check the act, read the body within its bound, honour the idempotency key; only then
parse and call. `Api` is the only way a feature makes a route.
"""

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final, Protocol

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from consentry.infra.db import Database, once as once_
from consentry.kernel.access import Act, Principal, PrincipalKind, may
from consentry.kernel.clock import Clock
from consentry.kernel.errors import (
    ConflictError,
    ConsentryError,
    DeniedError,
    InvalidError,
    UnauthenticatedError,
)

from .problems import Problem, from_error, from_validation, problem

JSON_BYTES_MAX: Final = 1024 * 1024
JSON_DEPTH_MAX: Final = 32
TOO_DEEP: Final = f"{JSON_DEPTH_MAX} levels"
KEY_LENGTH_MAX: Final = 128
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Authenticator(Protocol):
    async def __call__(self, request: Request) -> Principal:
        """Who stands behind this request; `ANYONE` where nobody claims to be somebody.

        Raises UnauthenticatedError for a claim that does not hold, DeniedError for a forged form.
        """
        ...


class Gate(Protocol):
    """What the app puts into `app.state.gate`."""

    authenticate: Authenticator
    database: Database
    clock: Clock


class GuardedRoute(APIRoute):
    """Adds the checks in front of FastAPI's own handler."""

    act: Act
    streams = False

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                gate: Gate = request.app.state.gate
                principal = await gate.authenticate(request)
                _authorise(principal, self.act)
                request.state.principal = principal
                if request.method not in WRITES or self.streams:
                    return await inner(request)
                await _read_json(request)
                return await _once(gate, principal, request, inner)
            except ConsentryError as error:
                return from_error(error)

        return handle


class Api:
    """One feature's routes. `Api("cameras").get("/api/cameras", act=Act.…)` and so on."""

    def __init__(self, feature: str) -> None:
        self._feature = feature
        self.router = APIRouter()

    def get(self, path: str, *, act: Act, **options: Any) -> Callable[..., Any]:
        return self._route("GET", path, act, options)

    def post(self, path: str, *, act: Act, **options: Any) -> Callable[..., Any]:
        return self._route("POST", path, act, options)

    def put(self, path: str, *, act: Act, **options: Any) -> Callable[..., Any]:
        return self._route("PUT", path, act, options)

    def patch(self, path: str, *, act: Act, **options: Any) -> Callable[..., Any]:
        return self._route("PATCH", path, act, options)

    def delete(self, path: str, *, act: Act, **options: Any) -> Callable[..., Any]:
        return self._route("DELETE", path, act, options)

    def _route(
        self, method: str, path: str, act: Act, options: dict[str, Any]
    ) -> Callable[..., Any]:
        """`streams=True` leaves the body to the endpoint: no JSON, no idempotency key."""
        streams = bool(options.pop("streams", False))
        kind = type("Route", (GuardedRoute,), {"act": act, "streams": streams})
        responses = {"default": {"model": Problem, "description": "A problem (RFC 9457)."}}

        def register(endpoint: Callable[..., Any]) -> Callable[..., Any]:
            self.router.add_api_route(
                path,
                endpoint,
                methods=[method],
                route_class_override=kind,
                tags=[self._feature],
                operation_id=f"{self._feature}_{endpoint.__name__}",
                responses=responses | options.pop("responses", {}),
                openapi_extra={"x-act": act.value} | options.pop("openapi_extra", {}),
                **options,
            )
            return endpoint

        return register


def _principal(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


Who = Annotated[Principal, Depends(_principal)]
"""The proved principal, as a parameter of a route."""


def _authorise(principal: Principal, act: Act) -> None:
    if may(principal, act):
        return
    if principal.kind is PrincipalKind.PUBLIC:
        raise UnauthenticatedError("This needs somebody who is signed in.")
    raise DeniedError(f"Your role does not include '{act.value.replace('_', ' ')}'.")


async def _read_json(request: Request) -> None:
    """Read the body within its bound and refuse what JSON allows but no field of ours can hold."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > JSON_BYTES_MAX:
            raise InvalidError.of(
                "body", "is too large", f"{JSON_BYTES_MAX} bytes", slug="too_large"
            )
    request._body = bytes(body)  # noqa: SLF001 Starlette keeps a read body here, and only here
    if body:
        try:
            request._json = _parse(bytes(body))  # noqa: SLF001 as above: parsed once
        except RecursionError as error:
            raise InvalidError.of("body", "is nested too deeply", TOO_DEEP) from error
        except ValueError as error:
            raise InvalidError.of("body", f"is not JSON that can be read: {error}") from error


def _parse(body: bytes) -> Any:
    value = json.loads(body, parse_constant=_refuse_constant)
    _check(value, 0)
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _check(value: Any, depth: int) -> None:
    if depth > JSON_DEPTH_MAX:
        raise RecursionError
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError("text with a NUL or a lone surrogate")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth + 1)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)


async def _once(gate: Gate, principal: Principal, request: Request, inner: Handler) -> Response:
    """Answer a repeated key with the first answer; refuse a key that comes with another body."""
    named = request.headers.get("idempotency-key")
    if named is None:
        return await inner(request)
    if not 1 <= len(named) <= KEY_LENGTH_MAX or not named.isprintable():
        raise InvalidError.of("Idempotency-Key", "has the wrong length", f"1 to {KEY_LENGTH_MAX}")
    scope = f"{principal.kind}\n{principal.id}\n{principal.party_id}\n{named}"
    what = f"{request.method}\n{request.url.path}\n{request.url.query}\n".encode()
    once = once_.Once(
        key=hashlib.sha256(scope.encode()).hexdigest(),
        fingerprint=hashlib.sha256(what + await request.body()).hexdigest(),
        at=gate.clock.now(),
    )
    stored = await gate.database.read(lambda tx: once_.find(tx.connection, once.key))
    if stored is not None:
        return _replay(stored, once)
    token = once_.current.set(once)
    try:
        response = await _answer(request, inner)
    finally:
        once_.current.reset(token)
    # An answer that may not be stored holds a secret, shown this once: not even here is it kept.
    kept = response.headers.get("cache-control") != "no-store"
    if once.entered and response.status_code < 400 and kept:
        await _keep(gate.database, once.key, response)
    return response


async def _answer(request: Request, inner: Handler) -> Response:
    try:
        return await inner(request)
    except RequestValidationError as error:
        return from_validation(error)


def _replay(stored: once_.Stored, once: once_.Once) -> Response:
    if stored.fingerprint != once.fingerprint:
        raise ConflictError(
            "This Idempotency-Key was used for another request.", slug="idempotency_key_reused"
        )
    if stored.status is None:
        return problem(
            409,
            "idempotency_answer_lost",
            "The first request with this key was carried out, but its answer was not kept. "
            "Read the thing instead of sending again.",
        )
    headers = {"idempotency-replayed": "true"}
    return Response(stored.body, stored.status, headers, stored.media_type or None)


async def _keep(database: Database, key: str, response: Response) -> None:
    body, media_type = bytes(response.body), response.headers.get("content-type", "")
    await database.write(
        lambda tx: once_.store(tx.connection, key, response.status_code, media_type, body)
    )


__all__ = ["Api", "Authenticator", "Gate", "GuardedRoute", "Who"]
