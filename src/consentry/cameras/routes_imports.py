"""Imports over HTTP: send a file, watch it land, read what was wrong, stop it, undo it."""

import csv
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from io import StringIO
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from consentry.infra.db import Work
from consentry.infra.web import Api, Page, Who, Wire, page_of
from consentry.infra.web.paging import Cursor, Limit, from_cursor
from consentry.infra.web.problems import FaultOut
from consentry.kernel.access import Act
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import IdSource

from . import rules
from .exporting import neutral
from .imports import FAULTS_KEPT_MAX, Import, ImportState, Options
from .intake import Intake
from .records import FILE_BYTES_MAX, Format, RowFault
from .schemas import PathId
from .spool import Spool

BODY: Final = {
    "required": True,
    "content": {
        kind: {"schema": {"type": "string", "format": "binary", "maxLength": FILE_BYTES_MAX}}
        for kind in ("text/csv", "application/geo+json", "application/octet-stream")
    },
}


class ImportIn(Wire):
    """How to read the file that follows as the body. What is left out is found out."""

    format: Format = Field(description="`geojson`: a FeatureCollection; `geojsonl`: one a line.")
    source: str = Field(
        default="import",
        min_length=1,
        max_length=rules.SOURCE_LENGTH_MAX,
        description="Where the rows come from: the same source and reference is the same camera.",
    )
    encoding: str = Field(default="", max_length=20)
    delimiter: str = Field(default="", max_length=1)
    dry_run: bool = Field(default=False, description="Find every fault and land nothing.")
    check_swapped: bool = Field(
        default=True, description="Refuse rows whose latitude and longitude seem swapped."
    )

    def options(self) -> Options:
        return Options(**self.model_dump())


class ImportOut(Wire):
    id: str
    state: ImportState
    format: Format
    source: str
    dry_run: bool
    bytes: int
    sha256: str
    rows_total: int | None = Field(description="None until the file has been looked through.")
    rows_read: int
    added: int
    proposed: int = Field(description="Drafts that other owners have to confirm.")
    updated: int
    unchanged: int
    rejected: int
    faults: int = Field(description=f"All found; the first {FAULTS_KEPT_MAX} are kept.")
    removed: int = Field(description="Taken out again by undoing.")
    error: FaultOut | None = Field(description="Why the file as a whole could not be read.")
    encoding: str | None
    delimiter: str | None
    ignored_columns: list[str]
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, one: Import) -> "ImportOut":
        notes = one.notes
        error = None if one.error is None else FaultOut(**asdict(one.error))
        return cls(
            id=one.id,
            state=one.state,
            format=one.options.format,
            source=one.options.source,
            dry_run=one.options.dry_run,
            bytes=one.bytes,
            sha256=one.sha256,
            rows_total=one.rows_total,
            removed=one.removed,
            error=error,
            encoding=notes.get("encoding"),
            delimiter=notes.get("delimiter"),
            ignored_columns=list(notes.get("ignored", [])),
            created_at=one.created_at,
            finished_at=one.finished_at,
            **asdict(one.counts),
        )


class RowFaultOut(Wire):
    row: int = Field(description="In a CSV the header is row 1; in GeoJSON the first feature is.")
    field: str
    message: str
    limit: str | None

    @classmethod
    def of(cls, told: RowFault) -> "RowFaultOut":
        fault = told.fault
        return cls(row=told.row, field=fault.field, message=fault.message, limit=fault.limit)


def imports_router(
    intake: Work[Intake], spool: Spool, ids: IdSource, wake: Callable[[], None]
) -> APIRouter:
    """Include it before `router`. `wake` tells the worker that there is something to do."""
    api = Api("cameras")
    _sending(api, intake, spool, ids, wake)
    _watching(api, intake)
    _ending(api, intake, spool, wake)
    return api.router


