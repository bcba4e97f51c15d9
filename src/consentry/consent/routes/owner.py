"""The owner's routes: seal, stop, look up what holds, who looked, and the receipts of both."""

import json
from typing import Annotated, Final

from fastapi import Query

from consentry.consent.model import WORDS
from consentry.consent.records import Access
from consentry.consent.schemas.owner import (
    AcceptedOut,
    AccessOut,
    CameraConsentOut,
    DeclinedOut,
    EnvelopeIn,
    KeyIn,
    KeyOut,
    KeysOut,
    ReceiptOut,
    StatementOut,
    StopReceiptOut,
    WaitingOut,
)
from consentry.consent.schemas.parts import PathId
from consentry.consent.service import Accepted, Consent, RefusedStatement
from consentry.infra.db import Work
from consentry.infra.web import Api, Page, Who, page_of
from consentry.infra.web.paging import Cursor, Limit, from_cursor
from consentry.kernel.access import Act
from consentry.kernel.clock import Clock
from consentry.kernel.errors import ConflictError, InvalidError
from consentry.kernel.ids import AskId, CameraId, EntryId, GrantId

from .desk import Desk

LIMIT_DEFAULT: Final = 50
VERSION_MAX: Final = 1_000_000
MALFORMED: Final = frozenset({"unknown_field", "bad_seal"})
"""Refusals that are about the statement itself; the rest are about its place in the order."""


def add_owner_routes(api: Api, consents: Work[Consent], desk: Desk, clock: Clock) -> None:
    _add_statements(api, consents, clock)
    _add_keys(api, consents)
    _add_accesses(api, consents, desk)
    _add_answers(api, consents)


def _add_statements(api: Api, consents: Work[Consent], clock: Clock) -> None:
    @api.post("/api/cameras/{camera_id}/statements", act=Act.SEAL_STATEMENTS, status_code=201)
    async def put_statement(who: Who, camera_id: PathId, body: EnvelopeIn) -> AcceptedOut:
        """Send a sealed statement: a grant, a revocation, an answer. The hub can make none."""
        envelope = body.to_envelope()
        put = await consents.write(lambda c: c.owner.put(who, CameraId(camera_id), envelope))
        if isinstance(put, RefusedStatement):
            raise refusal(put)
        return _accepted(put)

    @api.get("/api/cameras/{camera_id}/statements", act=Act.READ_OWN_STATEMENTS)
    async def list_statements(
        who: Who, camera_id: PathId, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
    ) -> Page[StatementOut]:
        """All that was sealed for your camera, in order of arrival, bytes and seals untouched."""
        after = _number(from_cursor(cursor))
        found = await consents.read(
            lambda c: c.owner.statements(who, CameraId(camera_id), after, limit + 1)
        )
        return page_of(found, limit, key=lambda each: str(each.n), show=StatementOut.of)

    @api.get("/api/cameras/{camera_id}/consent", act=Act.READ_OWN_STATEMENTS)
    async def read_consent(who: Who, camera_id: PathId) -> CameraConsentOut:
        """What holds for your camera now, and what your next statement must follow on."""

        def unit(consent: Consent) -> CameraConsentOut:
            state = consent.owner.state_or_empty(who, CameraId(camera_id))
            return CameraConsentOut.of(state, clock.now())

        return await consents.read(unit)

    @api.post("/api/cameras/{camera_id}/stop", act=Act.PAUSE_CAMERA)
    async def stop_camera(who: Who, camera_id: PathId) -> StopReceiptOut:
        """Stop sharing at once. One click, no key; only a sealed `resume` or `grant` reopens."""
        entry_id = await consents.write(lambda c: c.owner.stop(who, CameraId(camera_id)))
        return StopReceiptOut(entry_id=entry_id)

    @api.get("/api/cameras/{camera_id}/grants/{grant_id}/receipt", act=Act.READ_OWN_STATEMENTS)
    async def read_grant_receipt(
        who: Who,
        camera_id: PathId,
        grant_id: PathId,
        version: Annotated[int | None, Query(ge=1, le=VERSION_MAX)] = None,
    ) -> ReceiptOut:
        """The consent receipt of a grant in the shape of ISO/IEC TS 27560."""
        receipt = await consents.read(
            lambda c: c.accounts.receipt(who, CameraId(camera_id), GrantId(grant_id), version)
        )
        return ReceiptOut(receipt=receipt)


