"""Second persons: approve, delay a notice, break the glass, review an ask."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.consent.model import (
    APPROVAL_LIFE,
    BREAK_GLASS_LIFE,
    NOTICE_DELAY_MAX,
    Approval,
    ApprovalKind,
)
from consentry.consent.ports import Approvals, AskRecords
from consentry.consent.records import WAITING, AskRecord, AskState, Lock
from consentry.identity import require_step_up
from consentry.kernel.access import Principal
from consentry.kernel.clock import Clock
from consentry.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from consentry.kernel.ids import AskId, PersonId

REVIEW_LIFE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversight:
    """What other people of the same agency say about an ask."""

    asks: AskRecords
    approvals: Approvals
    journal: Journal
    clock: Clock

    def approve(self, who: Principal, ask_id: AskId, ask_hash: str, reason: str) -> AskRecord:
        """Be the second person for exactly this ask. Whoever asked then opens it by renewing."""
        record = self._for_second_person(who, ask_id, ask_hash)
        if AskState.NEEDS_SECOND_PERSON not in {line.state for line in record.lines}:
            raise ConflictError("This ask waits for no second person.", slug="ask_not_waiting")
        now = self.clock.now()
        self._add_approval(
            who, record, ApprovalKind.SECOND_PERSON, reason, until=now + APPROVAL_LIFE
        )
        return record

    def delay_notice(
        self, who: Principal, ask_id: AskId, ask_hash: str, reason: str, hours: int
    ) -> AskRecord:
        """Let the owner know who and why only later. That there was an access shows at once."""
        record = self._for_second_person(who, ask_id, ask_hash)
        life = timedelta(hours=hours)
        if not timedelta(0) < life <= NOTICE_DELAY_MAX:
            limit = f"1 to {NOTICE_DELAY_MAX // timedelta(hours=1)}"
            raise InvalidError.of("hours", "is out of bounds", limit)
        until = self.clock.now() + life
        self._add_approval(who, record, ApprovalKind.DELAYED_NOTICE, reason, until=until)
        return record

    def break_glass(self, who: Principal, ask_id: AskId, ask_hash: str, reason: str) -> None:
        """Go on without the second person, never without the owner, and answer for it after.

        The actor then opens the ask by renewing it.
        """
        require_step_up(who, self.clock.now())
        record = self._own(who, ask_id)
        if record.person_id != who.person_id:
            raise DeniedError("Only whoever asked can break the glass.", slug="not_yours")
        self._check_hash(record, ask_hash)
        if record.state is not AskState.NEEDS_SECOND_PERSON:
            raise ConflictError("This ask waits for no second person.", slug="ask_not_waiting")
        now = self.clock.now()
        self._add_approval(
            who, record, ApprovalKind.BREAK_GLASS, reason, until=now + BREAK_GLASS_LIFE
        )
        self.asks.keep(replace(record, review_due_at=now + REVIEW_LIFE))

    def review(self, who: Principal, ask_id: AskId, finding: str) -> AskRecord:
        """Look at an ask afterwards and say whether it was right. Never by whoever asked."""
        record = self._own(who, ask_id)
        if record.person_id == who.person_id:
            raise DeniedError("Nobody reviews an ask of their own.", slug="own_ask")
        if record.state is AskState.REVIEWED:
            raise ConflictError("This ask has been reviewed.", slug="ask_closed")
        if record.state in WAITING:
            raise ConflictError("This ask is still waiting.", slug="ask_not_decided")
        now = self.clock.now()
        late = record.review_due_at is not None and now > record.review_due_at
        reviewed = replace(
            record,
            state=AskState.REVIEWED,
            reviewed_at=now,
            reviewed_by=person_of(who),
            review_finding=finding,
        )
        self.asks.keep(reviewed)
        self.journal.record(
            LoggedAct.ASK_REVIEWED,
            Actor.of(who),
            Subject(kind="ask", id=record.id),
            decision="late" if late else "in_time",
            reason=finding,
            changes={"ask": record.hash},
        )
        return reviewed

    def _own(self, who: Principal, ask_id: AskId) -> AskRecord:
        record = self.asks.find(ask_id, Lock.CHANGE)
        if record is None or record.party_id != who.party:
            raise NotFoundError
        return record

    def _for_second_person(self, who: Principal, ask_id: AskId, ask_hash: str) -> AskRecord:
        require_step_up(who, self.clock.now())
        record = self._own(who, ask_id)
        if record.person_id == who.person_id:
            raise DeniedError("Nobody approves an ask of their own.", slug="own_ask")
        self._check_hash(record, ask_hash)
        if record.state is AskState.REVIEWED:
            raise ConflictError("This ask has been reviewed. Ask anew.", slug="ask_closed")
        if is_over(record, self.clock.now()):
            raise ConflictError("This ask has lapsed. It must be made anew.", slug="ask_closed")
        return record

    def _check_hash(self, record: AskRecord, ask_hash: str) -> None:
        if ask_hash != record.hash:
            raise ConflictError(
                "What you approve is not this ask. Read it again and send its hash.",
                slug="ask_differs",
            )

    def _add_approval(
        self,
        who: Principal,
        record: AskRecord,
        kind: ApprovalKind,
        reason: str,
        *,
        until: datetime,
    ) -> None:
        broken = kind is ApprovalKind.BREAK_GLASS
        entry_id = self.journal.record(
            LoggedAct.BREAK_GLASS if broken else LoggedAct.ASK_APPROVED,
            Actor.of(who),
            Subject(kind="ask", id=record.id),
            decision=kind.value,
            reference=record.incident_id or record.case_reference,
            purpose=record.purpose.value,
            reason=reason,
            changes={"ask": record.hash},
        )
        approval = Approval(
            kind=kind,
            person_id=person_of(who),
            ask_hash=record.hash,
            at=self.clock.now(),
            ends_at=until,
            stepped_up=True,
            reason=reason,
        )
        self.approvals.add(record.id, approval, entry_id)


def is_over(record: AskRecord, now: datetime) -> bool:
    waiting = record.state in WAITING or record.state is AskState.LAPSED
    return waiting and now >= record.lapses_at


def person_of(who: Principal) -> PersonId:
    if who.person_id is None:
        raise DeniedError("Only a person can do this.")
    return who.person_id
