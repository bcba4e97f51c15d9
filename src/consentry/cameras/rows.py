"""A camera as the flat row that is stored, and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, EdgeId, PartyId

from .model import Camera, Details, Health, Kind, Origin, Setting, State

PLAIN: Final = tuple(f.name for f in fields(Details) if f.name not in {"place", "kind", "setting"})


def to_row(one: Camera) -> dict[str, Any]:
    """Every column but those of the last touch and of removal."""
    details = one.details
    return {name: getattr(details, name) for name in PLAIN} | {
        "id": one.id,
        "number": one.number,
        "party_id": one.party_id,
        "state": one.state.value,
        "lat": details.place.lat,
        "lon": details.place.lon,
        "kind": details.kind.value,
        "setting": details.setting.value,
        "health": one.health.value,
        "health_at": one.health_at,
        "edge_id": one.edge_id,
        "origin_party_id": one.origin.party_id,
        "source": one.origin.source,
        "reference": one.origin.reference,
        "import_id": one.origin.import_id,
        "added_at": one.added_at,
        "changed_at": one.changed_at,
        "confirmed_at": one.confirmed_at,
        "moved_at": one.moved_at,
    }


def from_row(row: Any) -> Camera:
    """A row that is not removed, with its columns as attributes."""
    details = Details(
        place=Point(row.lat, row.lon),
        kind=Kind(row.kind),
        setting=Setting(row.setting),
        **{name: getattr(row, name) for name in PLAIN},
    )
    origin = Origin(
        party_id=PartyId(row.origin_party_id),
        source=row.source,
        reference=row.reference,
        import_id=row.import_id,
    )
    return Camera(
        id=CameraId(row.id),
        number=row.number,
        party_id=PartyId(row.party_id),
        details=details,
        state=State(row.state),
        health=Health(row.health),
        edge_id=None if row.edge_id is None else EdgeId(row.edge_id),
        origin=origin,
        added_at=row.added_at,
        changed_at=row.changed_at,
        confirmed_at=row.confirmed_at,
        moved_at=row.moved_at,
        health_at=row.health_at,
    )


def flat(details: Details) -> dict[str, Any]:
    """Details by the names that the wire and files use for them."""
    told = {f.name: getattr(details, f.name) for f in fields(Details) if f.name != "place"}
    return told | {"lat": details.place.lat, "lon": details.place.lon}


def unflat(told: Mapping[str, Any]) -> Details:
    """The details that `flat` told, from values that were checked before."""
    rest = {name: told[name] for name in PLAIN}
    return Details(
        place=Point(told["lat"], told["lon"]),
        kind=Kind(told["kind"]),
        setting=Setting(told["setting"]),
        **rest,
    )
