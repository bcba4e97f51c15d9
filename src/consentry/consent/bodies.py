"""The bodies of the ten statements: as values, as sealed JSON, and back, strictly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from consentry.kernel.canonical import Json
from consentry.kernel.clock import to_text
from consentry.kernel.ids import AskId, CameraId, GrantId, PartyId

from .masks import Masks, read_masks
from .model import (
    AGENCIES_MAX,
    GRANT_LIFE_MAX,
    HOURS_MAX,
    RADIUS_M_MAX,
    SESSION_S_MAX,
    WINDOW_MAX,
    Grant,
    Hours,
    IncidentType,
    Kind,
    Purpose,
    Span,
    Use,
)
from .reading import Fields

NAME_LENGTH_MAX: Final = 80
VERSION_MAX: Final = 1_000_000
ZONE_LENGTH_MAX: Final = 64
ALL: Final = "all"


class StatementType(StrEnum):
    GRANT = "grant"
    REVOKE = "revoke"
    PAUSE = "pause"
    RESUME = "resume"
    SHARE_NOW = "share_now"
    ANSWER = "answer"
    PREVIEW = "preview"
    MASKS = "masks"
    DELEGATE = "delegate"
    ROTATE = "rotate"


NARROWING: Final = frozenset({StatementType.PAUSE, StatementType.REVOKE})
"""These count on their signature alone, once, whatever their place in the order."""


class DelegateAct(StrEnum):
    PAUSE = "pause"
    REVOKE = "revoke"
    SHARE_NOW = "share_now"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTerms:
    """The body of a `grant`: `model.Grant` without the life that acceptance gives it."""

    id: GrantId
    version: int
    agencies: frozenset[PartyId]
    kind: Kind
    uses: frozenset[Use]
    purposes: frozenset[Purpose]
    not_before: datetime
    not_after: datetime
    max_session_s: int
    incident_types: frozenset[IncidentType] = frozenset()
    radius_m: int | None = None
    hours: tuple[Hours, ...] = ()
    tz: str = ""
    masks: str = ""
    agency_key: str = ""

    def grant(self, camera_id: CameraId, hash_: str, effective_at: datetime) -> Grant:
        return Grant(
            id=self.id,
            version=self.version,
            camera_id=camera_id,
            agencies=self.agencies,
            kind=self.kind,
            uses=self.uses,
            purposes=self.purposes,
            not_before=self.not_before,
            not_after=self.not_after,
            max_session_s=self.max_session_s,
            incident_types=self.incident_types,
            radius_m=self.radius_m,
            hours=self.hours,
            tz=self.tz,
            masks=self.masks,
            agency_key=self.agency_key,
            hash=hash_,
            effective_at=effective_at,
        )

    def parts(self) -> dict[str, Json]:
        """What is empty or unlimited is left out."""
        parts: dict[str, Json] = {
            "id": self.id,
            "version": self.version,
            "agencies": sorted(self.agencies),
            "kind": self.kind.value,
            "uses": sorted(use.value for use in self.uses),
            "purposes": sorted(purpose.value for purpose in self.purposes),
            "not_before": to_text(self.not_before),
            "not_after": to_text(self.not_after),
            "max_session_s": self.max_session_s,
        }
        if self.incident_types:
            parts["incident_types"] = sorted(each.value for each in self.incident_types)
        if self.radius_m is not None:
            parts["radius_m"] = self.radius_m
        if self.hours:
            parts["hours"] = [
                {"days": sorted(h.days), "start_min": h.start_min, "end_min": h.end_min}
                for h in self.hours
            ]
            parts["tz"] = self.tz
        texts = {"masks": self.masks, "agency_key": self.agency_key}
        return parts | {name: text for name, text in texts.items() if text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    grant_id: GrantId | None = None
    """None: all grants of the camera."""

    def parts(self) -> dict[str, Json]:
        return {"grant": self.grant_id or ALL}


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseNow:
    """Sharing stops at once, all of it."""

    def parts(self) -> dict[str, Json]:
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    settles: tuple[str, ...] = ()
    """Both hashes, in order, of two statements that claimed one place."""

    def parts(self) -> dict[str, Json]:
        return {"settles": list(self.settles)} if self.settles else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    until: datetime

    def parts(self) -> dict[str, Json]:
        return {"until": to_text(self.until)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTerms:
    ask_id: AskId
    agency_id: PartyId
    use: Use
    purpose: Purpose
    window: Span
    not_after: datetime

    def parts(self) -> dict[str, Json]:
        return {
            "ask": self.ask_id,
            "agency": self.agency_id,
            "use": self.use.value,
            "purpose": self.purpose.value,
            "from": to_text(self.window.start),
            "until": to_text(self.window.end),
            "not_after": to_text(self.not_after),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewNow:
    """One still within ten minutes, to the owner's page."""

    def parts(self) -> dict[str, Json]:
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """What another key may do. No acts: nothing any more."""

    key: str
    name: str
    acts: frozenset[DelegateAct]
    not_after: datetime

    def parts(self) -> dict[str, Json]:
        return {
            "key": self.key,
            "name": self.name,
            "acts": sorted(act.value for act in self.acts),
            "not_after": to_text(self.not_after),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    key: str

    def parts(self) -> dict[str, Json]:
        return {"key": self.key}


Body = (
    GrantTerms
    | Revocation
    | PauseNow
    | Resumption
    | Sharing
    | AnswerTerms
    | PreviewNow
    | Masks
    | Delegation
    | Rotation
)


def read_body(kind: StatementType, fields: Fields) -> Body:
    """Raises InvalidError naming the field and its limit."""
    body = _READERS[kind](fields)
    fields.end()
    return body


def _read_grant(fields: Fields) -> GrantTerms:
    terms = GrantTerms(
        id=GrantId(fields.id("id")),
        version=fields.integer("version", 1, VERSION_MAX),
        agencies=frozenset(PartyId(each) for each in fields.ids("agencies", AGENCIES_MAX)),
        kind=fields.word("kind", Kind),
        uses=fields.words("uses", Use),
        purposes=fields.words("purposes", Purpose),
        not_before=fields.time("not_before"),
        not_after=fields.time("not_after"),
        max_session_s=fields.integer("max_session_s", 1, SESSION_S_MAX),
        incident_types=fields.words("incident_types", IncidentType)
        if fields.has("incident_types")
        else frozenset(),
        radius_m=fields.integer("radius_m", 1, RADIUS_M_MAX) if fields.has("radius_m") else None,
        hours=_read_hours(fields) if fields.has("hours") else (),
        tz=_read_tz(fields),
        masks=fields.hash("masks") if fields.has("masks") else "",
        agency_key=fields.hash("agency_key") if fields.has("agency_key") else "",
    )
    _check_grant(terms, fields)
    return terms


def _check_grant(terms: GrantTerms, fields: Fields) -> None:
    if terms.not_after <= terms.not_before:
        fields.refuse("not_after", "must be after not_before", "later than not_before")
    if terms.not_after - terms.not_before > GRANT_LIFE_MAX:
        fields.refuse("not_after", "is too late", f"{GRANT_LIFE_MAX.days} days from not_before")
    if Use.PREVIEW in terms.uses:
        fields.refuse("uses", "may not hold preview: a statement of its own opens that")
    if terms.kind is Kind.INCIDENT and not (terms.incident_types and terms.radius_m):
        fields.refuse("kind", "incident needs incident_types and radius_m")
    if terms.kind is Kind.SCHEDULE and not terms.hours:
        fields.refuse("kind", "schedule needs hours and tz")


def _read_hours(fields: Fields) -> tuple[Hours, ...]:
    items = fields.objects("hours", HOURS_MAX)
    if not items:
        fields.refuse("hours", "must not be empty", f"1 to {HOURS_MAX}")
    return tuple(_read_hour(item) for item in items)


def _read_tz(fields: Fields) -> str:
    if fields.has("hours") != fields.has("tz"):
        fields.refuse("tz", "goes with hours; name both or neither")
    return fields.text("tz", ZONE_LENGTH_MAX) if fields.has("hours") else ""


def _read_hour(item: Fields) -> Hours:
    hours = Hours(
        days=frozenset(item.integers("days", 0, 6)),
        start_min=item.integer("start_min", 0, 1439),
        end_min=item.integer("end_min", 1, 1440),
    )
    item.end()
    return hours


def _read_revoke(fields: Fields) -> Revocation:
    if fields.raw("grant") == ALL:
        return Revocation()
    return Revocation(grant_id=GrantId(fields.id("grant")))


def _read_pause(_fields: Fields) -> PauseNow:
    return PauseNow()


def _read_preview(_fields: Fields) -> PreviewNow:
    return PreviewNow()


def _read_resume(fields: Fields) -> Resumption:
    if not fields.has("settles"):
        return Resumption()
    settles = fields.hashes("settles", 2)
    if len(settles) < 2 or settles[0] >= settles[1]:
        fields.refuse("settles", "must name both hashes, in order", "2")
    return Resumption(settles=settles)


def _read_share(fields: Fields) -> Sharing:
    return Sharing(until=fields.time("until"))


def _read_answer(fields: Fields) -> AnswerTerms:
    terms = AnswerTerms(
        ask_id=AskId(fields.id("ask")),
        agency_id=PartyId(fields.id("agency")),
        use=fields.word("use", Use),
        purpose=fields.word("purpose", Purpose),
        window=Span(start=fields.time("from"), end=fields.time("until")),
        not_after=fields.time("not_after"),
    )
    if terms.window.end <= terms.window.start:
        fields.refuse("until", "must be after from")
    if terms.window.end - terms.window.start > WINDOW_MAX:
        fields.refuse("until", "is too late", f"{WINDOW_MAX.days} days from the start")
    return terms


def _read_delegate(fields: Fields) -> Delegation:
    return Delegation(
        key=fields.hash("key"),
        name=fields.text("name", NAME_LENGTH_MAX),
        acts=fields.words("acts", DelegateAct, least=0),
        not_after=fields.time("not_after"),
    )


def _read_rotate(fields: Fields) -> Rotation:
    return Rotation(key=fields.hash("key"))


_READERS: Final[Mapping[StatementType, Callable[[Fields], Body]]] = {
    StatementType.GRANT: _read_grant,
    StatementType.REVOKE: _read_revoke,
    StatementType.PAUSE: _read_pause,
    StatementType.RESUME: _read_resume,
    StatementType.SHARE_NOW: _read_share,
    StatementType.ANSWER: _read_answer,
    StatementType.PREVIEW: _read_preview,
    StatementType.MASKS: read_masks,
    StatementType.DELEGATE: _read_delegate,
    StatementType.ROTATE: _read_rotate,
}
