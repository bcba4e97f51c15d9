"""The registry on the wire: one flat shape for a camera, in JSON as in files."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import Field

from consentry.infra.web import Wire
from consentry.infra.web.paging import CURSOR_LENGTH_MAX, LIMIT_MAX
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import ID_PATTERN, PartyId

from . import rules
from .model import LISTED, Camera, Details, Filter, Health, Kind, Setting, State
from .rows import flat

Id = Annotated[str, Field(pattern=ID_PATTERN)]
PathId = Annotated[str, Path(pattern=ID_PATTERN)]
# The bounds of a place are checked by the rules, which can tell when the two seem swapped.
Lat = Annotated[float, Field(json_schema_extra={"minimum": -90, "maximum": 90})]
Lon = Annotated[float, Field(json_schema_extra={"minimum": -180, "maximum": 180})]
Name = Annotated[str, Field(min_length=1, max_length=rules.NAME_LENGTH_MAX)]
Address = Annotated[str, Field(max_length=rules.ADDRESS_LENGTH_MAX)]
Floor = Annotated[int | None, Field(ge=rules.FLOOR_MIN, le=rules.FLOOR_MAX)]
Height = Annotated[float | None, Field(ge=rules.HEIGHT_M_MIN, le=rules.HEIGHT_M_MAX)]
Bearing = Annotated[float | None, Field(ge=0, le=360, description="Clockwise from north.")]
View = Annotated[float | None, Field(gt=0, le=rules.FOV_DEG_MAX)]
Range = Annotated[float | None, Field(gt=0, le=rules.RANGE_M_MAX)]

NULLABLE: Final = frozenset(f.name for f in fields(Details) if f.default is None)


class CameraIn(Wire):
    """A camera of one's own. `source` and `reference` together name it once and for all."""

    name: Name
    lat: Lat
    lon: Lon
    kind: Kind = Kind.FIXED
    setting: Setting = Setting.BUSINESS
    address: Address = ""
    floor: Floor = Field(default=None, description="Of an indoor camera, which must have one.")
    height_m: Height = None
    bearing_deg: Bearing = None
    fov_deg: View = None
    range_m: Range = None
    night_vision: bool = False
    source: str = Field(default="manual", min_length=1, max_length=rules.SOURCE_LENGTH_MAX)
    reference: str | None = Field(default=None, min_length=1, max_length=rules.REFERENCE_LENGTH_MAX)

    def details(self) -> Details:
        told = self.model_dump(exclude={"lat", "lon", "source", "reference"})
        return Details(place=rules.place(self.lat, self.lon), **told)


class CameraPatch(Wire):
    """Only what is to change. Null means: not known."""

    name: Name | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    kind: Kind | None = None
    setting: Setting | None = None
    address: Address | None = None
    floor: Floor = None
    height_m: Height = None
    bearing_deg: Bearing = None
    fov_deg: View = None
    range_m: Range = None
    night_vision: bool | None = None

    def changes(self) -> Mapping[str, Any]:
        """By field of `Details`. Raises InvalidError for a null where something must stand."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        empty = sorted(n for n, value in given.items() if value is None and n not in NULLABLE)
        if empty:
            raise InvalidError.of(empty[0], "cannot be null")
        lat, lon = given.pop("lat", None), given.pop("lon", None)
        if (lat is None) is not (lon is None):
            missing = "lat" if lat is None else "lon"
            raise InvalidError.of(missing, "is missing: a place has both")
        if lat is not None and lon is not None:
            given["place"] = rules.place(lat, lon)
        return given


class MoveIn(Wire):
    lat: Lat
    lon: Lon
    bearing_deg: Bearing = None

    def changes(self) -> Mapping[str, Any]:
        place = {"place": rules.place(self.lat, self.lon)}
        turned = "bearing_deg" in self.model_fields_set
        return place | {"bearing_deg": self.bearing_deg} if turned else place


class ListIn(Wire):
    """Which cameras to list."""

    state: State | None = None
    kind: Kind | None = None
    setting: Setting | None = None
    health: Health | None = None
    text: str | None = Field(
        default=None,
        min_length=1,
        max_length=80,
        description="Part of the name or the address.",
    )
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX)
    cursor: str | None = Field(default=None, max_length=CURSOR_LENGTH_MAX)

    def filter(self) -> Filter:
        states = LISTED if self.state is None else frozenset({self.state}) & LISTED
        return Filter(
            states=states,
            kind=self.kind,
            setting=self.setting,
            health=self.health,
            text=self.text,
        )


class DeclineIn(Wire):
    reason: str = Field(default="", max_length=300)


class HealthIn(Wire):
    health: Health


class EdgeIn(Wire):
    edge_id: Id | None = Field(description="One of your edges; null takes the camera off.")


class CameraOut(Wire):
    id: str
    number: int = Field(description="What a map tile calls it.")
    party_id: str = Field(description="Its owner.")
    proposed_by: str | None = Field(description="The party whose import brought it, if another.")
    state: State
    name: str
    lat: float
    lon: float
    kind: Kind
    setting: Setting
    address: str
    floor: int | None
    height_m: float | None
    bearing_deg: float | None
    fov_deg: float | None
    range_m: float | None
    night_vision: bool
    health: Health
    health_at: datetime | None
    edge_id: str | None
    source: str
    reference: str | None
    added_at: datetime
    changed_at: datetime
    confirmed_at: datetime | None = Field(description="When its owner last said that it is so.")
    moved_at: datetime | None

    @classmethod
    def of(cls, camera: Camera) -> "CameraOut":
        return cls(
            id=camera.id,
            number=camera.number,
            party_id=camera.party_id,
            proposed_by=_other(camera.origin.party_id, camera.party_id),
            state=camera.state,
            health=camera.health,
            health_at=camera.health_at,
            edge_id=camera.edge_id,
            source=camera.origin.source,
            reference=camera.origin.reference,
            added_at=camera.added_at,
            changed_at=camera.changed_at,
            confirmed_at=camera.confirmed_at,
            moved_at=camera.moved_at,
            **flat(camera.details),
        )


def _other(party_id: PartyId, owner_id: PartyId) -> str | None:
    return None if party_id == owner_id else party_id
