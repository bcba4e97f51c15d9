"""Which of the nearest cameras is most likely to show the place, and why.

Distance and view weigh most; then health, sight in the dark, and how little of private life it
shows. What is not known is neutral: an unknown bearing is neither a view nor the lack of one.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag
from math import cos, pi, radians, sin
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from consentry.kernel.geo import Point

from .columns import Bools, Floats
from .model import HEALTHS, KINDS, SETTINGS, Health, Kind, Setting

RANKED_MAX: Final = 512
NEAR_M: Final = 100.0
"""At this distance the share of nearness has fallen to a half."""
WEIGHT_NEAR: Final = 0.45
WEIGHT_VIEW: Final = 0.35
WEIGHT_HEALTH: Final = 0.10
WEIGHT_NIGHT: Final = 0.05
WEIGHT_SETTING: Final = 0.05
NEUTRAL: Final = 0.5
DARK_SINE: Final = -0.1
"""Of the sun's height: about six degrees below the horizon, the end of civil twilight."""

HEALTH_SHARE: Final = {
    Health.ONLINE: 1.0,
    Health.UNKNOWN: NEUTRAL,
    Health.DEGRADED: 0.4,
    Health.OFFLINE: 0.0,
}
SETTING_SHARE: Final = {
    Setting.PUBLIC: 1.0,
    Setting.BUSINESS: 0.7,
    Setting.HOME: 0.3,
    Setting.HOME_INTERIOR: 0.0,
}


class Reason(IntFlag):
    """What spoke for or against a camera. Their names, in lower case, are on the wire."""

    IN_VIEW = 1
    OUT_OF_VIEW = 2
    VIEW_UNKNOWN = 4
    BEYOND_REACH = 8
    OFFLINE = 16
    DEGRADED = 32
    SEES_IN_THE_DARK = 64
    BLIND_IN_THE_DARK = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The columns a ranker may look at: authorised rows alone, nearest first."""

    lat: Floats
    lon: Floats
    distance_m: Floats
    kind: NDArray[np.uint8]
    setting: NDArray[np.uint8]
    health: NDArray[np.uint8]
    night: Bools
    bearing: NDArray[np.float32]
    fov: NDArray[np.float32]
    reach: NDArray[np.float32]


class Ranker(Protocol):
    def score(
        self, towards: Point, columns: Candidates, at: datetime
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """A score from 0 to 1 for each, the higher the better, and its `Reason`s."""
        ...


class ByView:
    """The ranker that is used unless another is given. Implements `Ranker`."""

    def score(
        self, towards: Point, columns: Candidates, at: datetime
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        view, reasons = views(towards, columns)
        near = NEAR_M / (NEAR_M + columns.distance_m)
        health = np.array([HEALTH_SHARE[health] for health in HEALTHS])[columns.health]
        setting = np.array([SETTING_SHARE[setting] for setting in SETTINGS])[columns.setting]
        reasons |= np.where(columns.health == HEALTHS.index(Health.OFFLINE), Reason.OFFLINE, 0)
        reasons |= np.where(columns.health == HEALTHS.index(Health.DEGRADED), Reason.DEGRADED, 0)
        night = np.full(len(near), 1.0)
        if is_dark(towards, at):
            night = columns.night.astype(np.float64)
            seeing, blind = Reason.SEES_IN_THE_DARK, Reason.BLIND_IN_THE_DARK
            reasons |= np.where(columns.night, seeing, blind)
        total = (
            WEIGHT_NEAR * near
            + WEIGHT_VIEW * view
            + WEIGHT_HEALTH * health
            + WEIGHT_NIGHT * night
            + WEIGHT_SETTING * setting
        )
        return total.astype(np.float32), reasons.astype(np.int32)


def views(towards: Point, columns: Candidates) -> tuple[Floats, NDArray[np.int64]]:
    """Whether the place lies in each field of view: 1 yes, 0 no, a half where unknown."""
    away = np.abs((_bearings(towards, columns) - columns.bearing + 180.0) % 360.0 - 180.0)
    turning = (columns.kind == KINDS.index(Kind.PTZ)) | (columns.fov >= 360)
    aside = ~turning & (away > columns.fov / 2)  # comparisons with what is not known are false
    beyond = columns.distance_m > columns.reach
    facing = turning | (away <= columns.fov / 2)
    seen = facing & (columns.distance_m <= columns.reach)
    out = aside | beyond
    reasons = np.where(seen, int(Reason.IN_VIEW), int(Reason.VIEW_UNKNOWN))
    reasons = np.where(out, int(Reason.OUT_OF_VIEW), reasons)
    reasons |= np.where(beyond, int(Reason.BEYOND_REACH), 0)
    share = np.where(out, 0.0, np.where(seen, 1.0, NEUTRAL))
    return share, reasons


def is_dark(place: Point, at: datetime) -> bool:
    """Whether civil twilight has ended there, by the sun's mean course: good to some minutes."""
    day = at.timetuple().tm_yday + at.hour / 24
    declination = radians(-23.44) * cos(2 * pi * (day + 10) / 365.25)
    hour = radians((at.hour + at.minute / 60 - 12) * 15 + place.lon)
    height = sin(radians(place.lat)) * sin(declination)
    height += cos(radians(place.lat)) * cos(declination) * cos(hour)
    return height < DARK_SINE


def words(reasons: int) -> list[str]:
    return [reason.name.lower() for reason in Reason if reason & reasons and reason.name]


def _bearings(towards: Point, columns: Candidates) -> Floats:
    """From each camera towards the place, clockwise from north, on the local plane."""
    mid = np.radians((columns.lat + towards.lat) / 2)
    east = ((towards.lon - columns.lon + 180.0) % 360.0 - 180.0) * np.cos(mid)
    bearing: Floats = np.degrees(np.arctan2(east, towards.lat - columns.lat)) % 360.0
    return bearing
