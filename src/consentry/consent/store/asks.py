"""Asks with their cameras, approvals, accesses, and the cameras opened to an incident."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, insert, select, update

from consentry.consent.model import (
    Approval,
    ApprovalKind,
    Obligation,
    Opening,
    Purpose,
    Reason,
    SecondPersonCause,
    Span,
    Use,
)
from consentry.consent.records import (
    WAITING,
    Access,
    AnswerWord,
    AskLine,
    AskRecord,
    AskState,
    Lock,
)
from consentry.consent.tables import (
    consent_access,
    consent_approval,
    consent_ask,
    consent_ask_camera,
    consent_incident,
    consent_opening,
)
from consentry.infra.db import Transaction
from consentry.infra.db.dialect import upsert
from consentry.kernel.access import Role
from consentry.kernel.ids import AskId, CameraId, EntryId, IncidentId, PartyId

from .locks import insert_missing, locked

LAST = "~"
"""Sorts after every id: the first page of a list that runs from the newest back."""


class SqlAsks:
    """Implements `ports.Asks`."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def add(self, ask: AskRecord) -> None:
        self._connection.execute(insert(consent_ask).values(_ask_row(ask)))
        rows = [_line_row(ask.id, line) for line in ask.lines]
        self._connection.execute(insert(consent_ask_camera), rows)

    def keep(self, ask: AskRecord) -> None:
        self._connection.execute(
            update(consent_ask).where(consent_ask.c.id == ask.id).values(_ask_row(ask))
        )
        for line in ask.lines:
            held = (consent_ask_camera.c.ask_id == ask.id) & (
                consent_ask_camera.c.camera_id == line.camera_id
            )
            values = _line_row(ask.id, line)
            del values["answer"]  # the owner's own, and perhaps given since this ask was read
            self._connection.execute(update(consent_ask_camera).where(held).values(values))

    def answer(self, ask_id: AskId, camera_id: CameraId, word: AnswerWord) -> None:
        held = (consent_ask_camera.c.ask_id == ask_id) & (
            consent_ask_camera.c.camera_id == camera_id
        )
        answered = update(consent_ask_camera).where(held).values(answer=word.value)
        self._connection.execute(answered)

    def find(self, ask_id: AskId, lock: Lock = Lock.NONE) -> AskRecord | None:
        found = self._asks(locked(select(consent_ask).where(consent_ask.c.id == ask_id), lock))
        return found[0] if found else None

    def of_party(self, party_id: PartyId, before: str | None, limit: int) -> Sequence[AskRecord]:
        query = select(consent_ask).where(
            consent_ask.c.party_id == party_id, consent_ask.c.id < (before or LAST)
        )
        return self._asks(query.order_by(consent_ask.c.id.desc()).limit(limit))

    def waiting_for_owner(
        self, owner_id: PartyId, before: str | None, limit: int
    ) -> Sequence[tuple[AskRecord, AskLine]]:
        line = consent_ask_camera.c
        query = (
            select(line.ask_id, line.camera_id)
            .where(line.owner_id == owner_id, line.state == AskState.NEEDS_OWNER.value)
            .where(line.answer.is_(None), line.ask_id < (before or LAST))
            .order_by(line.ask_id.desc(), line.camera_id)
            .limit(limit)
        )
        found = [(row.ask_id, row.camera_id) for row in self._connection.execute(query)]
        asks = self._by_id(ask_id for ask_id, _ in found)
        pairs = ((asks[ask_id], asks[ask_id].line(camera_id)) for ask_id, camera_id in found)
        return [(ask, held) for ask, held in pairs if held is not None]

    def lapsing(self, now: datetime, limit: int) -> Sequence[AskRecord]:
        query = (
            select(consent_ask)
            .where(consent_ask.c.state.in_([state.value for state in sorted(WAITING)]))
            .where(consent_ask.c.lapses_at <= now)
            .order_by(consent_ask.c.lapses_at)
            .limit(limit)
        )
        return self._asks(locked(query, Lock.CHANGE))

    def add_access(self, access: Access) -> None:
        self._connection.execute(insert(consent_access).values(_access_row(access)))

    def accesses(self, owner_id: PartyId, before: str | None, limit: int) -> Sequence[Access]:
        query = select(consent_access).where(
            consent_access.c.owner_id == owner_id, consent_access.c.entry_id < (before or LAST)
        )
        return self._accesses(query.order_by(consent_access.c.entry_id.desc()).limit(limit))

    def access(self, owner_id: PartyId, entry_id: EntryId) -> Access | None:
        query = select(consent_access).where(
            consent_access.c.owner_id == owner_id, consent_access.c.entry_id == entry_id
        )
        found = self._accesses(query)
        return found[0] if found else None

    def _accesses(self, query: "Select[Any]") -> list[Access]:
        rows = list(self._connection.execute(query).mappings())
        asks = self._by_id(row["ask_id"] for row in rows)
        return [_access_from(row, asks[row["ask_id"]]) for row in rows]

    def _by_id(self, ids: Iterable[str]) -> dict[str, AskRecord]:
        wanted = sorted(set(ids))
        found = self._asks(select(consent_ask).where(consent_ask.c.id.in_(wanted)))
        return {ask.id: ask for ask in found}

    def _asks(self, query: "Select[Any]") -> list[AskRecord]:
        rows = list(self._connection.execute(query).mappings())
        lines: dict[str, list[AskLine]] = {row["id"]: [] for row in rows}
        of_these = (
            select(consent_ask_camera)
            .where(consent_ask_camera.c.ask_id.in_(sorted(lines)))
            .order_by(consent_ask_camera.c.ask_id, consent_ask_camera.c.camera_id)
        )
        for row in self._connection.execute(of_these).mappings():
            lines[row["ask_id"]].append(_line_from(row))
        approvals = self._approvals(lines)
        return [_ask_from(row, lines[row["id"]], approvals[row["id"]]) for row in rows]

    def _approvals(self, ask_ids: Iterable[str]) -> dict[str, list[Approval]]:
        found: dict[str, list[Approval]] = {ask_id: [] for ask_id in ask_ids}
        query = (
            select(consent_approval)
            .where(consent_approval.c.ask_id.in_(sorted(found)))
            .order_by(consent_approval.c.at)
        )
        for row in self._connection.execute(query).mappings():
            found[row["ask_id"]].append(_approval_from(row))
        return found


