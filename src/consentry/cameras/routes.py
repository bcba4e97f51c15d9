"""The registry over HTTP: one's own cameras, and nobody else's."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from consentry.infra.db import Work
from consentry.infra.web import Api, Page, Who, page_of
from consentry.infra.web.paging import from_cursor
from consentry.kernel.access import Act, Principal
from consentry.kernel.ids import CameraId, EdgeId

from .exporting import MEDIA_TYPES, Form, closing, opening, page
from .model import Camera
from .schemas import (
    CameraIn,
    CameraOut,
    CameraPatch,
    DeclineIn,
    EdgeIn,
    HealthIn,
    ListIn,
    MoveIn,
    PathId,
)
from .service import Registry

EXPORT_PAGE: Final = 1_000


def router(registry: Work[Registry]) -> APIRouter:
    """Include it after every router that has longer names under `/api/cameras/`."""
    api = Api("cameras")
    _reading(api, registry)
    _changing(api, registry)
    _owning(api, registry)
    _reporting(api, registry)
    return api.router


def _reading(api: Api, registry: Work[Registry]) -> None:
    @api.get("/api/cameras", act=Act.READ_OWN_CAMERAS)
    async def list_cameras(who: Who, asked: Annotated[ListIn, Query()]) -> Page[CameraOut]:
        """Your own cameras and the drafts that others made for you, oldest first."""
        after, wanted = from_cursor(asked.cursor), asked.filter()
        found = await registry.read(lambda r: r.list_own(who, wanted, after, asked.limit + 1))
        return page_of(found, asked.limit, key=lambda one: one.id, show=CameraOut.of)

    @api.get(
        "/api/cameras/export",
        act=Act.EXPORT_CAMERAS,
        response_class=StreamingResponse,
        responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}},
    )
    async def export_cameras(
        who: Who, form: Annotated[Form, Query(alias="format")] = Form.CSV
    ) -> StreamingResponse:
        """All of your own confirmed cameras as a file that an import reads back. It is logged."""
        await registry.write(lambda r: r.begin_export(who, form))
        named = {"content-disposition": f'attachment; filename="cameras.{form}"'}
        return StreamingResponse(
            _exported(registry, who, form), media_type=MEDIA_TYPES[form], headers=named
        )

    @api.get("/api/cameras/{camera_id}", act=Act.READ_OWN_CAMERAS)
    async def read_camera(camera_id: PathId, who: Who) -> CameraOut:
        """One of your own cameras, or a draft that waits for you."""
        return CameraOut.of(await registry.read(lambda r: r.camera(who, CameraId(camera_id))))


async def _exported(registry: Work[Registry], who: Principal, form: Form) -> AsyncIterator[str]:
    """Page by page, so that a large registry is never held whole."""
    after: str | None = None
    yield opening(form)
    more = True
    while more:
        cameras = await _page(registry, who, after)
        yield page(form, cameras, first=after is None)
        more = len(cameras) == EXPORT_PAGE
        after = cameras[-1].id if cameras else after
    yield closing(form)


async def _page(registry: Work[Registry], who: Principal, after: str | None) -> Sequence[Camera]:
    return await registry.read(lambda r: r.export_page(who, after, EXPORT_PAGE))


def _changing(api: Api, registry: Work[Registry]) -> None:
    @api.post("/api/cameras", act=Act.CHANGE_CAMERAS, status_code=201)
    async def add_camera(body: CameraIn, who: Who, response: Response) -> CameraOut:
        """Register a camera of your own. A source and reference that are known: 200, no second."""
        details = body.details()
        camera, new = await registry.write(
            lambda r: r.add(who, details, source=body.source, reference=body.reference)
        )
        response.status_code = 201 if new else 200
        return CameraOut.of(camera)

    @api.patch("/api/cameras/{camera_id}", act=Act.CHANGE_CAMERAS)
    async def change_camera(camera_id: PathId, body: CameraPatch, who: Who) -> CameraOut:
        """Change what is said of a camera of your own, a draft included."""
        told = body.changes()
        changed = await registry.write(lambda r: r.change(who, CameraId(camera_id), told))
        return CameraOut.of(changed)

    @api.post("/api/cameras/{camera_id}/move", act=Act.CHANGE_CAMERAS)
    async def move_camera(camera_id: PathId, body: MoveIn, who: Who) -> CameraOut:
        """It hangs elsewhere now."""
        told = body.changes()
        moved = await registry.write(lambda r: r.change(who, CameraId(camera_id), told))
        return CameraOut.of(moved)

    @api.delete("/api/cameras/{camera_id}", act=Act.CHANGE_CAMERAS, status_code=204)
    async def remove_camera(camera_id: PathId, who: Who) -> None:
        """Take it out of the registry: its place and name are forgotten."""
        await registry.write(lambda r: r.remove(who, CameraId(camera_id)))


def _owning(api: Api, registry: Work[Registry]) -> None:
    @api.post("/api/cameras/{camera_id}/confirm", act=Act.CONFIRM_CAMERAS)
    async def confirm_camera(camera_id: PathId, who: Who) -> CameraOut:
        """Accept a draft as yours, or say of a camera that all is still so."""
        return CameraOut.of(await registry.write(lambda r: r.confirm(who, CameraId(camera_id))))

    @api.post("/api/cameras/{camera_id}/decline", act=Act.CONFIRM_CAMERAS, status_code=204)
    async def decline_camera(camera_id: PathId, body: DeclineIn, who: Who) -> None:
        """Refuse a draft: it goes, and the same import cannot bring it back."""
        await registry.write(lambda r: r.decline(who, CameraId(camera_id), body.reason))

    @api.put("/api/cameras/{camera_id}/edge", act=Act.CHANGE_CAMERAS)
    async def hang_camera(camera_id: PathId, body: EdgeIn, who: Who) -> CameraOut:
        """Say which of your edges the camera hangs on."""
        edge_id = None if body.edge_id is None else EdgeId(body.edge_id)
        hung = await registry.write(lambda r: r.hang(who, CameraId(camera_id), edge_id))
        return CameraOut.of(hung)


def _reporting(api: Api, registry: Work[Registry]) -> None:
    async def report(camera_id: str, body: HealthIn, who: Principal) -> CameraOut:
        return CameraOut.of(
            await registry.write(lambda r: r.report_health(who, CameraId(camera_id), body.health))
        )

    @api.put("/api/cameras/{camera_id}/health", act=Act.CHANGE_CAMERAS)
    async def report_health(camera_id: PathId, body: HealthIn, who: Who) -> CameraOut:
        """What you see of your own camera."""
        return await report(camera_id, body, who)

    @api.put("/api/edge/cameras/{camera_id}/health", act=Act.REPORT_EDGE)
    async def report_health_by_edge(camera_id: PathId, body: HealthIn, who: Who) -> CameraOut:
        """What an edge sees of a camera that hangs on it."""
        return await report(camera_id, body, who)
