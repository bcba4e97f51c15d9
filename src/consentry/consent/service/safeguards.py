"""What narrows an agency from within: protected places, lawful bases, policy, the stop of all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.consent.model import ProtectedKind, Purpose
from consentry.consent.ports import (
    AgencyStops,
    CameraFactsSource,
    LawfulBases,
    Policies,
    ProtectedPlaces,
)
from consentry.consent.records import (
    AgencyStop,
    LawfulBasis,
    LoadedPolicy,
    Lock,
    ProtectedPlace,
)
from consentry.identity import require_step_up
from consentry.kernel import canonical
from consentry.kernel.access import Principal
from consentry.kernel.canonical import Json
from consentry.kernel.clock import Clock, to_text
from consentry.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from consentry.kernel.geo import Area, Circle, to_e7
from consentry.kernel.ids import CameraId, IdSource, PersonId

BASIS_CAMERAS_MAX: Final = 1_000
PLACE_AREA_KM2_MAX: Final = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceDraft:
    """A protected place as an agency describes it. Both times or neither."""

    kind: ProtectedKind
    name: str
    area: Area
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisDraft:
    camera_ids: Sequence[CameraId]
    purposes: frozenset[Purpose]
    basis: str
    necessity: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguards:
    """An agency's own limits. Every method acts for the principal's party and no other."""

    places: ProtectedPlaces
    bases: LawfulBases
    policies: Policies
    stops: AgencyStops
    cameras: CameraFactsSource
    journal: Journal
    clock: Clock
    ids: IdSource

    def add_place(self, who: Principal, draft: PlaceDraft) -> ProtectedPlace:
        return self._keep_place(who, self.ids(), draft)

    def change_place(self, who: Principal, place_id: str, draft: PlaceDraft) -> ProtectedPlace:
        self.place(who, place_id)
        return self._keep_place(who, place_id, draft)

    def remove_place(self, who: Principal, place_id: str) -> None:
        place = self.place(who, place_id)
        self.places.remove(who.party, place_id)
        self._note_place(who, place, "removed")

    def place(self, who: Principal, place_id: str) -> ProtectedPlace:
        place = self.places.find(who.party, place_id)
        if place is None:
            raise NotFoundError
        return place

    def places_of(self, who: Principal, after: str | None, limit: int) -> Sequence[ProtectedPlace]:
        return self.places.page(who.party, after, limit)

    def record_basis(self, who: Principal, draft: BasisDraft) -> Sequence[LawfulBasis]:
        """Write down why the agency may look: per camera and purpose, or withdraw it again."""
        self._check_cameras(draft.camera_ids)
        person = _person(who)
        found = [
            LawfulBasis(
                party_id=who.party,
                camera_id=camera_id,
                purpose=purpose,
                basis=draft.basis,
                necessity=draft.necessity,
                recorded_at=self.clock.now(),
                recorded_by=person,
                withdrawn=draft.withdrawn,
            )
            for camera_id in dict.fromkeys(draft.camera_ids)
            for purpose in sorted(draft.purposes)
        ]
        self.bases.keep(found)
        for camera_id in dict.fromkeys(draft.camera_ids):
            self.journal.record(
                LoggedAct.LAWFUL_BASIS_RECORDED,
                Actor.of(who),
                Subject(kind="camera", id=camera_id),
                decision="withdrawn" if draft.withdrawn else "recorded",
                purpose=",".join(sorted(draft.purposes)),
                reason=draft.basis,
                changes={"necessity": sha256(draft.necessity.encode()).hexdigest()},
            )
        return found

    def bases_of(
        self, who: Principal, after: tuple[str, str] | None, limit: int
    ) -> Sequence[LawfulBasis]:
        return self.bases.page(who.party, after, limit)

    def policy(self, who: Principal) -> LoadedPolicy | None:
        return self.policies.current(who.party)

    def load_policy(
        self, who: Principal, name: str, version: int, body: Mapping[str, Json]
    ) -> LoadedPolicy:
        """Take a new version into force. The bounds were checked when `body` was read."""
        require_step_up(who, self.clock.now())
        held = self.policies.current(who.party)
        due = 1 if held is None else held.version + 1
        if version != due:
            raise ConflictError(
                f"Your agency's next policy is version {due}, not {version}. "
                "Read the policy in force and number yours after it.",
                slug="policy_out_of_order",
            )
        policy = LoadedPolicy(
            party_id=who.party,
            version=version,
            name=name,
            body=body,
            hash=sha256(canonical.encode(body)).hexdigest(),
            loaded_at=self.clock.now(),
            loaded_by=_person(who),
        )
        self.policies.add(policy)
        self.journal.record(
            LoggedAct.POLICY_CHANGED,
            Actor.of(who),
            Subject(kind="policy", id=f"{who.party}/{version}", title=name),
            changes={"policy": policy.hash},
        )
        return policy

    def standing(self, who: Principal) -> AgencyStop | None:
        return self.stops.find(who.party)

    def stop_all(self, who: Principal, reason: str) -> AgencyStop:
        """Refuse every ask of this agency from now on. One supervisor is enough."""
        self.stops.find(who.party, Lock.CHANGE)
        return self._keep_stop(who, reason, stopped=True)

    def resume_all(self, who: Principal, reason: str) -> AgencyStop:
        """Lift the stop. Never by the person who set it."""
        require_step_up(who, self.clock.now())
        held = self.stops.find(who.party, Lock.CHANGE)
        if held is None or not held.stopped:
            raise ConflictError("Viewing is not stopped.", slug="not_stopped")
        if held.by == who.person_id:
            raise DeniedError(
                "Whoever stopped all viewing cannot resume it alone. Ask another supervisor.",
                slug="second_person_required",
            )
        return self._keep_stop(who, reason, stopped=False)

    def _keep_stop(self, who: Principal, reason: str, *, stopped: bool) -> AgencyStop:
        stop = AgencyStop(
            party_id=who.party,
            stopped=stopped,
            at=self.clock.now(),
            by=_person(who),
            reason=reason,
        )
        self.stops.keep(stop)
        self.journal.record(
            LoggedAct.STOPPED_ALL if stopped else LoggedAct.RESUMED_ALL,
            Actor.of(who),
            Subject(kind="party", id=who.party),
            reason=reason,
        )
        return stop

    def _keep_place(self, who: Principal, place_id: str, draft: PlaceDraft) -> ProtectedPlace:
        check_place(draft)
        place = ProtectedPlace(
            id=place_id,
            party_id=who.party,
            kind=draft.kind,
            name=draft.name,
            area=draft.area,
            starts_at=draft.starts_at,
            ends_at=draft.ends_at,
        )
        self.places.keep(place)
        self._note_place(who, place, "kept")
        return place

    def _note_place(self, who: Principal, place: ProtectedPlace, what: str) -> None:
        self.journal.record(
            LoggedAct.PROTECTED_PLACE_CHANGED,
            Actor.of(who),
            Subject(kind="protected_place", id=place.id, title=place.name),
            decision=what,
            changes={"place": _hash_place(place)},
        )

    def _check_cameras(self, camera_ids: Sequence[CameraId]) -> None:
        if not 1 <= len(camera_ids) <= BASIS_CAMERAS_MAX:
            raise InvalidError.of(
                "camera_ids", "has the wrong number of cameras", f"1 to {BASIS_CAMERAS_MAX}"
            )
        for index, camera_id in enumerate(camera_ids):
            if self.cameras.for_camera(camera_id) is None:
                raise InvalidError.of(f"camera_ids.{index}", "is no camera of this hub")


def check_place(draft: PlaceDraft) -> None:
    """Raises InvalidError for times that make no span and for areas that would cover a town."""
    if (draft.starts_at is None) != (draft.ends_at is None):
        raise InvalidError.of("ends_at", "comes with starts_at or not at all", "both or neither")
    if draft.starts_at and draft.ends_at and draft.ends_at <= draft.starts_at:
        raise InvalidError.of("ends_at", "is not after starts_at", "later than starts_at")
    if not 0 < draft.area.area_km2 <= PLACE_AREA_KM2_MAX:
        raise InvalidError.of(
            "area", "has the wrong size", f"more than 0, at most {PLACE_AREA_KM2_MAX} km²"
        )


def _hash_place(place: ProtectedPlace) -> str:
    area = place.area
    points = [area.centre] if isinstance(area, Circle) else list(area.ring)
    value: dict[str, Json] = {
        "id": place.id,
        "kind": place.kind.value,
        "name": place.name,
        "points": [[to_e7(p.lat), to_e7(p.lon)] for p in points],
        "radius_m": round(area.radius_m) if isinstance(area, Circle) else 0,
        "starts_at": to_text(place.starts_at) if place.starts_at else "",
        "ends_at": to_text(place.ends_at) if place.ends_at else "",
    }
    return sha256(canonical.encode(value)).hexdigest()


def _person(who: Principal) -> PersonId:
    if who.person_id is None:
        raise DeniedError("Only a person can do this.")
    return who.person_id
