"""The start page over HTTP. The demo alone mounts it; `consentry serve` does not know it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from consentry.app.staging import Cast
from consentry.app.wiring import Hub
from consentry.consent import Purpose
from consentry.identity import Site
from consentry.identity.authenticator import caller_of
from consentry.identity.door import Door
from consentry.identity.sign_in import Wish
from consentry.infra.web import Api, Who
from consentry.kernel.access import Act
from consentry.kernel.errors import ConsentryError, DeniedError, InvalidError, NotFoundError
from consentry.simulation import City
from consentry.simulation.layers import LAYERS, layer
from consentry.simulation.model import CityCamera
from consentry.simulation.people import PASSWORD, accounts
from consentry.simulation.picture import draw

from .acting import Players
from .page import STATIC, Pages, digest_of
from .reference import groups_of
from .scene import Scene
from .walk import Walks

FORM_BYTES_MAX: Final = 8 * 1024
REASON_LENGTH: Final = (8, 200)
SVG: Final = "image/svg+xml"
FILES: Final = {"start.css": "text/css", "icon.svg": SVG}
# A form's Origin is told only to pages that let their referrer be known to their own site.
PAGE_HEADERS: Final = {"referrer-policy": "same-origin", "cache-control": "no-store"}
# The picture holds its own style; nothing else may come with it.
SVG_HEADERS: Final = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}

Acting = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPageParts:
    hub: Hub
    city: City
    cast: Cast
    data: Path


class StartPages:
    """What the routes share: made once."""

    def __init__(self, parts: StartPageParts) -> None:
        self.parts = parts
        self.pages = Pages()
        self.drawing = draw(parts.city).encode()
        self.plan = digest_of(self.drawing)
        self.players = Players(parts.hub, parts.city, parts.cast, parts.data)
        self.walks = Walks(self.players)
        self.scene = Scene(self.players, self.plan, str(parts.data))
        self.door = Door(parts.hub.services.identity, parts.hub.hasher)
        self.camera_of = {camera.key: camera for camera in parts.city.cameras}
        self.layers: dict[str, bytes] = {}
        self._loaded = False
        self._loading = asyncio.Lock()

    async def ready(self) -> None:
        async with self._loading:
            if not self._loaded:
                await self.scene.load()
                self._loaded = True

    async def show(
        self, who: Who, *, view: str, camera: str, ask: str = "", fault: str = "", status: int = 200
    ) -> Response:
        await self.ready()
        walk = None
        try:
            walk = self.walks.card(ask) if ask else None
        except NotFoundError as error:
            fault, status = error.detail, 404
        page = await self.scene.page(view, camera, who.name, walk, fault)
        return HTMLResponse(self.pages.start(page), status, headers=PAGE_HEADERS)

    def camera(self, key: str) -> CityCamera:
        if key not in self.camera_of:
            raise InvalidError.of("camera", "is no camera of Port Halden")
        return self.camera_of[key]


def router(parts: StartPageParts) -> APIRouter:
    api, pages = Api("start"), StartPages(parts)
    _files(api, pages)
    _page(api, pages)
    _walk(api, pages)
    _accounts(api, pages)
    _reference(api, pages)
    return api.router


def _page(api: Api, pages: StartPages) -> None:
    @api.get("/", act=Act.READ_PUBLIC, include_in_schema=False)
    async def start(
        who: Who, view: str = "city", camera: str = "", ask: str = "", fault: str = ""
    ) -> Response:
        known = camera if camera in pages.camera_of else ""
        return await pages.show(who, view=view, camera=known, ask=ask, fault=fault[:300])


def _walk(api: Api, pages: StartPages) -> None:
    @api.post("/start/ask", act=Act.READ_PUBLIC, include_in_schema=False, streams=True)
    async def ask(request: Request, who: Who) -> Response:
        """Decide one ask for real, as the demo's operator."""
        _from_own_page(request, pages.parts.hub.site)
        form = await _form(request)
        try:
            camera = pages.camera(form.get("camera", ""))
            purpose, reason = _purpose(form), _reason(form)
        except InvalidError as error:
            chosen = form.get("camera", "")
            return await pages.show(
                who, view="incident", camera=chosen, fault=error.detail, status=422
            )
        ask_id = await pages.walks.ask(camera, purpose, reason)
        return _to(ask=ask_id, camera=camera.key)

    for name, act in (
        ("stop", pages.walks.stop),
        ("share", pages.walks.share),
        ("answer", pages.walks.answer),
        ("approve", pages.walks.approve),
    ):
        _step(api, pages, name, act)

    @api.get("/start/receipt/{entry_id}", act=Act.READ_PUBLIC, include_in_schema=False)
    async def receipt(entry_id: str) -> Response:
        text = await pages.walks.receipt(entry_id)
        headers = {"content-disposition": 'attachment; filename="receipt.json"', **PAGE_HEADERS}
        return Response(text, media_type="application/json", headers=headers)


