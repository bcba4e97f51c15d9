"""What becomes of each row of a batch: a new camera, a changed one, nothing, or a fault. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from consentry.kernel.errors import Fault
from consentry.kernel.ids import CameraId, PartyId

from .imports import Import
from .model import Camera, Origin, State
from .ports import Match, Touch
from .records import Batch, Record, RowFault

FIELD_LENGTH_MAX: Final = 60
MESSAGE_LENGTH_MAX: Final = 300
LIMIT_LENGTH_MAX: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What stands already of what a batch names."""

    owners: Mapping[str, PartyId]
    by_id: Mapping[str, Match]
    by_reference: Mapping[str, Match]


@dataclass(slots=True)
class Landing:
    """The batch, sorted. New cameras get their ids and numbers when they are written."""

    new: list[tuple[Record, PartyId]] = field(default_factory=list)
    changed: list[tuple[Record, Camera]] = field(default_factory=list)
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)
    rejected: int = 0


def sort(one: Import, batch: Batch, known: Known, now: datetime) -> Landing:
    landing = Landing(faults=list(batch.faults), rejected=batch.rejected)
    seen: dict[str, int] = {}
    for record in batch.records:
        outcome = _outcome(one, record, known, seen)
        if isinstance(outcome, Fault):
            landing.faults.append(RowFault(row=record.row, fault=outcome))
            landing.rejected += 1
            continue
        seen.setdefault(record.reference, record.row)
        if not isinstance(outcome, Camera):
            landing.new.append((record, outcome))
        elif outcome.details == record.details:
            landing.unchanged += 1
        else:
            landing.changed.append((record, _changed(outcome, record, now)))
    return landing


def _outcome(
    one: Import, record: Record, known: Known, seen: Mapping[str, int]
) -> PartyId | Camera | Fault:
    """The owner of a new camera, the camera that this row speaks of, or what is wrong."""
    owner_id = known.owners.get(record.owner) if record.owner else one.party_id
    if owner_id is None:
        message = "is no party of this hub, or more than one bears that name"
        return Fault(field="owner", message=message)
    match = known.by_id.get(record.camera_id) or known.by_reference.get(record.reference)
    earlier = _earlier(one, match, seen.get(record.reference))
    if earlier is not None:
        message = f"names the same camera as row {earlier}"
        return Fault(field="reference", message=message)
    if match is None:
        return owner_id
    if match.camera is None:
        return Fault(field="reference", message="names a camera that its owner did not want here")
    return _held(one, record, match.camera, owner_id)


def _earlier(one: Import, match: Match | None, seen: int | None) -> int | None:
    if seen is None and match is not None and match.touch is not None:
        return match.touch.row if match.touch.import_id == one.id else None
    return seen


def _held(one: Import, record: Record, camera: Camera, owner_id: PartyId) -> Camera | Fault:
    if camera.party_id != owner_id:
        return Fault(field="owner", message="is another than before: an import passes nothing on")
    theirs = camera.party_id != one.party_id and camera.state is State.CONFIRMED
    if theirs and camera.details != record.details:
        message = "names a camera that its owner has confirmed: only they can change it"
        return Fault(field="reference", message=message)
    return camera


def _changed(camera: Camera, record: Record, now: datetime) -> Camera:
    moved_at = now if camera.place != record.details.place else camera.moved_at
    return replace(camera, details=record.details, changed_at=now, moved_at=moved_at)


def made(
    one: Import,
    news: Sequence[tuple[Record, PartyId]],
    ids: Sequence[str],
    number: int,
    now: datetime,
) -> list[Camera]:
    """New cameras: one's own are confirmed thereby, others' wait for their owner."""
    cameras = []
    for offset, ((record, owner_id), camera_id) in enumerate(zip(news, ids, strict=True)):
        own = owner_id == one.party_id
        origin = Origin(
            party_id=one.party_id,
            source=one.options.source,
            reference=record.reference,
            import_id=one.id,
        )
        cameras.append(
            Camera(
                id=CameraId(camera_id),
                number=number + offset,
                party_id=owner_id,
                details=record.details,
                state=State.CONFIRMED if own else State.DRAFT,
                origin=origin,
                added_at=now,
                changed_at=now,
                confirmed_at=now if own else None,
            )
        )
    return cameras


def touches(one: Import, records: Sequence[Record]) -> list[Touch]:
    return [Touch(import_id=one.id, row=record.row) for record in records]


def trimmed(row: int, told: Sequence[Any]) -> RowFault:
    """A fault as the reader told it, cut to what is kept."""
    name, message, limit = told
    fault = Fault(
        field=name[:FIELD_LENGTH_MAX],
        message=message[:MESSAGE_LENGTH_MAX],
        limit=None if limit is None else limit[:LIMIT_LENGTH_MAX],
    )
    return RowFault(row=row, fault=fault)