class SqlApprovals:
    """Implements `ports.Approvals`."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def add(self, ask_id: AskId, approval: Approval, entry_id: EntryId) -> None:
        values = asdict(approval) | {
            "ask_id": ask_id,
            "kind": approval.kind.value,
            "entry_id": entry_id,
        }
        self._connection.execute(insert(consent_approval).values(values))

    def of_ask(self, ask_id: AskId) -> Sequence[Approval]:
        query = select(consent_approval).where(consent_approval.c.ask_id == ask_id)
        rows = self._connection.execute(query.order_by(consent_approval.c.at)).mappings()
        return [_approval_from(row) for row in rows]


class SqlOpenings:
    """Implements `ports.Openings`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._connection = tx.connection

    def wait_for_turn(self, incident_id: IncidentId) -> None:
        row = {"incident_id": incident_id}
        self._connection.execute(insert_missing(self._tx.on_sqlite, consent_incident, row))
        query = select(consent_incident).where(consent_incident.c.incident_id == incident_id)
        self._connection.execute(locked(query, Lock.CHANGE))

    def since(self, incident_id: IncidentId, bound: datetime) -> Sequence[Opening]:
        query = select(
            consent_opening.c.camera_id, consent_opening.c.owner_id, consent_opening.c.at
        ).where(consent_opening.c.incident_id == incident_id, consent_opening.c.at >= bound)
        rows = self._connection.execute(query.order_by(consent_opening.c.camera_id)).mappings()
        return [Opening(**row) for row in rows]

    def add(self, incident_id: IncidentId, opening: Opening) -> None:
        """The newest opening of a camera stands for all of them: it ends the span last."""
        values = asdict(opening) | {"incident_id": incident_id}
        keys = ["incident_id", "camera_id"]
        self._connection.execute(upsert(self._tx.on_sqlite, consent_opening, values, keys))


