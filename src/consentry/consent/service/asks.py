"""Ask for cameras, be answered camera by camera, and leave an entry for every answer.

All that a decision rests on is read and locked in its own transaction; the permit exists once, in
the entry that this transaction writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from consentry.audit import SYSTEM, Actor, Journal, LoggedAct, Subject
from consentry.consent.model import (
    Ask,
    Obligation,
    Opening,
    Permit,
    Reason,
    Refusal,
    SecondPersonCause,
    hash_ask,
)
from consentry.consent.ports import Stores
from consentry.consent.records import (
    WAITING,
    Access,
    AnswerWord,
    AskLine,
    AskRecord,
    AskState,
    Lock,
)
from consentry.consent.rules import decide
from consentry.consent.tickets import Access as TicketAccess, Route, access_of, write_access
from consentry.consent.zones import TZDATA_VERSION
from consentry.kernel.access import Principal, Role
from consentry.kernel.canonical import Json
from consentry.kernel.clock import Clock
from consentry.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from consentry.kernel.ids import (
    AskId,
    EntryId,
    IdSource,
    SessionId,
    TicketId,
)

from .drafts import AskDraft, check_draft
from .facts import Facts
from .oversight import REVIEW_LIFE, is_over, person_of

STREAM: Final = "main"
ASK_LIFE: Final = timedelta(hours=24)
"""An ask that nobody answered lapses."""

LAPSES_AT_ONCE: Final = 200

_ROLES: Final = (Role.OPERATOR, Role.RESPONDER, Role.INVESTIGATOR)
_LOGGED: Final = {
    AskState.PERMITTED: LoggedAct.ASK_PERMITTED,
    AskState.REFUSED: LoggedAct.ASK_REFUSED,
    AskState.NEEDS_OWNER: LoggedAct.ASK_WAITING,
    AskState.NEEDS_SECOND_PERSON: LoggedAct.ASK_WAITING,
}
_STATES: Final = {
    Reason.OWNER_HAS_NOT_ANSWERED: AskState.NEEDS_OWNER,
    Reason.NEEDS_SECOND_PERSON: AskState.NEEDS_SECOND_PERSON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One camera's answer. `ticket` is the permit as the entry holds it; empty for all else."""

    line: AskLine
    entry_id: EntryId | None
    ticket: Mapping[str, Json] = field(default_factory=dict)
    obligations: frozenset[Obligation] = frozenset()
    causes: frozenset[SecondPersonCause] = frozenset()
    notice_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ask: AskRecord
    decided: tuple[Decided, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """Asks of one agency's people."""

    stores: Stores
    facts: Facts
    journal: Journal
    clock: Clock
    ids: IdSource

    def ask(self, who: Principal, draft: AskDraft) -> Outcome:
        """Decide an ask for each of its cameras, in one transaction."""
        check_draft(draft)
        record = self._record(who, draft)
        self._hold(record)
        decided = [self._decide(who, record, line) for line in record.lines]
        record = _with(record, decided)
        self.stores.asks.add(record)
        self._tell_owners(record, decided)
        return Outcome(ask=record, decided=tuple(decided))

    def renew(self, who: Principal, ask_id: AskId) -> Outcome:
        """Decide again: after an answer or an approval, or because a permit comes to its end."""
        record = self._own(who, ask_id)
        if record.person_id != who.person_id:
            raise DeniedError("Only whoever asked can open what was asked for.", slug="not_yours")
        if record.state is AskState.REVIEWED:
            raise ConflictError("This ask has been reviewed. Ask anew.", slug="ask_closed")
        if is_over(record, self.clock.now()):
            return Outcome(ask=self._lapse(record), decided=())
        self._hold(record)
        decided = [self._decide(who, record, line) for line in record.lines]
        record = _with(record, decided)
        self.stores.asks.keep(record)
        self._tell_owners(record, decided)
        return Outcome(ask=record, decided=tuple(decided))

    def find(self, who: Principal, ask_id: AskId) -> AskRecord:
        record = self.stores.asks.find(ask_id)
        if record is None or record.party_id != who.party:
            raise NotFoundError
        return record

    def of_party(self, who: Principal, before: str | None, limit: int) -> Sequence[AskRecord]:
        return self.stores.asks.of_party(who.party, before, limit)

    def lapse_waiting(self) -> int:
        """Close what nobody answered in time. For a job that runs every minute."""
        lapsing = self.stores.asks.lapsing(self.clock.now(), LAPSES_AT_ONCE)
        for record in lapsing:
            self._lapse(record)
        return len(lapsing)

    def _record(self, who: Principal, draft: AskDraft) -> AskRecord:
        now = self.clock.now()
        cameras = sorted(draft.camera_ids)
        if draft.incident_id is not None:
            self.facts.incident(draft.incident_id, who.party)
        owners = {camera_id: self.facts.owner_of(camera_id) for camera_id in cameras}
        record = AskRecord(
            id=AskId(self.ids()),
            party_id=who.party,
            person_id=person_of(who),
            person_name=who.name,
            session_id=who.session_id or SessionId(""),
            role=_role(who, draft),
            use=draft.use,
            purpose=draft.purpose,
            incident_id=draft.incident_id,
            case_reference=draft.case_reference,
            reason=draft.reason,
            window=draft.window,
            asked_at=now,
            lapses_at=now + ASK_LIFE,
            state=AskState.DRAFT,
            hash="",
            lines=tuple(
                AskLine(camera_id=camera_id, owner_id=owners[camera_id], state=AskState.DRAFT)
                for camera_id in cameras
            ),
        )
        return replace(record, hash=hash_ask(_ask_of(record, record.lines[0]), cameras))

    def _hold(self, record: AskRecord) -> None:
        """Take every lock in one order, so that no two asks ever wait for each other."""
        self.facts.hold_agency(record.party_id)
        if record.incident_id is not None:
            self.stores.openings.wait_for_turn(record.incident_id)

    def _decide(self, who: Principal, record: AskRecord, line: AskLine) -> Decided:
        if line.answer is AnswerWord.NO:
            return Decided(line=line, entry_id=None)  # asked again, a no stays a no
        ask = _ask_of(record, line)
        approvals = tuple(self.stores.approvals.of_ask(record.id))
        known = self.facts.know(ask, who, line.opened_at, approvals)
        decision = decide(ask, known.grants, known.context)
        if isinstance(decision, Refusal):
            return self._refused(who, record, line, decision)
        edge_id = self.facts.edge_of(line.camera_id)
        if edge_id is None:  # nothing could carry the permit out: unknown means no
            return self._refused(who, record, line, Refusal(ask=ask, reason=Reason.UNKNOWN_FIELD))
        route = Route(
            ticket_id=TicketId(self.ids()),
            edge_id=edge_id,
            stream=STREAM,
            seq=known.seq,
            tzdata=TZDATA_VERSION,
        )
        return self._permitted(
            who, record, line, decision, access_of(decision, known.context, route)
        )

    def _permitted(
        self,
        who: Principal,
        record: AskRecord,
        line: AskLine,
        permit: Permit,
        access: TicketAccess,
    ) -> Decided:
        now = self.clock.now()
        ticket = write_access(access)
        entry_id = self.journal.record(
            LoggedAct.ASK_PERMITTED,
            Actor.of(who),
            Subject(kind="camera", id=line.camera_id, party=line.owner_id),
            decision="permit",
            reference=record.incident_id or record.case_reference,
            purpose=record.purpose.value,
            reason=record.reason,
            changes={"ask": record.hash},
            ticket=ticket,
        )
        if line.opened_at is None and record.incident_id is not None:
            opening = Opening(camera_id=line.camera_id, owner_id=line.owner_id, at=now)
            self.stores.openings.add(record.incident_id, opening)
        opened = replace(
            line,
            state=AskState.PERMITTED,
            reason=None,
            opened_at=line.opened_at or now,
            causes=permit.causes,
            obligations=permit.obligations,
            until=access.until,
            ticket_id=access.ticket_id,
            entry_id=entry_id,
        )
        return Decided(
            line=opened,
            entry_id=entry_id,
            ticket=ticket,
            obligations=permit.obligations,
            causes=permit.causes,
            notice_at=permit.notice_at,
        )

    def _refused(
        self, who: Principal, record: AskRecord, line: AskLine, refusal: Refusal
    ) -> Decided:
        state = _STATES.get(refusal.reason, AskState.REFUSED)
        closed = replace(
            line,
            state=state,
            reason=refusal.reason,
            causes=refusal.causes,
            obligations=frozenset(),
            until=None,
            ticket_id=None,
        )
        if state in WAITING and closed == replace(line, causes=refusal.causes):
            return Decided(line=closed, entry_id=None, causes=refusal.causes)
        entry_id = self.journal.record(
            _LOGGED[state],
            Actor.of(who),
            Subject(kind="camera", id=line.camera_id, party=line.owner_id),
            decision=refusal.reason.value,
            reference=record.incident_id or record.case_reference,
            purpose=record.purpose.value,
            reason=record.reason,
            changes={"ask": record.hash},
        )
        told = replace(closed, entry_id=entry_id)
        return Decided(line=told, entry_id=entry_id, causes=refusal.causes)

    def _tell_owners(self, record: AskRecord, decided: Sequence[Decided]) -> None:
        for each in decided:
            if each.entry_id is not None:
                self.stores.asks.add_access(_access(record, each, self.clock.now()))

    def _own(self, who: Principal, ask_id: AskId) -> AskRecord:
        record = self.stores.asks.find(ask_id, Lock.CHANGE)
        if record is None or record.party_id != who.party:
            raise NotFoundError
        return record

    def _lapse(self, record: AskRecord) -> AskRecord:
        lines = tuple(
            replace(line, state=AskState.LAPSED) if line.state in WAITING else line
            for line in record.lines
        )
        lapsed = replace(record, state=AskState.LAPSED, lines=lines)
        self.stores.asks.keep(lapsed)
        self.journal.record(
            LoggedAct.ASK_LAPSED,
            SYSTEM,
            Subject(kind="ask", id=record.id),
            reference=record.incident_id or record.case_reference,
            purpose=record.purpose.value,
            changes={"ask": record.hash},
        )
        return lapsed


def _ask_of(record: AskRecord, line: AskLine) -> Ask:
    return Ask(
        id=record.id,
        camera_id=line.camera_id,
        agency_id=record.party_id,
        person_id=record.person_id,
        role=record.role,
        use=record.use,
        purpose=record.purpose,
        hash=record.hash,
        incident_id=record.incident_id,
        case_reference=record.case_reference,
        reason=record.reason,
        window=record.window,
    )


def _role(who: Principal, draft: AskDraft) -> Role:
    """The role named, or the first of the asking roles that the person holds."""
    held = [role for role in _ROLES if role in who.roles]
    if draft.role is not None and draft.role not in held:
        raise InvalidError.of("role", "is not one in which you can ask", ", ".join(held) or None)
    if draft.role is None and not held:
        raise DeniedError("Your roles do not include asking.")
    if draft.role is None and draft.case_reference and Role.INVESTIGATOR in held:
        return Role.INVESTIGATOR
    return draft.role or held[0]


def _with(record: AskRecord, decided: Sequence[Decided]) -> AskRecord:
    """The ask with its lines as decided; waiting for anyone outweighs what is open already."""
    lines = tuple(each.line for each in decided)
    states = {line.state for line in lines}
    order = (
        AskState.NEEDS_SECOND_PERSON,
        AskState.NEEDS_OWNER,
        AskState.PERMITTED,
        AskState.REFUSED,
    )
    due = record.review_due_at
    if due is None and any(Obligation.POST_REVIEW_24H in each.obligations for each in decided):
        opened = max(line.opened_at for line in lines if line.opened_at is not None)
        due = opened + REVIEW_LIFE
    state = next(state for state in order if state in states)
    return replace(record, state=state, lines=lines, review_due_at=due)


def _access(record: AskRecord, decided: Decided, now: datetime) -> Access:
    assert decided.entry_id is not None  # noqa: S101 only entries are told
    line = decided.line
    return Access(
        entry_id=decided.entry_id,
        camera_id=line.camera_id,
        owner_id=line.owner_id,
        at=now,
        decision=line.state.value,
        reason=line.reason,
        until=line.until,
        hidden_until=decided.notice_at,
        ask=record,
    )
