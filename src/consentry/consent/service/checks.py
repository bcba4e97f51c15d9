"""What only the hub can check of a statement: names, zones and asks that must exist, and be now."""

from dataclasses import dataclass
from datetime import datetime

from consentry.consent.bodies import AnswerTerms, Body, GrantTerms, Rotation, Sharing
from consentry.consent.model import Reason, Span
from consentry.consent.ports import Outside, Stores
from consentry.consent.records import AnswerWord, AskRecord
from consentry.consent.state import Rejection
from consentry.consent.statements import Statement
from consentry.consent.zones import names
from consentry.kernel.clock import Clock, to_text
from consentry.kernel.ids import CameraId, PartyId


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """An edge need not ask any of this: it would merely never open. An owner wants to be told."""

    stores: Stores
    outside: Outside
    clock: Clock

    def wrong(self, party_id: PartyId, statement: Statement) -> Rejection | None:
        body = statement.body
        expired = self._expired(body)
        if expired is not None:
            return expired
        if isinstance(body, GrantTerms):
            return self._grant(body)
        if isinstance(body, AnswerTerms):
            return self._answer(statement.camera_id, body)
        if isinstance(body, Rotation):
            return self._rotation(party_id, body)
        return None

    def answer_word(self, body: AnswerTerms) -> AnswerWord:
        """Part: less of the captured time than was asked for."""
        ask = self.stores.asks.find(body.ask_id)
        if ask is None or ask.window is None or _covers(body.window, ask.window):
            return AnswerWord.YES
        return AnswerWord.PART

    def _expired(self, body: Body) -> Rejection | None:
        now = self.clock.now()
        if isinstance(body, GrantTerms | AnswerTerms) and body.not_after <= now:
            return _rejection("not_after", _past(now))
        if isinstance(body, Sharing) and body.until <= now:
            return _rejection("until", _past(now))
        return None

    def _grant(self, body: GrantTerms) -> Rejection | None:
        if body.tz and body.tz not in names():
            return _rejection("tz", "is not a known time zone, such as Europe/Berlin")
        known = self.outside.people.names(sorted(body.agencies))
        unknown = sorted(body.agencies - known.keys())
        if unknown:
            return _rejection("agencies", f"names {unknown[0]}, which is no party of this hub")
        return None

    def _answer(self, camera_id: CameraId, body: AnswerTerms) -> Rejection | None:
        ask = self.stores.asks.find(body.ask_id)
        if ask is None or ask.line(camera_id) is None:
            return _rejection("ask", "is no ask for this camera")
        if (ask.party_id, ask.use, ask.purpose) != (body.agency_id, body.use, body.purpose):
            return _rejection("ask", "was made by another agency, or for another use or purpose")
        return _window(body, ask)

    def _rotation(self, party_id: PartyId, body: Rotation) -> Rejection | None:
        holder = self.stores.keys.party_of(bytes.fromhex(body.key))
        if holder is not None and holder != party_id:
            return _rejection("key", "is pinned for somebody else")
        return None


def _window(body: AnswerTerms, ask: AskRecord) -> Rejection | None:
    if ask.window is not None and not _covers(ask.window, body.window):
        return _rejection("until", "reaches beyond the window that was asked for")
    return None


def _covers(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _past(now: datetime) -> str:
    return f"lies in the past: it is {to_text(now)}"


def _rejection(field: str, detail: str) -> Rejection:
    return Rejection(reason=Reason.UNKNOWN_FIELD, field=f"body.{field}", detail=detail)
