"""Search and map tiles over HTTP.

Both answer from memory. Others' cameras are only ever shown for a named open incident, inside its
area, and with an entry in the log that is committed before the answer leaves.
"""

import asyncio
from collections.abc import Callable
from hashlib import blake2b
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Body, Path, Query, Request, Response

from consentry.infra.db import Work
from consentry.infra.web import Api, Who
from consentry.kernel.access import Act, Principal, may
from consentry.kernel.clock import Clock
from consentry.kernel.errors import InvalidError, NotFoundError
from consentry.kernel.geo import Point
from consentry.kernel.ids import IncidentId

from .index import CameraIndex, View
from .model import NUMBER_MAX, Kind
from .ranking import ByView, Ranker
from .search import Found, Viewer, by_number, candidates, circle, nearest, polygon
from .search_schemas import (
    NEAREST,
    RADIUS_M,
    CircleIn,
    Count,
    Incident,
    Kinds,
    Lat,
    Lon,
    NearestIn,
    Place,
    PolygonIn,
    Radius,
    SearchIn,
    SearchOut,
    answer,
)
from .searching import Searches
from .shapes import REACH_M_MAX, Disc
from .tiles import ZOOM_MAX, Tile, rows_of, tile

INLINE_ROWS_MAX: Final = 5_000
"""More than this is looked at in a thread, so that nothing holds the event loop."""
NOTED_MAX: Final = 10_000
MVT: Final = "application/vnd.mapbox-vector-tile"
TILE_HEADERS: Final = {"cache-control": "private, no-store", "vary": "Cookie, Authorization"}

T = TypeVar("T")
Line = Annotated[int, Path(ge=0, lt=2**ZOOM_MAX)]


class Map:
    """Answers for one process, from its index."""

    def __init__(
        self, searches: Work[Searches], index: CameraIndex, clock: Clock, ranker: Ranker
    ) -> None:
        self._searches = searches
        self._index = index
        self._clock = clock
        self._ranker = ranker
        self._noted: dict[tuple[str, str, str], None] = {}

    async def search(self, who: Principal, asked: CircleIn | NearestIn | PolygonIn) -> bytes:
        viewer = await self._viewer(who, asked.incident_id)
        view = self._index.current()
        find, towards, rows, terms = _plan(view, viewer, asked)
        may_ask, at = may(who, Act.ASK), self._clock.now()

        def look() -> tuple[Found, bytes]:
            found = find()
            return found, answer(found, towards, self._ranker, at, may_ask=may_ask)

        found, body = await _off_loop(rows, look)
        await self._note(who, asked.incident_id, viewer, found, terms)
        return body

    async def resolve(self, who: Principal, number: int, incident: IncidentId | None) -> bytes:
        viewer = await self._viewer(who, incident)
        found = by_number(self._index.current(), viewer, number)
        if not len(found):
            raise NotFoundError
        towards = Place(lat=found.fact("lat")[0], lon=found.fact("lon")[0]).point()
        await self._note(who, incident, viewer, found, f"camera {number} on the map")
        may_ask = may(who, Act.ASK)
        return answer(found, towards, self._ranker, self._clock.now(), may_ask=may_ask)

    async def tile(
        self, who: Principal, at: Tile, kinds: list[Kind], incident: IncidentId | None
    ) -> bytes:
        viewer = await self._viewer(who, incident)
        view = self._index.current()
        # A party's counted cells are summed over all cameras once in each view, whatever the tile.
        summed = view.parties.number(viewer.party) in view.cells
        rows = rows_of(view, at) if summed else view.size
        drawn = await _off_loop(rows, lambda: tile(view, viewer, at, kinds))
        if incident is not None and drawn.shows_others:
            await self._note_map(who, incident, viewer)
        return drawn.body

    async def _viewer(self, who: Principal, incident: IncidentId | None) -> Viewer:
        if incident is None:
            return Viewer(who.party)
        return await self._searches.read(lambda s: s.viewer(who, incident))

    async def _note(
        self, who: Principal, incident: IncidentId | None, viewer: Viewer, found: Found, terms: str
    ) -> None:
        others = int((~found.own).sum())
        if incident is not None and others:
            said = f"{terms}: {others} cameras of others"
            await self._searches.write(lambda s: s.note(who, incident, viewer, said))

    async def _note_map(self, who: Principal, incident: IncidentId, viewer: Viewer) -> None:
        """Once for each session and incident: a map is many tiles, looking at it is one act."""
        look = (who.id, who.session_id or "", incident)
        if look in self._noted:
            return
        terms = "map of the incident's area: cameras of others"
        await self._searches.write(lambda s: s.note(who, incident, viewer, terms))
        if len(self._noted) >= NOTED_MAX:
            self._noted.pop(next(iter(self._noted)))
        self._noted[look] = None


def search_router(
    searches: Work[Searches], index: CameraIndex, clock: Clock, ranker: Ranker | None = None
) -> APIRouter:
    """To be mounted before the registry's routes: `/api/cameras/{id}` would match `search`."""
    api = Api("search")
    on_map = Map(searches, index, clock, ranker or ByView())
    _add_search(api, on_map)
    _add_map(api, on_map)
    return api.router


