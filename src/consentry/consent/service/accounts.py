"""What owners can look up: their keys, their grants' receipts, who looked, who waits for a yes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.consent.model import Reason
from consentry.consent.ports import Outside, Stores
from consentry.consent.receipts import Issue, consent_receipt, state_of
from consentry.consent.records import (
    WAITING,
    Access,
    AnswerWord,
    AskLine,
    AskRecord,
    AskState,
    Lock,
    OwnerKey,
)
from consentry.consent.sealing import key_claim
from consentry.consent.state import facts
from consentry.consent.statements import verifies
from consentry.identity import require_step_up
from consentry.kernel.access import Principal
from consentry.kernel.canonical import Json
from consentry.kernel.clock import Clock
from consentry.kernel.errors import ConflictError, InvalidError, NotFoundError
from consentry.kernel.ids import AskId, CameraId, EntryId, GrantId

from .owner import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    stores: Stores
    outside: Outside
    owner: Owner
    journal: Journal
    clock: Clock

    def keys(self, who: Principal) -> Sequence[OwnerKey]:
        return self.stores.keys.of_party(who.party)

    def register_key(self, who: Principal, key: str, proof: str) -> OwnerKey:
        """Pin a party's first key. Every later one follows from a sealed `rotate`."""
        require_step_up(who, self.clock.now())
        if self.stores.keys.of_party(who.party):
            raise ConflictError(
                "Your first key is pinned. Seal a `rotate` with it to bring in another; "
                "a lost key is reset at the box.",
                slug="key_pinned",
            )
        if not verifies(key, proof, key_claim(self.outside.hub.origin, who.party, key)):
            raise InvalidError.of("proof", "is not this key's signature over the claim")
        pinned = OwnerKey(party_id=who.party, key=key, pinned_at=self.clock.now())
        self.stores.keys.pin(pinned)
        self.journal.record(
            LoggedAct.KEY_CHANGED,
            Actor.of(who),
            Subject(kind="owner_key", id=key, party=who.party),
            decision="pinned",
        )
        return pinned

    def receipt(
        self, who: Principal, camera_id: CameraId, grant_id: GrantId, version: int | None
    ) -> dict[str, Json]:
        """The consent receipt of one grant version, the newest unless one is named."""
        state = self.owner.state(who, camera_id)
        versions = [g for g in (state.grants if state else ()) if g.id == grant_id]
        wanted = [g for g in versions if version in (None, g.version)]
        if state is None or not wanted:
            raise NotFoundError
        grant = max(wanted, key=lambda g: g.version)
        held = self.stores.statements.by_hash(camera_id, grant.hash)
        if held is None:
            raise NotFoundError
        names = self.outside.people.names([who.party, *grant.agencies])
        now = self.clock.now()
        pauses = facts(state, now).pauses
        issue = Issue(
            grant=grant,
            held=held,
            owner_id=who.party,
            owner_name=names.get(who.party, ""),
            agencies={each: names.get(each, "") for each in grant.agencies},
            state=state_of(grant, pauses, now),
            at=now,
        )
        return consent_receipt(self.outside.hub, issue)

    def accesses(self, who: Principal, before: str | None, limit: int) -> Sequence[Access]:
        found = self.stores.asks.accesses(who.party, before, limit)
        return [self._told(each) for each in found]

    def access(self, who: Principal, entry_id: EntryId) -> Access:
        access = self.stores.asks.access(who.party, entry_id)
        if access is None:
            raise NotFoundError
        return self._told(access)

    def agencies(self, accesses: Sequence[Access]) -> dict[str, str]:
        """Names of the agencies behind accesses, in one look-up."""
        return dict(self.outside.people.names({each.ask.party_id for each in accesses}))

    def entry_for_receipt(self, who: Principal, entry_id: EntryId) -> EntryId:
        """The entry whose receipt this owner may have, once its notice is not delayed."""
        access = self.access(who, entry_id)
        if access.hidden_until is not None:
            raise ConflictError(
                "This receipt is lawfully delayed. That there was an access shows in your list; "
                "who and why follow at the time it names.",
                slug="notice_delayed",
            )
        return access.entry_id

    def waiting(
        self, who: Principal, before: str | None, limit: int
    ) -> Sequence[tuple[AskRecord, AskLine]]:
        """Asks that wait for this owner's yes or no."""
        return self.stores.asks.waiting_for_owner(who.party, before, limit)

    def decline(self, who: Principal, ask_id: AskId, camera_id: CameraId) -> AskRecord:
        """Say no. That needs no key; a yes is a sealed `answer`."""
        self.owner.camera(who, camera_id)
        ask = self.stores.asks.find(ask_id, Lock.CHANGE)
        line = None if ask is None else ask.line(camera_id)
        if ask is None or line is None or line.owner_id != who.party:
            raise NotFoundError
        if line.state not in WAITING:
            raise ConflictError("This ask waits for no answer.", slug="ask_not_waiting")
        closed = replace(line, state=AskState.REFUSED, reason=Reason.OWNER_HAS_NOT_ANSWERED)
        lines = tuple(closed if each.camera_id == camera_id else each for each in ask.lines)
        states = {each.state for each in lines}
        order = (AskState.NEEDS_SECOND_PERSON, AskState.NEEDS_OWNER, AskState.PERMITTED)
        state = next((each for each in order if each in states), AskState.REFUSED)
        declined = replace(ask, lines=lines, state=state)
        self.stores.asks.keep(declined)
        self.stores.asks.answer(ask_id, camera_id, AnswerWord.NO)
        self.journal.record(
            LoggedAct.ASK_REFUSED,
            Actor.of(who),
            Subject(kind="camera", id=camera_id, party=who.party),
            decision="owner_declined",
            reference=ask.incident_id or ask.case_reference,
            purpose=ask.purpose.value,
            changes={"ask": ask.hash},
        )
        return declined

    def _told(self, access: Access) -> Access:
        """As the owner may see it now: a delay hides who and why, never that it happened."""
        hidden = access.hidden_until
        if hidden is not None and hidden <= self.clock.now():
            return replace(access, hidden_until=None)
        return access