def _step(api: Api, pages: StartPages, name: str, act: Acting) -> None:
    async def step(request: Request) -> Response:
        _from_own_page(request, pages.parts.hub.site)
        form = await _form(request)
        ask_id = form.get("ask", "")
        try:
            await act(ask_id)
        except NotFoundError:
            return _to(ask=ask_id)
        except ConsentryError as error:
            return _to(ask=ask_id, fault=error.detail)
        camera = pages.walks.camera(ask_id)
        await pages.scene.refresh(camera)
        return _to(ask=ask_id, camera=camera.key)

    step.__name__ = name
    api.post(f"/start/{name}", act=Act.READ_PUBLIC, include_in_schema=False, streams=True)(step)


def _accounts(api: Api, pages: StartPages) -> None:
    hub = pages.parts.hub
    logins = {one.login for one in accounts(pages.parts.city)}

    @api.post("/start/sign-in", act=Act.READ_PUBLIC, include_in_schema=False, streams=True)
    async def sign_in(request: Request, who: Who) -> Response:
        """One click: the page knows the demo's password. Known accounts alone."""
        _from_own_page(request, hub.site)
        login = (await _form(request)).get("login", "")
        if login not in logins:
            raise NotFoundError("There is no such account in the demo.")
        wish = Wish(caller=caller_of(request), replaces=who.session_id)
        new = await pages.door.sign_in(login, PASSWORD, wish)
        answer = _to()
        for surface in ("console", "owner"):
            answer.delete_cookie(f"consentry-{surface}", path="/", httponly=True, samesite="lax")
        name = hub.site.cookie(new.session.surface)
        answer.set_cookie(name, new.token, path="/", httponly=True, samesite="lax")
        return answer

    @api.post("/start/sign-out", act=Act.READ_PUBLIC, include_in_schema=False, streams=True)
    async def sign_out(request: Request, who: Who) -> Response:
        _from_own_page(request, hub.site)
        session_id = who.session_id
        if session_id is not None:
            await hub.services.identity.write(lambda i: i.account.end(who, session_id))
        answer = _to()
        for surface in ("console", "owner"):
            answer.delete_cookie(f"consentry-{surface}", path="/", httponly=True, samesite="lax")
        return answer


def _files(api: Api, pages: StartPages) -> None:
    @api.get("/start/city.svg", act=Act.READ_PUBLIC, include_in_schema=False)
    async def ground(request: Request) -> Response:
        return _cached(request, pages.drawing, SVG, SVG_HEADERS)

    @api.get("/start/city/{name}.geojson", act=Act.READ_PUBLIC, include_in_schema=False)
    async def city_layer(request: Request, name: str) -> Response:
        if name not in LAYERS:
            raise NotFoundError(f"There are the layers {', '.join(LAYERS)}.")
        if name not in pages.layers:
            made = json.dumps(layer(pages.parts.city, name), separators=(",", ":"))
            pages.layers[name] = made.encode()
        return _cached(request, pages.layers[name], "application/geo+json", {})

    @api.get("/start/{name}", act=Act.READ_PUBLIC, include_in_schema=False)
    async def file(request: Request, name: str) -> Response:
        if name not in FILES:
            raise NotFoundError
        headers = SVG_HEADERS if FILES[name] == SVG else {}
        return _cached(request, (STATIC / name).read_bytes(), FILES[name], headers)


def _reference(api: Api, pages: StartPages) -> None:
    @api.get("/api/docs", act=Act.READ_PUBLIC, include_in_schema=False)
    async def reference() -> Response:
        document = pages.parts.hub.app.openapi()
        text = pages.pages.reference(document, groups_of(document))
        return HTMLResponse(text, headers=PAGE_HEADERS)


def _cached(request: Request, body: bytes, media_type: str, more: dict[str, str]) -> Response:
    tag = f'"{digest_of(body)}"'
    headers = {"etag": tag, "cache-control": "public, max-age=3600", **more}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _from_own_page(request: Request, site: Site) -> None:
    """These act without a session: nothing but the Origin says that our own page sent them."""
    if request.headers.get("origin") not in site.origins:
        raise DeniedError("This needs the Origin of our own page.", slug="no_origin")


async def _form(request: Request) -> dict[str, str]:
    """A small urlencoded form; the last value of a name counts."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise InvalidError.of("form", "is too large", f"{FORM_BYTES_MAX} bytes")
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise InvalidError.of("form", "cannot be read") from error
    return {name: values[-1] for name, values in fields.items()}


def _purpose(form: dict[str, str]) -> Purpose:
    try:
        return Purpose(form.get("purpose", ""))
    except ValueError as error:
        raise InvalidError.of("purpose", "is none of the list") from error


def _reason(form: dict[str, str]) -> str:
    reason = form.get("reason", "").strip()
    least, most = REASON_LENGTH
    if not least <= len(reason) <= most or not reason.isprintable():
        raise InvalidError.of("reason", "is too short or too long", f"{least} to {most} characters")
    return reason


def _to(**query: str) -> RedirectResponse:
    """Back to the page, by GET, so that loading it anew asks for nothing again."""
    fragment = "#now" if query.get("ask") else ""
    address = f"/?{urlencode({'view': 'incident', **query})}{fragment}" if query else "/"
    return RedirectResponse(address, 303, headers=PAGE_HEADERS)
