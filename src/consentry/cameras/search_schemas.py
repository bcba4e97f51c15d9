"""Searches on the wire: three shapes in, columns out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic_core import to_json

from consentry.infra.web import Wire
from consentry.kernel.geo import POLYGON_VERTICES_MAX, Point, Polygon
from consentry.kernel.ids import ID_PATTERN, IncidentId

from .model import HEALTHS, KINDS, SETTINGS, Health, Kind, Setting
from .ranking import RANKED_MAX, Candidates, Ranker, words
from .search import HITS_MAX, NEAREST_MAX, RADIUS_M_MIN, Found, checked_ring
from .shapes import REACH_M_MAX, Ring

RADIUS_M: Final = 500.0
NEAREST: Final = 20
VIEW_FACTS: Final = ("bearing", "fov", "reach")
FACTS: Final = ("lat", "lon", "kind", "setting", "health", "night", *VIEW_FACTS)

Incident = Annotated[IncidentId, Field(pattern=ID_PATTERN)]
Lat = Annotated[float, Field(ge=-90, le=90)]
Lon = Annotated[float, Field(ge=-180, le=180)]
Radius = Annotated[float, Field(ge=RADIUS_M_MIN, le=REACH_M_MAX)]
Count = Annotated[int, Field(ge=1, le=NEAREST_MAX)]
Kinds = Annotated[list[Kind], Field(max_length=len(KINDS))]


class Place(Wire):
    lat: Lat
    lon: Lon

    def point(self) -> Point:
        return Point(self.lat, self.lon)


class Asked(Wire):
    incident_id: Incident | None = Field(
        default=None, description="Shows others' cameras within the area of this open incident."
    )
    kinds: Kinds = Field(default_factory=list, description="Only these kinds; none: all.")


class CircleIn(Asked):
    shape: Literal["circle"]
    centre: Place
    radius_m: Radius = RADIUS_M


class NearestIn(Asked):
    shape: Literal["nearest"]
    towards: Place
    count: Count = NEAREST


class PolygonIn(Asked):
    shape: Literal["polygon"]
    ring: list[Place] = Field(
        min_length=3,
        max_length=POLYGON_VERTICES_MAX,
        description="Its vertices in order, the first not repeated. It may cross the antimeridian.",
    )
    towards: Place | None = Field(
        default=None, description="What the cameras are ranked for; none: the middle."
    )

    def to_ring(self) -> Ring:
        """Raises InvalidError for sides that cross, and for a ring that reaches too far."""
        return checked_ring(Polygon(tuple(place.point() for place in self.ring)).unrolled())

    def to_target(self, ring: Ring) -> Point:
        if self.towards is not None:
            return self.towards.point()
        middle = ring.polygon.centroid
        return Point(middle.y, (middle.x + 180) % 360 - 180)


SearchIn = Annotated[CircleIn | NearestIn | PolygonIn, Field(discriminator="shape")]


class Hits(Wire):
    """One list per fact, all equally long, best first. Null where a fact is not known."""

    id: list[str]
    number: list[int]
    own: list[bool]
    lat: list[float]
    lon: list[float]
    distance_m: list[float]
    kind: list[Kind]
    setting: list[Setting]
    health: list[Health]
    night_vision: list[bool]
    bearing_deg: list[float | None]
    fov_deg: list[float | None]
    range_m: list[float | None]
    score: list[float | None] = Field(
        description=f"0 to 1, for the nearest {RANKED_MAX}; those farther follow by distance."
    )
    reasons: list[list[str]]


class SearchOut(Wire):
    truncated: bool = Field(
        description=f"There are more; these are the nearest, at most {HITS_MAX}."
    )
    cameras: Hits


def answer(found: Found, towards: Point, ranker: Ranker, at: datetime, *, may_ask: bool) -> bytes:
    """The answer in JSON, as `SearchOut` describes it.

    Bearing and view betray blind spots: who may not ask for a camera is not told them, and the
    ranking does not know them either.
    """
    facts = {name: found.fact(name) for name in FACTS}
    if not may_ask:
        for name in VIEW_FACTS:
            facts[name] = np.where(found.own, facts[name], np.float32(np.nan))
    distance_m = found.distance_m
    ranked = min(len(found), RANKED_MAX)
    columns = {name: column[:ranked] for name, column in facts.items()}
    candidates = Candidates(distance_m=distance_m[:ranked], **columns)
    score, reasons = ranker.score(towards, candidates, at)
    order = np.arange(len(found))
    order[:ranked] = np.argsort(-score, kind="stable")
    scores = np.full(len(found), np.nan)
    scores[:ranked] = score
    told = np.zeros(len(found), np.int32)
    told[:ranked] = reasons
    facts |= {"distance_m": distance_m, "score": scores, "reasons": told, "own": found.own}
    facts |= {"id": found.fact("id"), "number": found.number}
    cameras = _listed({name: column[order] for name, column in facts.items()})
    return to_json({"truncated": found.truncated, "cameras": cameras}, inf_nan_mode="null")


def _listed(facts: dict[str, NDArray[Any]]) -> dict[str, list[Any]]:
    said = {code: words(code) for code in np.unique(facts["reasons"]).tolist()}
    return {
        "id": facts["id"].astype("U36").tolist(),
        "number": facts["number"].tolist(),
        "own": facts["own"].tolist(),
        "lat": facts["lat"].tolist(),
        "lon": facts["lon"].tolist(),
        "distance_m": facts["distance_m"].round(1).tolist(),
        "kind": _named(facts["kind"], KINDS),
        "setting": _named(facts["setting"], SETTINGS),
        "health": _named(facts["health"], HEALTHS),
        "night_vision": facts["night"].tolist(),
        "bearing_deg": facts["bearing"].astype(np.float64).round(2).tolist(),
        "fov_deg": facts["fov"].astype(np.float64).round(2).tolist(),
        "range_m": facts["reach"].astype(np.float64).round(2).tolist(),
        "score": facts["score"].round(4).tolist(),
        "reasons": [said[code] for code in facts["reasons"].tolist()],
    }


def _named(codes: NDArray[np.uint8], names: Sequence[Any]) -> list[str]:
    values = [name.value for name in names]
    return [values[code] for code in codes.tolist()]
