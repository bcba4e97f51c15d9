"""The small words that several messages share: instants, ids, text, areas."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from consentry.infra.web import Wire
from consentry.kernel.geo import POLYGON_VERTICES_MAX, Area, Circle, Point, Polygon
from consentry.kernel.ids import ID_PATTERN

YEAR_MIN: Final = 2000
YEAR_MAX: Final = 2200
TEXT_MAX: Final = 500
NAME_MAX: Final = 120
RADIUS_M_MAX: Final = 3_000
HASH_PATTERN: Final = r"^[0-9a-f]{64}$"


def _whole_seconds(instant: datetime) -> datetime:
    if not YEAR_MIN <= instant.year <= YEAR_MAX:
        raise ValueError(f"a year from {YEAR_MIN} to {YEAR_MAX} is expected")
    return instant.astimezone(UTC).replace(microsecond=0)


When = Annotated[AwareDatetime, AfterValidator(_whole_seconds)]
"""An instant with its offset, such as `2026-11-20T15:00:00Z`; fractions of a second are cut off."""
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
PathId = Annotated[str, Path(pattern=ID_PATTERN)]
Hash = Annotated[str, StringConstraints(pattern=HASH_PATTERN)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_MAX)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_MAX)]


class PointIn(Wire):
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)

    def to_model(self) -> Point:
        return Point(self.lat, self.lon)

    @classmethod
    def of(cls, point: Point) -> "PointIn":
        return cls(lat=point.lat, lon=point.lon)


class CircleIn(PointIn):
    radius_m: float = Field(gt=0, le=RADIUS_M_MAX)


class AreaIn(Wire):
    """A circle or a ring of points: one of the two."""

    circle: CircleIn | None = None
    polygon: list[PointIn] | None = Field(
        default=None, min_length=3, max_length=POLYGON_VERTICES_MAX
    )

    def to_model(self) -> Area | None:
        if (self.circle is None) == (self.polygon is None):
            return None
        if self.circle is not None:
            return Circle(self.circle.to_model(), self.circle.radius_m)
        return Polygon(tuple(point.to_model() for point in self.polygon or ()))

    @classmethod
    def of(cls, area: Area) -> "AreaIn":
        if isinstance(area, Circle):
            at, radius_m = area.centre, area.radius_m
            return cls(circle=CircleIn(lat=at.lat, lon=at.lon, radius_m=radius_m))
        return cls(polygon=[PointIn.of(point) for point in area.ring])
