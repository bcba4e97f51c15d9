"""The log over HTTP: public tiles and checkpoints, and the auditors' own view."""

import asyncio
import base64
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from consentry.infra.db import Work
from consentry.infra.web import Api, Page, Who
from consentry.infra.web.paging import from_cursor, to_cursor
from consentry.kernel.access import Act, Principal, PrincipalKind
from consentry.kernel.errors import InvalidError, NotFoundError
from consentry.kernel.ids import ID_PATTERN, EntryId

from .bundles import write_bundle
from .layout import TilePath
from .log import Log
from .ports import Kept, Place
from .receipts import Receipt
from .schemas import (
    SIZE_MAX,
    ConsistencyOut,
    EntryOut,
    ErasureIn,
    ErasureOut,
    ReceiptOut,
    SearchIn,
)
from .service import Auditing

TILE_PATH_LENGTH_MAX: Final = 60
CHUNK_BYTES: Final = 256 * 1024
FOR_EVER: Final = "public, max-age=31536000, immutable"
MEDIA_TYPE: Final = "application/octet-stream"

Id = Annotated[str, Path(pattern=ID_PATTERN)]
Size = Annotated[int, Query(ge=0, le=SIZE_MAX)]
_BINARY: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {MEDIA_TYPE: {}}}}
_TEXT: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/plain": {}}}}
_ZIP: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"application/zip": {}}}}


def router(auditing: Work[Auditing], log: Log) -> APIRouter:
    api = Api("audit")
    _public(api, log)
    _reading(api, auditing, log)
    _erasing(api, auditing)
    return api.router


def _public(api: Api, log: Log) -> None:
    @api.get(
        "/log/checkpoint",
        act=Act.READ_PUBLIC,
        response_class=PlainTextResponse,
        responses=_TEXT,
    )
    async def public_checkpoint() -> PlainTextResponse:
        """The checkpoint for everybody: 15 minutes late, so that its size tells no secret."""
        return PlainTextResponse(log.public(), headers={"cache-control": "no-store"})

    @api.get("/log/tile/{path:path}", act=Act.READ_PUBLIC, responses=_BINARY)
    async def tile(
        who: Who, path: Annotated[str, Path(max_length=TILE_PATH_LENGTH_MAX)]
    ) -> Response:
        """A tile (`0/x001/x234/067`, `.p/W` if unfinished) or a bundle of leaves (`entries/…`)."""
        try:
            parsed = TilePath.parse(path)
        except ValueError as error:
            raise NotFoundError("There is no tile of that name.") from error
        data = await asyncio.to_thread(log.tile, parsed, _visible(log, who))
        return Response(data, media_type=MEDIA_TYPE, headers={"cache-control": FOR_EVER})

    @api.get(
        "/api/log/checkpoint",
        act=Act.READ_NEWEST_CHECKPOINT,
        response_class=PlainTextResponse,
        responses=_TEXT,
    )
    async def newest_checkpoint() -> PlainTextResponse:
        """The newest checkpoint: keep it, and verify later that nothing since was changed."""
        return PlainTextResponse(log.newest(), headers={"cache-control": "no-store"})

    @api.get("/api/log/consistency", act=Act.READ_PUBLIC)
    async def consistency(who: Who, old: Size, new: Size) -> ConsistencyOut:
        """The proof that the log of `new` entries holds the log of `old` entries unchanged."""
        if new > _visible(log, who):
            raise InvalidError.of("new", "is not published yet", f"0 to {_visible(log, who)}")
        proof = await asyncio.to_thread(log.consistency, old, new)
        return ConsistencyOut(old=old, new=new, proof=list(map(_b64, proof)))


