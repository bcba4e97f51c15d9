"""The registry at work: a party's own cameras, the drafts that others made for it, its export."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from hashlib import sha256
from typing import Any, Final

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.identity import require_step_up
from consentry.kernel.access import Principal
from consentry.kernel.clock import Clock
from consentry.kernel.errors import ConflictError, Fault, InvalidError, NotFoundError
from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, EdgeId, IdSource

from . import rules
from .model import Camera, Details, Filter, Health, Origin, State
from .ports import Cameras, Parties

MANUAL: Final = "manual"
EXPORTED: Final = Filter(states=frozenset({State.CONFIRMED}))


class Registry:
    """Made anew in each unit of work. Whatever is not the principal's own is not found."""

    def __init__(
        self, cameras: Cameras, parties: Parties, journal: Journal, clock: Clock, ids: IdSource
    ) -> None:
        self._cameras = cameras
        self._parties = parties
        self._journal = journal
        self._clock = clock
        self._ids = ids

    def add(
        self,
        who: Principal,
        details: Details,
        *,
        source: str = MANUAL,
        reference: str | None = None,
    ) -> tuple[Camera, bool]:
        """A camera of one's own, confirmed by that. False: this reference had brought it before."""
        checked = rules.checked(details, self._cameras.first_place(who.party))
        _check_origin(source, reference)
        if reference is not None:
            match = self._cameras.by_reference(who.party, source, [reference]).get(reference)
            if match is not None:
                return _same(match.camera, who, checked), False
        now = self._clock.now()
        camera = Camera(
            id=CameraId(self._ids()),
            number=self._cameras.numbers(1),
            party_id=who.party,
            details=checked,
            state=State.CONFIRMED,
            origin=Origin(party_id=who.party, source=source, reference=reference),
            added_at=now,
            changed_at=now,
            confirmed_at=now,
        )
        self._cameras.add([camera])
        self._record(LoggedAct.CAMERA_ADDED, who, camera, changes=details_hashes(checked))
        self._cameras.announce([camera.id])
        return camera, True

    def camera(self, who: Principal, camera_id: CameraId) -> Camera:
        return self._cameras.get(camera_id, who.party)

    def list_own(
        self, who: Principal, wanted: Filter, after: str | None, limit: int
    ) -> Sequence[Camera]:
        return self._cameras.list_of(who.party, wanted, after, limit)

    def change(self, who: Principal, camera_id: CameraId, changes: Mapping[str, Any]) -> Camera:
        """Other details, by field of `Details`. Another place is a move."""
        camera = self._cameras.held(camera_id, who.party)
        details = rules.checked(
            replace(camera.details, **changes), self._cameras.first_place(who.party)
        )
        if details == camera.details:
            return camera
        now = self._clock.now()
        moved_at = now if details.place != camera.place else camera.moved_at
        changed = replace(camera, details=details, changed_at=now, moved_at=moved_at)
        told = details_hashes(details, camera.details)
        return self._keep(who, changed, LoggedAct.CAMERA_CHANGED, told)

    def confirm(self, who: Principal, camera_id: CameraId) -> Camera:
        """Its owner says that it is theirs and as described; a draft becomes visible thereby."""
        camera = self._cameras.held(camera_id, who.party)
        now = self._clock.now()
        confirmed = replace(camera, state=State.CONFIRMED, confirmed_at=now, changed_at=now)
        return self._keep(
            who, confirmed, LoggedAct.CAMERA_CONFIRMED, details_hashes(camera.details)
        )

    def decline(self, who: Principal, camera_id: CameraId, reason: str = "") -> None:
        """Its owner does not want it here: it goes, and the same import cannot bring it back."""
        camera = self._cameras.held(camera_id, who.party)
        if camera.state is not State.DRAFT:
            raise ConflictError("This camera is confirmed: remove it instead.", slug="not_a_draft")
        self._cameras.remove([camera.id], self._clock.now(), keep_reference=True)
        self._record(LoggedAct.CAMERA_REMOVED, who, camera, decision="declined", reason=reason)

    def remove(self, who: Principal, camera_id: CameraId) -> None:
        """Leave: nothing stays of the camera but its number. Whoever proposed it may not again."""
        camera = self._cameras.held(camera_id, who.party)
        foreign = camera.origin.party_id != who.party
        self._cameras.remove([camera.id], self._clock.now(), keep_reference=foreign)
        self._record(LoggedAct.CAMERA_REMOVED, who, camera)
        self._announce(camera)

    def report_health(self, who: Principal, camera_id: CameraId, health: Health) -> Camera:
        """What its owner or its edge sees of it. The same again only freshens the instant."""
        camera = self._cameras.held(camera_id, who.party)
        if who.edge_id is not None and camera.edge_id != who.edge_id:
            raise NotFoundError("There is no such camera on this edge.")
        reported = replace(camera, health=health, health_at=self._clock.now())
        if health is camera.health:
            self._cameras.change([reported])
            return reported
        return self._keep(who, reported, LoggedAct.CAMERA_CHANGED, _hashes({"health": health}))

    def hang(self, who: Principal, camera_id: CameraId, edge_id: EdgeId | None) -> Camera:
        """Say which of one's own edges the camera hangs on; None takes it off."""
        camera = self._cameras.held(camera_id, who.party)
        if edge_id is not None and not self._parties.holds_edge(who.party, edge_id):
            raise NotFoundError("There is no such edge among yours.")
        hung = replace(camera, edge_id=edge_id, changed_at=self._clock.now())
        told = _hashes({"edge_id": edge_id or ""})
        return self._keep(who, hung, LoggedAct.CAMERA_CHANGED, told)

    def begin_export(self, who: Principal, form: str) -> int:
        """Record that all of one's own cameras leave the hub, and how many those are."""
        require_step_up(who, self._clock.now())
        count = self._cameras.count(who.party, EXPORTED)
        whole = Subject(kind="registry", id=who.party, title=f"{count} cameras as {form}")
        self._journal.record(LoggedAct.CAMERAS_EXPORTED, Actor.of(who), whole)
        return count

    def export_page(self, who: Principal, after: str | None, limit: int) -> Sequence[Camera]:
        return self._cameras.list_of(who.party, EXPORTED, after, limit)

    def _keep(
        self, who: Principal, camera: Camera, act: LoggedAct, changes: Mapping[str, str]
    ) -> Camera:
        self._cameras.change([camera])
        self._record(act, who, camera, changes=changes)
        self._announce(camera)
        return camera

    def _record(self, act: LoggedAct, who: Principal, camera: Camera, **told: Any) -> None:
        self._journal.record(act, Actor.of(who), subject_of(camera), **told)

    def _announce(self, camera: Camera) -> None:
        """A draft is in nobody's picture, so that nothing need be read anew."""
        if camera.state is State.CONFIRMED:
            self._cameras.announce([camera.id])


