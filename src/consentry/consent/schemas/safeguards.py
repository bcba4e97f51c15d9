"""Protected places, lawful bases, policy packs and the stop of all, on the wire."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from consentry.consent.model import SESSION_S_MAX, ProtectedKind, Purpose, Use
from consentry.consent.records import AgencyStop, LawfulBasis, LoadedPolicy, ProtectedPlace
from consentry.consent.service import BASIS_CAMERAS_MAX, BasisDraft, PlaceDraft
from consentry.infra.web import Wire
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import CameraId

from .parts import TEXT_MAX, AreaIn, Id, Name, When, Words

POLICY_VERSION_MAX = 1_000_000


class PlaceIn(Wire):
    kind: ProtectedKind
    name: Name
    area: AreaIn
    starts_at: When | None = Field(default=None, description="For events; with `ends_at`.")
    ends_at: When | None = None

    def to_draft(self) -> PlaceDraft:
        area = self.area.to_model()
        if area is None:
            raise InvalidError.of("area", "is a circle or a polygon", "one of the two")
        return PlaceDraft(
            kind=self.kind,
            name=self.name,
            area=area,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
        )


class PlaceOut(Wire):
    id: Id
    kind: ProtectedKind
    name: str
    area: AreaIn
    starts_at: datetime | None
    ends_at: datetime | None

    @classmethod
    def of(cls, place: ProtectedPlace) -> "PlaceOut":
        return cls(
            id=place.id,
            kind=place.kind,
            name=place.name,
            area=AreaIn.of(place.area),
            starts_at=place.starts_at,
            ends_at=place.ends_at,
        )


class BasisIn(Wire):
    """Why the agency may look at all: the filmed person's side, which no owner can consent to."""

    camera_ids: list[Id] = Field(min_length=1, max_length=BASIS_CAMERAS_MAX)
    purposes: list[Purpose] = Field(min_length=1, max_length=len(Purpose))
    basis: Words = Field(description="The law or rule that allows it.")
    necessity: Words = Field(description="Why nothing less would do.")
    withdrawn: bool = False

    def to_draft(self) -> BasisDraft:
        return BasisDraft(
            camera_ids=[CameraId(each) for each in self.camera_ids],
            purposes=frozenset(self.purposes),
            basis=self.basis,
            necessity=self.necessity,
            withdrawn=self.withdrawn,
        )


class BasisOut(Wire):
    camera_id: Id
    purpose: Purpose
    basis: str
    necessity: str
    recorded_at: datetime
    recorded_by: Id
    withdrawn: bool

    @classmethod
    def of(cls, basis: LawfulBasis) -> "BasisOut":
        return cls(
            camera_id=basis.camera_id,
            purpose=basis.purpose,
            basis=basis.basis,
            necessity=basis.necessity,
            recorded_at=basis.recorded_at,
            recorded_by=basis.recorded_by,
            withdrawn=basis.withdrawn,
        )


class BasesOut(Wire):
    items: list[BasisOut]


class PolicyIn(Wire):
    """A policy pack. It can only forbid: whatever would loosen a bound has no field here."""

    name: Name
    version: int = Field(ge=1, le=POLICY_VERSION_MAX, description="The one in force plus one.")
    uses_forbidden: list[Use] = Field(default_factory=list, max_length=len(Use))
    purposes_forbidden: list[Purpose] = Field(default_factory=list, max_length=len(Purpose))
    second_person_uses: list[Use] = Field(default_factory=list, max_length=len(Use))
    session_s_max: int | None = Field(default=None, ge=1, le=SESSION_S_MAX)
    source: Annotated[str, StringConstraints(max_length=TEXT_MAX)] = ""
    checked_by: Annotated[str, StringConstraints(max_length=TEXT_MAX)] = Field(
        default="", description="Counsel who checked it; empty is shown as 'not reviewed'."
    )

    def to_body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "uses_forbidden": sorted(set(self.uses_forbidden)),
            "purposes_forbidden": sorted(set(self.purposes_forbidden)),
            "second_person_uses": sorted(set(self.second_person_uses)),
            "source": self.source,
            "checked_by": self.checked_by,
        }
        if self.session_s_max is not None:
            body["session_s_max"] = self.session_s_max
        return body


class PolicyOut(Wire):
    """Version 0 is the absence of a pack: the bounds and defaults alone hold."""

    version: int
    name: str = ""
    hash: str = ""
    loaded_at: datetime | None = None
    body: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(cls, policy: LoadedPolicy | None) -> "PolicyOut":
        if policy is None:
            return cls(version=0)
        return cls(
            version=policy.version,
            name=policy.name,
            hash=policy.hash,
            loaded_at=policy.loaded_at,
            body=dict(policy.body),
        )


class StopIn(Wire):
    reason: Words


class StopOut(Wire):
    stopped: bool
    at: datetime | None = None
    by: str = ""
    reason: str = ""

    @classmethod
    def of(cls, stop: AgencyStop | None) -> "StopOut":
        if stop is None:
            return cls(stopped=False)
        return cls(stopped=stop.stopped, at=stop.at, by=stop.by, reason=stop.reason)
