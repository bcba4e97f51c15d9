"""Who stands behind a request: the cookie of a page, or the bearer token of a program.

A cookie that no longer holds makes nobody of the caller, so that they can sign in again. A bearer
token that does not hold is an error: programs must not go on as nobody.
"""

import hashlib
from typing import Final

from starlette.requests import HTTPConnection

from consentry.infra.db import Work
from consentry.infra.web.guard import WRITES
from consentry.kernel.access import ANYONE, Principal, PrincipalKind
from consentry.kernel.errors import (
    ConflictError,
    DeniedError,
    UnauthenticatedError,
    UnavailableError,
)

from . import proofs
from .credentials import Found
from .model import Caller, Surface
from .rules import network_of, source_of
from .service import Identity
from .site import Site

PERSON_HEADER: Final = "x-consentry-person"
BEFORE_SET_UP: Final = frozenset({"/api/set-up", "/healthz", "/readyz"})
BEARER: Final = "bearer "


class Authenticator:
    """Implements `infra.web.guard.Authenticator`: one read unit, and a write a minute at most."""

    def __init__(self, identity: Work[Identity], site: Site) -> None:
        self._identity = identity
        self._site = site
        self._is_set_up = False

    async def __call__(self, request: HTTPConnection) -> Principal:
        await self._require_set_up(request)
        _refuse_foreign(request, self._site)
        found = await self._find(request)
        if found is None:
            return ANYONE
        if found.stray and found.session is not None:
            session = found.session
            await self._identity.write(
                lambda s: s.credentials.end_stray(session.id, session.token_hash)
            )
            raise UnauthenticatedError(
                "This session was begun on another network or in another browser. It has been "
                "ended: sign in again.",
                slug="reauthenticate",
            )
        if found.touch:
            await self._identity.write(lambda s: s.credentials.note_use(found))
        principal = found.principal or ANYONE
        _refuse_other_person(request, principal)
        return principal

    async def _find(self, request: HTTPConnection) -> Found | None:
        caller = caller_of(request)
        header = request.headers.get("authorization")
        if header is not None:
            return await self._by_bearer(header, caller)
        shown = [
            (surface, token)
            for surface in Surface
            if (token := request.cookies.get(self._site.cookie(surface)))
            and len(token) <= proofs.TOKEN_LENGTH_MAX
        ]
        if not shown:
            return None
        wanted = request.headers.get(PERSON_HEADER)
        found = await self._identity.read(lambda s: s.credentials.of_cookies(shown, caller, wanted))
        if found.principal is not None:
            _require_own_page(request, self._site)
        return found

    async def _by_bearer(self, header: str, caller: Caller) -> Found:
        if not header.lower().startswith(BEARER):
            raise UnauthenticatedError("Only bearer tokens are taken in `Authorization`.")
        token = header[len(BEARER) :].strip()
        if len(token) > proofs.TOKEN_LENGTH_MAX:
            raise UnauthenticatedError("This token is not one of ours.")
        found = await self._identity.read(lambda s: s.credentials.of_bearer(token, caller))
        if found.principal is None and not found.stray:
            raise UnauthenticatedError("This token is unknown, or has ended. Sign in again.")
        return found

    async def _require_set_up(self, request: HTTPConnection) -> None:
        """Until the first admin exists the hub answers nobody but whoever sets it up."""
        if self._is_set_up or request.url.path in BEFORE_SET_UP:
            return
        self._is_set_up = await self._identity.read(lambda s: s.credentials.is_set_up())
        if not self._is_set_up:
            raise UnavailableError(
                "This hub has not been set up yet: POST /api/set-up with the code that was "
                "printed when it was started.",
                slug="not_set_up",
            )


def caller_of(request: HTTPConnection) -> Caller:
    """Behind a proxy the server must be told to trust it, or everyone has the proxy's address."""
    address = request.client.host if request.client else ""
    browser = hashlib.sha256(request.headers.get("user-agent", "").encode()).hexdigest()
    return Caller(address=source_of(address), network=network_of(address), browser=browser)


def from_page(request: HTTPConnection) -> bool:
    """Whether a browser sent this: it names its origin with every write, and a program does not."""
    return "origin" in request.headers


def _writes(request: HTTPConnection) -> bool:
    """A socket is opened with a GET, but what passes through it may write."""
    return request.scope["type"] == "websocket" or request.scope["method"] in WRITES


def _refuse_foreign(request: HTTPConnection, site: Site) -> None:
    origin = request.headers.get("origin")
    if origin is not None and _writes(request) and origin not in site.origins:
        raise DeniedError("This was sent by a page of another site.", slug="foreign_origin")


def _require_own_page(request: HTTPConnection, site: Site) -> None:
    """A cookie is sent along by any page, so a write by cookie must say which page it is from."""
    if _writes(request) and request.headers.get("origin") not in site.origins:
        raise DeniedError("A write by cookie needs the Origin of our own page.", slug="no_origin")


def _refuse_other_person(request: HTTPConnection, principal: Principal) -> None:
    """The page shows one person, the cookie has become another's: reload before acting."""
    shown = request.headers.get(PERSON_HEADER)
    if shown is None or principal.kind is not PrincipalKind.PERSON:
        return
    if shown != principal.person_id:
        raise ConflictError(
            "Somebody else is signed in by now. Load the page again.", slug="other_person"
        )
