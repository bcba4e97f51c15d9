"""What the map shows over the ground plan: cameras, incidents, units, and names when near.

Only the demo's start page shows every camera of the city: its registry is invented. A real hub
shows an operator others' cameras only inside an incident's area.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import cos, degrees, hypot, radians, sin
from typing import Final

import numpy as np

from consentry.simulation import City
from consentry.simulation.model import CityCamera, Sharing
from consentry.simulation.names import DISTRICTS
from consentry.simulation.picture import HEIGHT, WIDTH, place
from consentry.simulation.world import Unit

PRIORITIES: Final = {"immediate": 1, "urgent": 2, "routine": 3}


class State(StrEnum):
    """What a camera's owner lets happen, as one shape, colour and word each."""

    SHARING = "sharing"
    WAITING = "waiting"
    ASK = "ask"
    REGISTRY = "registry"
    OFFLINE = "offline"


WORDS: Final = {
    State.SHARING: "sharing now",
    State.WAITING: "shares in an incident or its hours",
    State.ASK: "ask the owner first",
    State.REGISTRY: "registry only",
    State.OFFLINE: "offline",
}


@dataclass(frozen=True, slots=True)
class View:
    """A part of the ground plan: `viewBox`, and how large a symbol is in it."""

    name: str
    words: str
    box: str
    symbol: float
    near: bool


@dataclass(frozen=True, slots=True)
class CameraMark:
    key: str
    title: str
    state: State
    x: int
    y: int
    open: bool
    """Whether the ask on this page can be about it."""
    wedge: str = ""
    """Its field of view, as a path; drawn near the incident only."""


@dataclass(frozen=True, slots=True)
class UnitMark:
    sign: str
    x: int
    y: int
    heading: int


@dataclass(frozen=True, slots=True)
class IncidentMark:
    priority: int
    title: str
    x: int
    y: int
    radius: int


@dataclass(frozen=True, slots=True)
class StreetMark:
    name: str
    x: int
    y: int
    turn: int


@dataclass(frozen=True, slots=True)
class LabelMark:
    kind: str
    name: str
    x: int
    y: int
    size: int
    turn: int = 0


CITY_VIEW: Final = View("city", "Whole city", f"0 0 {WIDTH} {HEIGHT}", 62.0, near=False)
NEAR_M: Final = 1280.0
PARK_NAMED_M: Final = 290
WATERS: Final = (("Halden Sound", -1500, -1640, 0), ("River Weir", 1185, 2450, -62))


def views(city: City) -> tuple[View, View]:
    crossing = city.preset_crossing
    x, y = place(float(city.streets.x[crossing]), float(city.streets.y[crossing]))
    box = f"{x - NEAR_M / 2:.0f} {y - NEAR_M / 2:.0f} {NEAR_M:.0f} {NEAR_M:.0f}"
    return CITY_VIEW, View("incident", "Around the incident", box, 25.0, near=True)


def state_of(camera: CityCamera, *, online: bool, paused: bool, in_area: bool) -> State:
    """For the map alone, and coarse: whether an ask is permitted, only `decide` says."""
    if not online:
        return State.OFFLINE
    if paused or camera.sharing is Sharing.REGISTRY:
        return State.REGISTRY
    if camera.sharing in (Sharing.ASK, Sharing.OWNER_EMERGENCY):
        return State.ASK
    if camera.sharing is Sharing.ALWAYS or (camera.sharing is Sharing.INCIDENT and in_area):
        return State.SHARING
    return State.WAITING


def mark(camera: CityCamera, owner: str, state: State, *, reach: bool) -> CameraMark:
    x, y = place(camera.x, camera.y)
    return CameraMark(
        key=camera.key,
        title=f"{camera.name} · {owner} · {WORDS[state]}",
        state=state,
        x=round(x),
        y=round(y),
        open=camera.preset,
        wedge=wedge(camera) if reach and camera.preset else "",
    )


def wedge(camera: CityCamera) -> str:
    """The field of view as a slice of pie."""
    x, y = place(camera.x, camera.y)
    points, reach = [], min(camera.range_m, 62.0)
    for turn in (-camera.fov_deg / 2, camera.fov_deg / 2):
        ahead = radians(camera.bearing_deg + turn)
        points.append(f"{x + reach * sin(ahead):.0f} {y - reach * cos(ahead):.0f}")
    return f"M{x:.0f} {y:.0f}L{points[0]}A{reach:.0f} {reach:.0f} 0 0 1 {points[1]}Z"


def unit_marks(city: City, units: Iterable[Unit]) -> list[UnitMark]:
    marks = []
    for unit in units:
        x, y = place(*unit.place(city.streets))
        heading = round(unit.heading_deg(city.streets))
        marks.append(UnitMark(unit.sign, round(x), round(y), heading))
    return marks


def street_marks(city: City, view: View) -> list[StreetMark]:
    """Names of the streets in view, each once, written along its road."""
    left, top, width, height = (float(part) for part in view.box.split())
    streets, marks = city.streets, []
    for index, street in enumerate(streets.streets):
        for run in street.runs:
            inside = [
                n
                for n in run
                if _within(
                    *place(float(streets.x[n]), float(streets.y[n])), left, top, width, height
                )
            ]
            if len(inside) > 2:
                marks.append(_street_mark(city, street.name, inside, index))
                break
    return marks


def label_marks(city: City, view: View) -> list[LabelMark]:
    """Districts, the larger parks, the water: in letters that suit the part shown."""
    large, middle, small = (30, 26, 22) if view.near else (96, 84, 58)
    marks = [_label("district", name.upper(), x, y, large) for name, x, y in DISTRICTS]
    for name, ring in city.parks:
        if view.near or np.ptp(ring[:, 0]) > PARK_NAMED_M:
            x, y = ring.mean(axis=0)
            marks.append(_label("green", name, x, y, small))
    marks += [_label("water-name", name, x, y, middle, turn) for name, x, y, turn in WATERS]
    return marks


def _label(kind: str, name: str, x: float, y: float, size: int, turn: int = 0) -> LabelMark:
    left, top = place(x, y)
    return LabelMark(kind, name, round(left), round(top), size, turn)


def _within(x: float, y: float, left: float, top: float, width: float, height: float) -> bool:
    # Beyond the box to the sides, where a wide page shows more than the square.
    return left - 200 < x < left + width + 200 and top + 40 < y < top + height - 40


def _street_mark(city: City, name: str, numbers: Sequence[int], index: int) -> StreetMark:
    """At different places along neighbouring streets, so that names do not stand in a row."""
    spot = 1 + (index * 5) % max(1, len(numbers) - 2)
    a, b = numbers[spot - 1], numbers[spot]
    x0, y0 = place(float(city.streets.x[a]), float(city.streets.y[a]))
    x1, y1 = place(float(city.streets.x[b]), float(city.streets.y[b]))
    turn = degrees(np.arctan2(y1 - y0, x1 - x0))
    turn = turn - 180 if turn > 90 else turn + 180 if turn < -90 else turn
    length = hypot(x1 - x0, y1 - y0)
    assert length > 0  # noqa: S101 two crossings are never at one place
    return StreetMark(name, round((x0 + x1) / 2), round((y0 + y1) / 2), round(turn))
