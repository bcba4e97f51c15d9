"""Every failure as `application/problem+json` (RFC 9457) with a stable `type`. The one table."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException

from consentry.kernel.errors import (
    ConflictError,
    ConsentryError,
    DeniedError,
    ExhaustedError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)

from .schemas import Wire

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:consentry:problem:"
FAULTS_MAX: Final = 20

STATUS: Final[Mapping[type[ConsentryError], int]] = {
    InvalidError: 422,
    UnauthenticatedError: 401,
    DeniedError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    ExhaustedError: 429,
    UnavailableError: 503,
}
STATUS_OF_CODE: Final[Mapping[str, int]] = {"too_large": 413, "unsupported_media_type": 415}
TITLES: Final[Mapping[int, str]] = {
    400: "The request could not be read",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "In conflict with the present state",
    413: "Too large",
    415: "Unsupported media type",
    422: "Something in the request is wrong",
    429: "Too much at once",
    500: "Something went wrong here",
    503: "Not available now",
}


class FaultOut(Wire):
    field: str
    message: str
    limit: str | None = None


class Problem(Wire):
    """What every failed request answers."""

    type: str = Field(description="Stable, for programs: `urn:consentry:problem:<code>`.")
    title: str
    status: int
    detail: str = Field(description="For people: what is wrong and what to do.")
    faults: list[FaultOut] = Field(default_factory=list)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    faults: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = {
        "type": TYPE_PREFIX + code,
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "faults": list(faults[:FAULTS_MAX]),
    }
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def from_error(error: ConsentryError) -> JSONResponse:
    status = STATUS_OF_CODE.get(error.code) or next(
        (status for kind, status in STATUS.items() if isinstance(error, kind)), 500
    )
    faults: list[dict[str, Any]] = []
    if isinstance(error, InvalidError):
        faults = [{"field": f.field, "message": f.message, "limit": f.limit} for f in error.faults]
    headers = {}
    if isinstance(error, ExhaustedError) and error.retry_after_s is not None:
        headers["retry-after"] = str(error.retry_after_s)
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return problem(status, error.code, error.detail, faults=faults, headers=headers)


def from_validation(error: RequestValidationError) -> JSONResponse:
    """Name each field and its limit; never echo the value, which may be a secret."""
    faults = [_fault(one) for one in error.errors()]
    detail = "; ".join(f"{f['field']}: {f['message']}" for f in faults[:3])
    return problem(422, "invalid", detail, faults=faults)


def _fault(one: Mapping[str, Any]) -> dict[str, Any]:
    place = [str(part) for part in one["loc"] if part != "body"]
    bounds = {k: v for k, v in (one.get("ctx") or {}).items() if isinstance(v, int | float | str)}
    limit = ", ".join(f"{name} {value}" for name, value in bounds.items())
    return {"field": ".".join(place) or "body", "message": one["msg"], "limit": limit or None}


def install(app: FastAPI) -> None:
    """Route every exception through the one table."""

    async def consentry(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ConsentryError)  # noqa: S101 registered for this type alone
        return from_error(error)

    async def validation(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 as above
        return from_validation(error)

    async def http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 as above
        code = TITLES.get(error.status_code, "error").lower().replace(" ", "_")
        return problem(error.status_code, code, str(error.detail), headers=error.headers)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request_failed", path=request.url.path, exc_info=error)
        return problem(500, "internal", "This is our fault. It has been written to the log.")

    app.add_exception_handler(ConsentryError, consentry)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)