def _ask_row(ask: AskRecord) -> dict[str, Any]:
    row = {name: getattr(ask, name) for name in _PLAIN}
    return row | {
        "role": ask.role.value,
        "use": ask.use.value,
        "purpose": ask.purpose.value,
        "state": ask.state.value,
        "window_from": None if ask.window is None else ask.window.start,
        "window_until": None if ask.window is None else ask.window.end,
    }


_PLAIN = (
    *("id", "party_id", "person_id", "person_name", "session_id", "incident_id"),
    *("case_reference", "reason", "asked_at", "lapses_at", "hash", "review_due_at"),
    *("reviewed_at", "reviewed_by", "review_finding"),
)


def _ask_from(
    row: RowMapping, lines: Sequence[AskLine], approvals: Sequence[Approval]
) -> AskRecord:
    window = None
    if row["window_from"] is not None and row["window_until"] is not None:
        window = Span(start=row["window_from"], end=row["window_until"])
    return AskRecord(
        **{name: row[name] for name in _PLAIN},
        role=Role(row["role"]),
        use=Use(row["use"]),
        purpose=Purpose(row["purpose"]),
        state=AskState(row["state"]),
        window=window,
        lines=tuple(lines),
        approvals=tuple(approvals),
    )


def _line_row(ask_id: AskId, line: AskLine) -> dict[str, Any]:
    return asdict(line) | {
        "ask_id": ask_id,
        "state": line.state.value,
        "reason": None if line.reason is None else line.reason.value,
        "causes": sorted(each.value for each in line.causes),
        "obligations": sorted(each.value for each in line.obligations),
        "answer": None if line.answer is None else line.answer.value,
    }


def _line_from(row: RowMapping) -> AskLine:
    return AskLine(
        camera_id=CameraId(row["camera_id"]),
        owner_id=PartyId(row["owner_id"]),
        state=AskState(row["state"]),
        reason=None if row["reason"] is None else Reason(row["reason"]),
        causes=frozenset(map(SecondPersonCause, row["causes"])),
        obligations=frozenset(map(Obligation, row["obligations"])),
        answer=None if row["answer"] is None else AnswerWord(row["answer"]),
        opened_at=row["opened_at"],
        until=row["until"],
        ticket_id=row["ticket_id"],
        entry_id=row["entry_id"],
    )


def _access_row(access: Access) -> dict[str, Any]:
    return {
        "entry_id": access.entry_id,
        "ask_id": access.ask.id,
        "camera_id": access.camera_id,
        "owner_id": access.owner_id,
        "at": access.at,
        "decision": access.decision,
        "reason": None if access.reason is None else access.reason.value,
        "until": access.until,
        "hidden_until": access.hidden_until,
    }


def _access_from(row: RowMapping, ask: AskRecord) -> Access:
    return Access(
        entry_id=row["entry_id"],
        camera_id=row["camera_id"],
        owner_id=row["owner_id"],
        at=row["at"],
        decision=row["decision"],
        reason=None if row["reason"] is None else Reason(row["reason"]),
        until=row["until"],
        hidden_until=row["hidden_until"],
        ask=ask,
    )


def _approval_from(row: RowMapping) -> Approval:
    return Approval(
        kind=ApprovalKind(row["kind"]),
        person_id=row["person_id"],
        ask_hash=row["ask_hash"],
        at=row["at"],
        ends_at=row["ends_at"],
        stepped_up=row["stepped_up"],
        reason=row["reason"],
    )
