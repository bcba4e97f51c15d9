"""Ask, read, approve, break the glass, review, open again."""

import json
from collections.abc import Callable
from datetime import datetime

from consentry.consent.records import AskRecord
from consentry.consent.schemas.asks import (
    ApprovalIn,
    AskIn,
    AskOut,
    DelayIn,
    LineOut,
    ReviewIn,
    TicketOut,
)
from consentry.consent.schemas.parts import PathId
from consentry.consent.service import Consent, Outcome
from consentry.infra.db import Work
from consentry.infra.web import Api, Page, Who, page_of
from consentry.infra.web.paging import Cursor, Limit, from_cursor
from consentry.kernel.access import Act
from consentry.kernel.clock import Clock
from consentry.kernel.ids import AskId

from .desk import Desk

LIMIT_DEFAULT = 50


def add_ask_routes(api: Api, consents: Work[Consent], desk: Desk, clock: Clock) -> None:
    def show(ask: AskRecord) -> AskOut:
        return AskOut.of(ask, clock.now())

    @api.post("/api/asks", act=Act.ASK, status_code=201)
    async def ask(who: Who, body: AskIn) -> AskOut:
        """Ask for up to 16 cameras. Each is answered apart; a permit comes with its ticket.

        No receipt, no video: where the log does not answer in time there is no ticket, and the
        ask can be opened later by renewing it.
        """
        draft = body.to_draft()
        outcome = await consents.write(lambda c: c.asks.ask(who, draft))
        return await _answer(desk, outcome, clock.now())

    @api.get("/api/asks", act=Act.READ_ASKS)
    async def list_asks(
        who: Who, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
    ) -> Page[AskOut]:
        """Your agency's asks, newest first."""
        before = from_cursor(cursor)
        found = await consents.read(lambda c: c.asks.of_party(who, before, limit + 1))
        return page_of(found, limit, key=lambda each: each.id, show=show)

    @api.get("/api/asks/{ask_id}", act=Act.READ_ASKS)
    async def read_ask(who: Who, ask_id: PathId) -> AskOut:
        """One ask with its cameras and approvals."""
        return show(await consents.read(lambda c: c.asks.find(who, AskId(ask_id))))

    @api.post("/api/asks/{ask_id}/renewal", act=Act.ASK)
    async def renew_ask(who: Who, ask_id: PathId) -> AskOut:
        """Decide again: after an answer or approval, or before a permit ends."""
        outcome = await consents.write(lambda c: c.asks.renew(who, AskId(ask_id)))
        return await _answer(desk, outcome, clock.now())

    @api.post("/api/asks/{ask_id}/break-glass", act=Act.ASK)
    async def break_glass(who: Who, ask_id: PathId, body: ApprovalIn) -> AskOut:
        """Go on without the second person for at most an hour. It is counted and reviewed."""

        def unit(consent: Consent) -> Outcome:
            consent.oversight.break_glass(who, AskId(ask_id), body.hash, body.reason)
            return consent.asks.renew(who, AskId(ask_id))

        return await _answer(desk, await consents.write(unit), clock.now())

    _add_oversight(api, consents, show)


def _add_oversight(api: Api, consents: Work[Consent], show: Callable[[AskRecord], AskOut]) -> None:
    @api.post("/api/asks/{ask_id}/approval", act=Act.APPROVE_ASK)
    async def approve_ask(who: Who, ask_id: PathId, body: ApprovalIn) -> AskOut:
        """Be the second person for exactly this ask, for an hour. Needs a fresh step-up."""

        def unit(consent: Consent) -> AskRecord:
            consent.oversight.approve(who, AskId(ask_id), body.hash, body.reason)
            return consent.asks.find(who, AskId(ask_id))

        return show(await consents.write(unit))

    @api.post("/api/asks/{ask_id}/notice-delay", act=Act.APPROVE_ASK)
    async def delay_notice(who: Who, ask_id: PathId, body: DelayIn) -> AskOut:
        """Tell the owner who and why only later, at most 72 hours. The access itself shows."""

        def unit(consent: Consent) -> AskRecord:
            consent.oversight.delay_notice(who, AskId(ask_id), body.hash, body.reason, body.hours)
            return consent.asks.find(who, AskId(ask_id))

        return show(await consents.write(unit))

    @api.post("/api/asks/{ask_id}/review", act=Act.REVIEW_ASK)
    async def review_ask(who: Who, ask_id: PathId, body: ReviewIn) -> AskOut:
        """Say afterwards whether it was right. Broken glass is reviewed within 24 hours."""
        return show(
            await consents.write(lambda c: c.oversight.review(who, AskId(ask_id), body.finding))
        )


async def _answer(desk: Desk, outcome: Outcome, now: datetime) -> AskOut:
    lines = []
    for each in outcome.decided:
        opening = None
        if each.entry_id is not None and each.ticket:
            issued = await desk.issue(each.entry_id, outcome.ask.party_id)
            receipt = json.loads(issued.receipt)
            opening = TicketOut(ticket=dict(issued.ticket), receipt=receipt)
        lines.append(LineOut.decided(each, opening))
    return AskOut.of(outcome.ask, now, lines)
