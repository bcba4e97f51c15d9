"""Asks on the wire: what is asked, the answer for each camera, the ticket for a permit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from consentry.consent.model import (
    WORDS,
    Approval,
    ApprovalKind,
    Obligation,
    Purpose,
    Reason,
    SecondPersonCause,
    Span,
    Use,
)
from consentry.consent.records import AnswerWord, AskLine, AskRecord, AskState
from consentry.consent.service import CAMERAS_MAX, AskDraft, Decided
from consentry.infra.web import Wire
from consentry.kernel.access import Role
from consentry.kernel.clock import to_text
from consentry.kernel.ids import CameraId, IncidentId

from .parts import NAME_MAX, Hash, Id, When, Words


class WindowIn(Wire):
    """Captured time, half-open."""

    from_: When = Field(alias="from")
    until: When


class WindowOut(Wire):
    from_: datetime = Field(alias="from")
    until: datetime


class AskIn(Wire):
    camera_ids: list[Id] = Field(min_length=1, max_length=CAMERAS_MAX)
    use: Use
    purpose: Purpose
    reason: Words = Field(description="Why, in your own words. The owner reads it.")
    role: Role | None = Field(default=None, description="In which of your roles; none: the first.")
    incident_id: Id | None = None
    case_reference: str = Field(default="", max_length=NAME_MAX)
    window: WindowIn | None = Field(
        default=None, description="For recorded uses and `hold`; at most 31 days."
    )

    def to_draft(self) -> AskDraft:
        window = self.window
        return AskDraft(
            camera_ids=[CameraId(each) for each in self.camera_ids],
            use=self.use,
            purpose=self.purpose,
            reason=self.reason,
            role=self.role,
            incident_id=None if self.incident_id is None else IncidentId(self.incident_id),
            case_reference=self.case_reference.strip(),
            window=None if window is None else Span(start=window.from_, end=window.until),
        )


class TicketOut(Wire):
    """A permit with its proof: what an edge demands before it releases a frame."""

    ticket: dict[str, Any] = Field(description="The signed ticket, as the edge takes it.")
    receipt: dict[str, Any] = Field(description="For `consentry audit verify --receipt`.")


class LineOut(Wire):
    camera_id: Id
    state: AskState
    reason: Reason | None = None
    words: str = Field(default="", description="The reason, and the next step.")
    causes: list[SecondPersonCause] = Field(default_factory=list)
    obligations: list[Obligation] = Field(default_factory=list)
    answer: AnswerWord | None = None
    opened_at: datetime | None = None
    until: datetime | None = None
    entry_id: Id | None = None
    opening: TicketOut | None = None

    @classmethod
    def of(cls, line: AskLine, approved_until: datetime | None = None) -> "LineOut":
        return cls(
            camera_id=line.camera_id,
            state=line.state,
            reason=line.reason,
            words=_words(line, approved_until),
            causes=sorted(line.causes),
            obligations=sorted(line.obligations),
            answer=line.answer,
            opened_at=line.opened_at,
            until=line.until,
            entry_id=line.entry_id,
        )

    @classmethod
    def decided(cls, each: Decided, opening: TicketOut | None) -> "LineOut":
        return cls.of(each.line).model_copy(update={"opening": opening})


def _words(line: AskLine, approved_until: datetime | None) -> str:
    """The reason and the next step, which after an approval is the asker's."""
    if line.state is AskState.NEEDS_SECOND_PERSON and approved_until is not None:
        until = to_text(approved_until)
        return f"A second person has approved this until {until}. Whoever asked opens it: renew."
    return "" if line.reason is None else WORDS[line.reason]


class ApprovalOut(Wire):
    kind: ApprovalKind
    person_id: Id
    at: datetime
    ends_at: datetime
    reason: str

    @classmethod
    def of(cls, approval: Approval) -> "ApprovalOut":
        return cls(
            kind=approval.kind,
            person_id=approval.person_id,
            at=approval.at,
            ends_at=approval.ends_at,
            reason=approval.reason,
        )


class AskOut(Wire):
    id: Id
    state: AskState
    person_id: Id
    person_name: str
    role: Role
    use: Use
    purpose: Purpose
    reason: str
    incident_id: Id | None
    case_reference: str
    window: WindowOut | None
    asked_at: datetime
    lapses_at: datetime
    hash: Hash = Field(description="What a second person approves.")
    cameras: list[LineOut]
    approvals: list[ApprovalOut] = Field(default_factory=list)
    review_due_at: datetime | None = None
    reviewed_at: datetime | None = None
    reviewed_by: Id | None = None
    review_finding: str = ""

    @classmethod
    def of(cls, ask: AskRecord, now: datetime, cameras: list[LineOut] | None = None) -> "AskOut":
        approved = ask.approved_until(now)
        return cls(
            id=ask.id,
            state=ask.state,
            person_id=ask.person_id,
            person_name=ask.person_name,
            role=ask.role,
            use=ask.use,
            purpose=ask.purpose,
            reason=ask.reason,
            incident_id=ask.incident_id,
            case_reference=ask.case_reference,
            window=window_out(ask.window),
            asked_at=ask.asked_at,
            lapses_at=ask.lapses_at,
            hash=ask.hash,
            cameras=cameras or [LineOut.of(line, approved) for line in ask.lines],
            approvals=[ApprovalOut.of(each) for each in ask.approvals],
            review_due_at=ask.review_due_at,
            reviewed_at=ask.reviewed_at,
            reviewed_by=ask.reviewed_by,
            review_finding=ask.review_finding,
        )


class ApprovalIn(Wire):
    """`hash` is the ask's: what is approved is exactly what was read."""

    hash: Hash
    reason: Words


class DelayIn(ApprovalIn):
    hours: int = Field(ge=1, le=72)


class ReviewIn(Wire):
    finding: Words


def window_out(window: Span | None) -> WindowOut | None:
    if window is None:
        return None
    values: Mapping[str, datetime] = {"from": window.start, "until": window.end}
    return WindowOut.model_validate(values)
