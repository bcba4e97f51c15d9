"""Incidents over HTTP."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Response

from consentry.consent import IncidentType
from consentry.infra.db import Work
from consentry.infra.web import Api, Page, Who, page_of
from consentry.infra.web.paging import Cursor, Limit, from_cursor
from consentry.kernel.access import Act
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import ID_PATTERN, IncidentId, PersonId, is_id

from .model import Filter
from .schemas import (
    ChangeIn,
    CloseIn,
    DispatchedIn,
    EventOut,
    IncidentIn,
    IncidentOut,
    NoteIn,
    ReopenIn,
)
from .service import EVENTS_MAX, IncidentDesk

IncidentPath = Annotated[str, Path(pattern=ID_PATTERN)]
PersonPath = Annotated[str, Path(pattern=ID_PATTERN)]


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


def router(desk: Work[IncidentDesk]) -> APIRouter:
    api = Api("incidents")
    _reading(api, desk)
    _opening(api, desk)
    _working(api, desk)
    _assigning(api, desk)
    _closing(api, desk)
    return api.router


def _reading(api: Api, desk: Work[IncidentDesk]) -> None:
    @api.get("/api/incidents", act=Act.READ_INCIDENTS)
    async def list_incidents(
        who: Who,
        state: State | None = None,
        type: IncidentType | None = None,  # noqa: A002 the name on the wire
        mine: bool = False,  # noqa: FBT001, FBT002 a query parameter
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[IncidentOut]:
        """Your agency's incidents, the newest first. Responders see those they are assigned to."""
        wanted = Filter(
            open=None if state is None else state is State.OPEN,
            type=type,
            assigned_to=who.person_id if mine else None,
        )
        before = _id_cursor(cursor)
        found = await desk.read(lambda s: s.page(who, wanted, before, limit + 1))
        return page_of(found, limit, key=lambda one: one.id, show=IncidentOut.of)

    @api.get("/api/incidents/{incident_id}", act=Act.READ_INCIDENTS)
    async def read(who: Who, incident_id: IncidentPath) -> IncidentOut:
        """One incident of your agency. A responder reads those they are assigned to."""
        return IncidentOut.of(await desk.read(lambda s: s.get(who, IncidentId(incident_id))))

    @api.get("/api/incidents/{incident_id}/timeline", act=Act.READ_INCIDENTS)
    async def read_timeline(
        who: Who, incident_id: IncidentPath, limit: Limit = 100, cursor: Cursor = None
    ) -> Page[EventOut]:
        """Everything that was done, in order. Nothing in it is ever changed."""
        after = _number_cursor(cursor)
        found = await desk.read(
            lambda s: s.timeline(who, IncidentId(incident_id), after, limit + 1)
        )
        return page_of(found, limit, key=lambda one: str(one.n), show=EventOut.of)


def _opening(api: Api, desk: Work[IncidentDesk]) -> None:
    @api.post("/api/incidents", act=Act.OPEN_INCIDENT, status_code=201)
    async def open_by_hand(who: Who, body: IncidentIn) -> IncidentOut:
        """Open one by hand. For private cameras in it you then need a second person."""
        new = body.to_model()
        return IncidentOut.of(await desk.write(lambda s: s.open(who, new)))

    @api.post(
        "/api/incidents/dispatched",
        act=Act.DISPATCH_INCIDENT,
        status_code=201,
        responses={200: {"model": IncidentOut, "description": "It had been taken in before."}},
    )
    async def dispatch(who: Who, body: DispatchedIn, response: Response) -> IncidentOut:
        """Take in an incident of a dispatch system, once for each of its references."""
        new, source = body.to_model(), body.to_source()
        incident, is_new = await desk.write(lambda s: s.dispatch(who, new, source))
        response.status_code = 201 if is_new else 200
        return IncidentOut.of(incident)


def _working(api: Api, desk: Work[IncidentDesk]) -> None:
    @api.patch("/api/incidents/{incident_id}", act=Act.WORK_INCIDENT)
    async def change(who: Who, incident_id: IncidentPath, body: ChangeIn) -> IncidentOut:
        """Move, retype, or change the rest. Made on an older version, it changes nothing: 409."""
        wanted = body.to_model()
        incident = await desk.write(
            lambda s: s.change(who, IncidentId(incident_id), body.version, wanted)
        )
        return IncidentOut.of(incident)

    @api.post("/api/incidents/{incident_id}/notes", act=Act.WORK_INCIDENT, status_code=201)
    async def note(who: Who, incident_id: IncidentPath, body: NoteIn) -> EventOut:
        """Add a note. It stays as it is: add another to correct it."""
        event = await desk.write(lambda s: s.note(who, IncidentId(incident_id), body.text))
        return EventOut.of(event)


def _assigning(api: Api, desk: Work[IncidentDesk]) -> None:
    @api.put("/api/incidents/{incident_id}/people/{person_id}", act=Act.ASSIGN_INCIDENT)
    async def assign(who: Who, incident_id: IncidentPath, person_id: PersonPath) -> IncidentOut:
        """Assign a person of your agency; a responder then sees the incident."""
        incident = await desk.write(
            lambda s: s.assign(who, IncidentId(incident_id), PersonId(person_id))
        )
        return IncidentOut.of(incident)

    @api.delete("/api/incidents/{incident_id}/people/{person_id}", act=Act.ASSIGN_INCIDENT)
    async def unassign(who: Who, incident_id: IncidentPath, person_id: PersonPath) -> IncidentOut:
        """Take somebody off the incident. A responder then sees it no more."""
        incident = await desk.write(
            lambda s: s.unassign(who, IncidentId(incident_id), PersonId(person_id))
        )
        return IncidentOut.of(incident)


def _closing(api: Api, desk: Work[IncidentDesk]) -> None:
    @api.post("/api/incidents/{incident_id}/close", act=Act.CLOSE_INCIDENT)
    async def close(who: Who, incident_id: IncidentPath, body: CloseIn) -> IncidentOut:
        """Close it and say what looking brought. Views that rest on it end."""
        incident = await desk.write(
            lambda s: s.close(who, IncidentId(incident_id), body.version, body.outcome, body.words)
        )
        return IncidentOut.of(incident)

    @api.post("/api/incidents/{incident_id}/reopen", act=Act.CLOSE_INCIDENT)
    async def reopen(who: Who, incident_id: IncidentPath, body: ReopenIn) -> IncidentOut:
        """Undo a closing within 15 minutes."""
        incident = await desk.write(lambda s: s.reopen(who, IncidentId(incident_id), body.version))
        return IncidentOut.of(incident)


def _id_cursor(cursor: str | None) -> str | None:
    key = from_cursor(cursor)
    if key is not None and not is_id(key):
        raise InvalidError.of("cursor", "is not a cursor of this list")
    return key


def _number_cursor(cursor: str | None) -> int:
    key = from_cursor(cursor) or "0"
    if not (key.isascii() and key.isdigit() and len(key) <= len(str(EVENTS_MAX))):
        raise InvalidError.of("cursor", "is not a cursor of this list")
    return int(key)