def _add_keys(api: Api, consents: Work[Consent]) -> None:
    @api.get("/api/owner/keys", act=Act.READ_OWN_STATEMENTS)
    async def list_keys(who: Who) -> KeysOut:
        """The keys that are pinned for you, the oldest first."""
        keys = await consents.read(lambda c: c.accounts.keys(who))
        return KeysOut(items=[KeyOut.of(each) for each in keys])

    @api.post("/api/owner/keys", act=Act.SEAL_STATEMENTS, status_code=201)
    async def register_key(who: Who, body: KeyIn) -> KeyOut:
        """Pin your first key. The hub gets the public half alone. Needs a fresh step-up."""
        return KeyOut.of(
            await consents.write(lambda c: c.accounts.register_key(who, body.key, body.proof))
        )


def _add_accesses(api: Api, consents: Work[Consent], desk: Desk) -> None:
    @api.get("/api/owner/accesses", act=Act.READ_OWN_ACCESSES)
    async def list_accesses(
        who: Who, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
    ) -> Page[AccessOut]:
        """Who asked for your cameras, when, why, and what was answered. Newest first."""
        before = from_cursor(cursor)

        def unit(consent: Consent) -> Page[AccessOut]:
            found = consent.accounts.accesses(who, before, limit + 1)
            names = consent.accounts.agencies(found)

            def show(access: Access) -> AccessOut:
                return AccessOut.of(access, names)

            return page_of(found, limit, key=lambda each: each.entry_id, show=show)

        return await consents.read(unit)

    @api.get("/api/owner/accesses/{entry_id}/receipt", act=Act.READ_OWN_ACCESSES)
    async def read_access_receipt(who: Who, entry_id: PathId) -> ReceiptOut:
        """The entry itself with its proof: keep it, and check it without us."""
        entry = await consents.read(lambda c: c.accounts.entry_for_receipt(who, EntryId(entry_id)))
        return ReceiptOut(receipt=json.loads(await desk.receipt(entry, who.party)))


def _add_answers(api: Api, consents: Work[Consent]) -> None:
    @api.get("/api/owner/asks", act=Act.ANSWER_ASK)
    async def list_waiting(
        who: Who, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
    ) -> Page[WaitingOut]:
        """Asks that wait for your yes or no. Newest first."""
        before = from_cursor(cursor)
        found = await consents.read(lambda c: c.accounts.waiting(who, before, limit + 1))
        return page_of(found, limit, key=lambda pair: pair[0].id, show=WaitingOut.of)

    @api.post("/api/owner/asks/{ask_id}/cameras/{camera_id}/refusal", act=Act.ANSWER_ASK)
    async def decline_ask(who: Who, ask_id: PathId, camera_id: PathId) -> DeclinedOut:
        """Say no to an ask for your camera. That needs no key."""
        await consents.write(lambda c: c.accounts.decline(who, AskId(ask_id), CameraId(camera_id)))
        return DeclinedOut(ask_id=ask_id, camera_id=camera_id)


def refusal(put: RefusedStatement) -> InvalidError | ConflictError:
    """What a refused statement answers: the field, what is wrong, and the next step in words."""
    why = put.rejection
    if why.reason.value in MALFORMED:
        return InvalidError.of(why.field, why.detail, slug=why.reason.value)
    words = f"{why.field} {why.detail}. {WORDS[why.reason]}"
    return ConflictError(words, slug=f"statement_{why.reason.value}")


def _accepted(put: Accepted) -> AcceptedOut:
    return AcceptedOut.of(put)


def _number(key: str | None) -> int:
    if key is None:
        return 0
    if not (key.isascii() and key.isdigit() and len(key) <= len(str(VERSION_MAX)) + 2):
        raise InvalidError.of("cursor", "is not a cursor of this list")
    return int(key)
