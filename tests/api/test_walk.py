"""The net itself: whatever way a route is mounted, the walk finds it."""

from fastapi import APIRouter, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from consentry.infra.web import Api
from consentry.kernel.access import Act
from tests.api.walk import mounted


async def answer(request: Request) -> Response:
    return Response()


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()


def an_app(folder: str) -> FastAPI:
    api = Api("things")

    @api.get("/things/{thing_id}", act=Act.READ_PUBLIC)
    async def read(thing_id: str) -> None: ...

    inner, outer = APIRouter(), APIRouter()
    inner.include_router(api.router, prefix="/deep")
    inner.add_api_websocket_route("/talk", talk)
    inner.add_api_route("/bare", answer, methods=["GET", "POST"], include_in_schema=False)
    outer.include_router(inner, prefix="/outer")
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(outer)
    app.router.routes.append(Route("/raw", answer, methods=["GET"]))
    app.router.routes.append(WebSocketRoute("/raw-talk", talk))
    app.mount("/static", StaticFiles(directory=folder))
    app.mount("/other", Starlette(routes=[Mount("/in", routes=[Route("/it", answer)])]))
    return app


def test_every_kind_of_route_is_found(tmp_path: object) -> None:
    found = {one.name: one for one in mounted(an_app(str(tmp_path)))}
    assert set(found) == {
        "GET /openapi.json",
        "GET /outer/deep/things/{thing_id}",
        "WEBSOCKET /outer/talk",
        "GET /outer/bare",
        "POST /outer/bare",
        "GET /raw",
        "WEBSOCKET /raw-talk",
        "MOUNT /static",
        "MOUNT /other",
        "MOUNT /other/in",
        "GET /other/in/it",
    }
    assert found["GET /outer/deep/things/{thing_id}"].act is Act.READ_PUBLIC
    assert found["GET /outer/deep/things/{thing_id}"].in_schema
    guarded = [name for name, one in found.items() if one.act is not None]
    assert guarded == ["GET /outer/deep/things/{thing_id}"]