def subject_of(camera: Camera) -> Subject:
    return Subject(kind="camera", id=camera.id, title=camera.name, party=camera.party_id)


def details_hashes(details: Details, before: Details | None = None) -> dict[str, str]:
    """What the log says of details: a hash for each that is new, never where a camera is."""
    names = [field.name for field in fields(Details)]
    return _hashes(
        {
            name: getattr(details, name)
            for name in names
            if before is None or getattr(before, name) != getattr(details, name)
        }
    )


def _hashes(values: Mapping[str, Any]) -> dict[str, str]:
    told = {
        name: f"{value.lat!r},{value.lon!r}" if isinstance(value, Point) else f"{value}"
        for name, value in values.items()
    }
    return {name: sha256(value.encode()).hexdigest() for name, value in told.items()}


def _check_origin(source: str, reference: str | None) -> None:
    faults = [rules.text_fault("source", source, rules.SOURCE_LENGTH_MAX, required=True)]
    if reference is not None:
        length = rules.REFERENCE_LENGTH_MAX
        faults.append(rules.text_fault("reference", reference, length, required=True))
    named: list[Fault] = [fault for fault in faults if fault is not None]
    if named:
        raise InvalidError(*named)


def _same(camera: Camera | None, who: Principal, details: Details) -> Camera:
    """The camera that stands under this reference, if it is the very same."""
    if camera is None or camera.party_id != who.party or camera.details != details:
        raise ConflictError(
            "Another camera stands under this source and reference.", slug="reference_taken"
        )
    return camera
