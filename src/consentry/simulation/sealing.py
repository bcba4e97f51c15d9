"""What the city's owners promise, and the pen with which they seal it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from consentry.consent import (
    AnswerTerms,
    Body,
    Envelope,
    GrantTerms,
    Hours,
    IncidentType,
    Kind,
    PauseNow,
    Purpose,
    Resumption,
    Revocation,
    Sharing as ShareNow,
    Statement,
    StatementType,
    Use,
    seal,
)
from consentry.kernel.clock import Clock
from consentry.kernel.ids import CameraId, GrantId, IdSource, PartyId

from .keys import KeyFolder
from .model import AGENCIES, CityCamera, CityOwner, Device, Sharing, Sort
from .terrain import TIME_ZONE

TYPES: Final = {
    GrantTerms: StatementType.GRANT,
    Revocation: StatementType.REVOKE,
    PauseNow: StatementType.PAUSE,
    Resumption: StatementType.RESUME,
    ShareNow: StatementType.SHARE_NOW,
    AnswerTerms: StatementType.ANSWER,
}
GRANT_LIFE: Final = timedelta(days=300)
SESSION_S: Final = 1800
RADIUS_M: Final = 450

SAFETY: Final = frozenset(
    {
        Purpose.LIFE_SAFETY,
        Purpose.MISSING_PERSON,
        Purpose.FIRE_RESCUE,
        Purpose.MEDICAL,
        Purpose.DISASTER,
    }
)
CRIME: Final = SAFETY | {Purpose.CRIME_IN_PROGRESS, Purpose.INVESTIGATION}
PUBLIC: Final = CRIME | {Purpose.TRAFFIC_SAFETY, Purpose.PUBLIC_EVENT_SAFETY, Purpose.TRAINING}
SERIOUS: Final = frozenset(
    {
        IncidentType.FIRE,
        IncidentType.MEDICAL,
        IncidentType.MISSING_PERSON,
        IncidentType.DISASTER,
        IncidentType.VIOLENT_CRIME,
        IncidentType.BURGLARY_IN_PROGRESS,
    }
)
WEEK: Final = frozenset(range(7))
CLOSED_HOURS: Final = (Hours(days=WEEK, start_min=20 * 60, end_min=7 * 60),)
"""When nobody is in: shops, offices and homes share their nights."""
SCHOOL_HOURS: Final = (
    Hours(days=frozenset(range(5)), start_min=17 * 60, end_min=7 * 60),
    Hours(days=frozenset({5, 6}), start_min=0, end_min=24 * 60),
)
HOME_SAFETY_EVERY: Final = 3
"""Of every three homes, one lets its camera serve safety alone: not crime."""


@dataclass(frozen=True, slots=True)
class Pen:
    """Seals for the owners. The hub takes what it writes, and could not have written it."""

    hub: str
    keys: KeyFolder
    clock: Clock

    def seal(self, owner: str, camera_id: CameraId, body: Body, seq: int, prev: str) -> Envelope:
        statement = Statement(
            type=TYPES[type(body)],
            hub=self.hub,
            camera_id=camera_id,
            seq=seq,
            prev=prev,
            issued_at=self.clock.now(),
            body=body,
        )
        return seal(statement, self.keys.of(owner))


def terms_of(
    camera: CityCamera,
    owner: CityOwner,
    agencies: Mapping[str, PartyId],
    ids: IdSource,
    now: datetime,
) -> GrantTerms:
    """The promise that suits this camera and its owner."""
    kind = Kind(camera.sharing.value)
    incident = camera.sharing is Sharing.INCIDENT
    return GrantTerms(
        id=GrantId(ids()),
        version=1,
        agencies=frozenset(agencies[sort.value] for sort in _agencies_of(owner)),
        kind=kind,
        uses=_uses_of(camera),
        purposes=purposes_of(camera, owner),
        not_before=now.replace(microsecond=0),
        not_after=now.replace(microsecond=0) + GRANT_LIFE,
        max_session_s=SESSION_S,
        incident_types=SERIOUS if incident else frozenset(),
        radius_m=RADIUS_M if incident else None,
        hours=_hours_of(camera, owner),
        tz=TIME_ZONE if camera.sharing is Sharing.SCHEDULE else "",
    )


def purposes_of(camera: CityCamera, owner: CityOwner) -> frozenset[Purpose]:
    if owner.sort in AGENCIES:
        return PUBLIC
    safety_alone = owner.sort is Sort.HOME and sum(map(ord, camera.key)) % HOME_SAFETY_EVERY == 0
    return SAFETY if safety_alone or owner.sort is Sort.SCHOOL else CRIME


def _agencies_of(owner: CityOwner) -> tuple[Sort, ...]:
    """Whom it names: agencies each other, everybody else the two that answer calls."""
    return AGENCIES if owner.sort in AGENCIES else (Sort.POLICE, Sort.FIRE)


def _uses_of(camera: CityCamera) -> frozenset[Use]:
    """Audio and plates stay off, but for the agencies' own plate readers."""
    uses = {Use.LIVE, Use.PLAYBACK, Use.CLIP, Use.HOLD}
    if camera.device is Device.PTZ:
        uses.add(Use.PTZ)
    if camera.device is Device.PLATE_READER:
        uses.add(Use.PLATES)
    return frozenset(uses)


def _hours_of(camera: CityCamera, owner: CityOwner) -> tuple[Hours, ...]:
    if camera.sharing is not Sharing.SCHEDULE:
        return ()
    return SCHOOL_HOURS if owner.sort is Sort.SCHOOL else CLOSED_HOURS