def _add_search(api: Api, on_map: Map) -> None:
    @api.get("/api/cameras/search", act=Act.SEARCH_CAMERAS, response_model=SearchOut)
    async def search(  # noqa: PLR0913, PLR0917 the parameters of the query
        who: Who,
        lat: Annotated[Lat, Query()],
        lon: Annotated[Lon, Query()],
        shape: Literal["circle", "nearest"] = "circle",
        radius_m: Annotated[Radius, Query()] = RADIUS_M,
        count: Annotated[Count, Query()] = NEAREST,
        incident_id: Annotated[Incident | None, Query()] = None,
        kind: Annotated[Kinds | None, Query()] = None,
    ) -> Response:
        """Own cameras in a circle or nearest to a place, and others' within the incident's area."""
        place = Place(lat=lat, lon=lon)
        more: dict[str, Any] = {"incident_id": incident_id, "kinds": kind or []}
        if shape == "circle":
            asked = CircleIn(shape=shape, centre=place, radius_m=radius_m, **more)
            return _json(await on_map.search(who, asked))
        wanted = NearestIn(shape=shape, towards=place, count=count, **more)
        return _json(await on_map.search(who, wanted))

    @api.post("/api/cameras/search", act=Act.SEARCH_CAMERAS, response_model=SearchOut)
    async def search_shape(who: Who, body: Annotated[SearchIn, Body()]) -> Response:
        """As above, with polygons."""
        return _json(await on_map.search(who, body))


def _add_map(api: Api, on_map: Map) -> None:
    @api.get("/api/cameras/numbers/{number}", act=Act.SEARCH_CAMERAS, response_model=SearchOut)
    async def resolve(
        who: Who,
        number: Annotated[int, Path(ge=0, le=NUMBER_MAX)],
        incident_id: Annotated[Incident | None, Query()] = None,
    ) -> Response:
        """The camera that a map tile shows under this number."""
        return _json(await on_map.resolve(who, number, incident_id))

    @api.get(
        "/api/tiles/cameras/{z}/{x}/{y}.mvt",
        act=Act.SEARCH_CAMERAS,
        response_class=Response,
        responses={
            200: {"content": {MVT: {}}, "description": "A vector tile."},
            204: {"description": "Nothing to show here."},
            304: {"description": "As the caller has it."},
        },
    )
    async def camera_tile(  # noqa: PLR0913, PLR0917 the parts of the address
        request: Request,
        who: Who,
        z: Annotated[int, Path(ge=0, le=ZOOM_MAX)],
        x: Line,
        y: Line,
        incident_id: Annotated[Incident | None, Query()] = None,
        kind: Annotated[Kinds | None, Query()] = None,
    ) -> Response:
        """Points, clusters of points, and counts by cell of what can't be shown as a point."""
        if max(x, y) >> z:
            limit = f"0 to {2**z - 1} at zoom {z}"
            raise InvalidError.of("x" if x >> z else "y", "is beside the map", limit)
        body = await on_map.tile(who, Tile(z, x, y), kind or [], incident_id)
        return _tile_response(request, body)


def _plan(
    view: View, viewer: Viewer, asked: CircleIn | NearestIn | PolygonIn
) -> tuple[Callable[[], Found], Point, int, str]:
    """How to find, what to rank for, how many rows that looks at, and the terms in words."""
    kinds = asked.kinds
    if isinstance(asked, CircleIn):
        centre = asked.centre.point()
        disc = Disc(centre, asked.radius_m)
        terms = f"circle of {asked.radius_m:.0f} m around {_place(centre)}"
        return lambda: circle(view, viewer, disc, kinds), centre, candidates(view, disc), terms
    if isinstance(asked, NearestIn):
        towards, count = asked.towards.point(), asked.count
        rows = candidates(view, Disc(towards, REACH_M_MAX))
        terms = f"nearest {count} to {_place(towards)}"
        return lambda: nearest(view, viewer, towards, count, kinds), towards, rows, terms
    ring = asked.to_ring()
    middle = asked.to_target(ring)
    terms = f"polygon of {len(asked.ring)} vertices around {_place(middle)}"
    rows = candidates(view, ring)
    return lambda: polygon(view, viewer, ring, middle, kinds), middle, rows, terms


def _place(point: Point) -> str:
    return f"{point.lat:.5f}, {point.lon:.5f}"


async def _off_loop(rows: int, work: Callable[[], T]) -> T:
    return work() if rows <= INLINE_ROWS_MAX else await asyncio.to_thread(work)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _tile_response(request: Request, body: bytes) -> Response:
    """The tag is of the content alone: a global epoch would tell of changes one may not see."""
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {**TILE_HEADERS, "etag": tag}
    held = request.headers.get("if-none-match", "").split(",")
    if tag in (one.strip().removeprefix("W/") for one in held):
        return Response(status_code=304, headers=headers)
    if not body:
        return Response(status_code=204, headers=headers)
    return Response(body, media_type=MVT, headers=headers)