def _sending(
    api: Api, intake: Work[Intake], spool: Spool, ids: IdSource, wake: Callable[[], None]
) -> None:
    @api.post(
        "/api/cameras/imports",
        act=Act.IMPORT_CAMERAS,
        status_code=202,
        streams=True,
        openapi_extra={"requestBody": BODY},
    )
    async def import_cameras(
        who: Who, asked: Annotated[ImportIn, Query()], request: Request
    ) -> ImportOut:
        """Send a file of up to 256 MiB and 1,000,000 rows. It lands in the background."""
        options = asked.options()
        await intake.read(lambda i: i.check_room(who, options))
        import_id = ids()
        spooled = await spool.receive(import_id, request.stream(), _length(request))
        try:
            one = await intake.write(lambda i: i.begin(who, spooled, options))
        except BaseException:
            await spool.drop(import_id)
            raise
        wake()
        return ImportOut.of(one)


def _length(request: Request) -> int | None:
    told = request.headers.get("content-length")
    if told is None:
        return None
    if not told.isascii() or not told.isdigit() or len(told) > 18:
        raise InvalidError.of("content-length", "is not a number")
    return int(told)


def _watching(api: Api, intake: Work[Intake]) -> None:
    @api.get("/api/cameras/imports", act=Act.IMPORT_CAMERAS)
    async def list_imports(who: Who, limit: Limit = 50, cursor: Cursor = None) -> Page[ImportOut]:
        """Your imports, newest first."""
        before = from_cursor(cursor)
        found = await intake.read(lambda i: i.list_own(who, before, limit + 1))
        return page_of(found, limit, key=lambda one: one.id, show=ImportOut.of)

    @api.get("/api/cameras/imports/{import_id}", act=Act.IMPORT_CAMERAS)
    async def read_import(import_id: PathId, who: Who) -> ImportOut:
        """How far it is."""
        return ImportOut.of(await intake.read(lambda i: i.get(who, import_id)))

    @api.get("/api/cameras/imports/{import_id}/errors", act=Act.IMPORT_CAMERAS)
    async def list_import_errors(
        import_id: PathId, who: Who, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[RowFaultOut]:
        """What was wrong with which row, in the order of the file."""
        after = _position(cursor)
        found = await intake.read(lambda i: i.faults(who, import_id, after, limit + 1))
        return page_of(
            found, limit, key=lambda told: str(told[0]), show=lambda told: RowFaultOut.of(told[1])
        )

    @api.get(
        "/api/cameras/imports/{import_id}/errors.csv",
        act=Act.IMPORT_CAMERAS,
        response_class=Response,
        responses={200: {"content": {"text/csv": {}}}},
    )
    async def download_import_errors(import_id: PathId, who: Who) -> Response:
        """The same as a file."""
        found = await intake.read(lambda i: i.faults(who, import_id, 0, FAULTS_KEPT_MAX))
        named = {"content-disposition": f'attachment; filename="errors-{import_id}.csv"'}
        return Response(_as_csv(told for _, told in found), media_type="text/csv", headers=named)


def _position(cursor: str | None) -> int:
    key = from_cursor(cursor)
    if key is None:
        return 0
    if not key.isascii() or not key.isdigit() or len(key) > 9:
        raise InvalidError.of("cursor", "is not a cursor of this list")
    return int(key)


def _as_csv(faults: Any) -> str:
    whole = StringIO()
    lines = csv.writer(whole)
    lines.writerow(("row", "field", "message", "limit"))
    for told in faults:
        fault = told.fault
        texts = (fault.field, fault.message, fault.limit or "")
        lines.writerow((told.row, *map(neutral, texts)))
    return whole.getvalue()


def _ending(api: Api, intake: Work[Intake], spool: Spool, wake: Callable[[], None]) -> None:
    @api.post("/api/cameras/imports/{import_id}/cancel", act=Act.IMPORT_CAMERAS)
    async def cancel_import(import_id: PathId, who: Who) -> ImportOut:
        """Stop it where it is. What has landed stays, and can be undone."""
        one = await intake.write(lambda i: i.cancel(who, import_id))
        await spool.drop(import_id)
        return ImportOut.of(one)

    @api.post("/api/cameras/imports/{import_id}/undo", act=Act.IMPORT_CAMERAS, status_code=202)
    async def undo_import(import_id: PathId, who: Who) -> ImportOut:
        """Take out again what it added, except what other owners have confirmed since."""
        one = await intake.write(lambda i: i.undo(who, import_id))
        wake()
        return ImportOut.of(one)