def _reading(api: Api, auditing: Work[Auditing], log: Log) -> None:
    @api.get("/api/log/entries", act=Act.READ_AUDIT)
    async def entries(who: Who, terms: Annotated[SearchIn, Query()]) -> Page[EntryOut]:
        """Entries of your own party, newest first. A page may be short although more follow.

        Looking is an act of its own and leaves an entry with its terms.
        """
        wanted = terms.to_filter()
        before = _place(terms.cursor)
        found = await auditing.write(
            lambda a: a.search(_of_party(who), wanted, before, terms.limit)
        )
        following = to_cursor(f"{found.rest.at}.{found.rest.n}") if found.rest else None
        return Page(items=list(map(EntryOut.of, found.found)), next=following)

    @api.get("/api/log/entries/{entry_id}", act=Act.READ_AUDIT)
    async def entry(who: Who, entry_id: Id) -> ReceiptOut:
        """One entry of your own party with its proof."""
        named = EntryId(entry_id)
        kept = await auditing.write(lambda a: a.open(_of_party(who), named))
        return ReceiptOut.of(await _receipt(log, named, kept))

    @api.get("/api/log/receipts/{entry_id}", act=Act.READ_OWN_ACCESSES)
    async def receipt(who: Who, entry_id: Id) -> ReceiptOut:
        """The receipt of an act on what your household, business or agency holds."""
        named = EntryId(entry_id)
        kept = await auditing.read(lambda a: a.held(_of_party(who), named))
        return ReceiptOut.of(await _receipt(log, named, kept))

    @api.get(
        "/api/log/bundle", act=Act.READ_AUDIT, response_class=StreamingResponse, responses=_ZIP
    )
    async def bundle(who: Who) -> StreamingResponse:
        """The whole log as a zip: checkpoint, tiles, and the private entries of your own party."""
        reader = _of_party(who)
        await auditing.write(lambda a: a.export(reader, log.size))

        def between(start: int, end: int) -> list[Kept]:
            return list(auditing.read_now(lambda a: a.between(reader, start, end)))

        file: IO[bytes] = TemporaryFile()  # noqa: SIM115 closed when it has been sent
        await asyncio.to_thread(write_bundle, log, file, between)
        headers = {"content-disposition": 'attachment; filename="consentry-log.zip"'}
        return StreamingResponse(_sent(file), media_type="application/zip", headers=headers)


def _erasing(api: Api, auditing: Work[Auditing]) -> None:
    @api.post("/api/log/entries/{entry_id}/erasure", act=Act.ERASE_ENTRY, status_code=202)
    async def ask_erasure(who: Who, entry_id: Id, body: ErasureIn) -> ErasureOut:
        """Ask that an entry's content be deleted. A second auditor must confirm."""
        named = EntryId(entry_id)
        await auditing.write(lambda a: a.ask_erasure(_of_party(who), named, body.basis))
        return ErasureOut(entry_id=entry_id, state="requested")

    @api.post("/api/log/entries/{entry_id}/erasure/confirmation", act=Act.ERASE_ENTRY)
    async def confirm_erasure(who: Who, entry_id: Id) -> ErasureOut:
        """Confirm what another auditor asked for: the content is deleted, the leaf stays."""
        named = EntryId(entry_id)
        position = await auditing.write(lambda a: a.confirm_erasure(_of_party(who), named))
        return ErasureOut(entry_id=entry_id, state="erased", position=position)


async def _receipt(log: Log, entry_id: EntryId, kept: Kept) -> Receipt:
    proven = await log.wait(entry_id)
    return Receipt(
        body=kept.body,
        salt=kept.salt,
        position=proven.position,
        inclusion=proven.inclusion,
        checkpoint=proven.checkpoint,
    )


def _visible(log: Log, who: Principal) -> int:
    """Anonymous readers see the log late: how fast it grows would tell them when police look."""
    return log.public_size if who.kind is PrincipalKind.PUBLIC else log.size


def _of_party(who: Principal) -> Principal:
    if who.party_id is None:
        raise NotFoundError
    return who


def _place(cursor: str | None) -> Place | None:
    key = from_cursor(cursor)
    if key is None:
        return None
    at, _, n = key.partition(".")
    try:
        place = Place(int(at), int(n))
    except ValueError as error:
        raise InvalidError.of("cursor", "is not a cursor of this list") from error
    if max(abs(place.at), abs(place.n)) > SIZE_MAX:
        raise InvalidError.of("cursor", "is not a cursor of this list")
    return place


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
