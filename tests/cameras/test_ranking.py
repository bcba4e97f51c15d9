"""The ranking: what lies in view comes before what is merely near, and each says why."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from consentry.cameras.model import HEALTHS, KINDS, Health, Kind
from consentry.cameras.ranking import ByView, Candidates, Reason, is_dark, views, words
from consentry.kernel.geo import Point, bearing_deg, distance_m, offset
from tests.kit import NOON

TARGET = Point(53.55, 9.99)
MIDNIGHT = datetime(2026, 11, 20, 23, tzinfo=UTC)
NAN = float("nan")


def a_candidate(place: Point, **facts: Any) -> Candidates:
    known: dict[str, Any] = {
        "kind": 0,
        "setting": 0,
        "health": HEALTHS.index(Health.ONLINE),
        "night": False,
        "bearing": NAN,
        "fov": NAN,
        "reach": NAN,
    }
    columns = {name: np.array([value]) for name, value in (known | facts).items()}
    return Candidates(
        lat=np.array([place.lat]),
        lon=np.array([place.lon]),
        distance_m=np.array([distance_m(place, TARGET)]),
        **columns,
    )


def judged(candidate: Candidates, at: datetime = NOON) -> tuple[float, list[str]]:
    score, reasons = ByView().score(TARGET, candidate, at)
    return float(score[0]), words(int(reasons[0]))


SOUTH = offset(TARGET, east_m=0, north_m=-40)
FACING: dict[str, Any] = {"bearing": 10.0, "fov": 90.0, "reach": 60.0}


def test_facing_the_place_within_reach_is_in_view() -> None:
    assert judged(a_candidate(SOUTH, **FACING))[1] == ["in_view"]


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"bearing": 180.0}, ["out_of_view"]),
        ({"bearing": 46.0}, ["out_of_view"]),
        ({"bearing": 350.0}, ["in_view"]),
        ({"reach": 30.0}, ["out_of_view", "beyond_reach"]),
        ({"bearing": NAN}, ["view_unknown"]),
        ({"fov": NAN}, ["view_unknown"]),
        ({"reach": NAN}, ["view_unknown"]),
        ({"reach": NAN, "bearing": 180.0}, ["out_of_view"]),
        ({"bearing": NAN, "fov": 360.0}, ["in_view"]),
        ({"bearing": NAN, "fov": NAN, "kind": KINDS.index(Kind.PTZ)}, ["in_view"]),
        ({"kind": KINDS.index(Kind.PTZ), "reach": 30.0}, ["out_of_view", "beyond_reach"]),
        ({"health": HEALTHS.index(Health.OFFLINE)}, ["in_view", "offline"]),
        ({"health": HEALTHS.index(Health.DEGRADED)}, ["in_view", "degraded"]),
    ],
)
def test_each_reason_is_told(changes: dict[str, Any], reasons: list[str]) -> None:
    assert judged(a_candidate(SOUTH, **(FACING | changes)))[1] == reasons


def test_in_view_beats_unknown_and_unknown_beats_out_of_view() -> None:
    scores = [judged(a_candidate(SOUTH, **(FACING | {"bearing": b})))[0] for b in (0, NAN, 180)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 3


def test_a_view_from_farther_beats_a_nearer_back() -> None:
    near = a_candidate(offset(TARGET, east_m=0, north_m=-20), **(FACING | {"bearing": 180.0}))
    assert judged(a_candidate(SOUTH, **FACING))[0] > judged(near)[0]


def test_sight_in_the_dark_counts_in_the_dark_alone() -> None:
    seeing, blind = (a_candidate(SOUTH, **FACING, night=night) for night in (True, False))
    assert judged(seeing) == judged(blind)
    assert judged(seeing, MIDNIGHT)[0] > judged(blind, MIDNIGHT)[0]
    assert judged(seeing, MIDNIGHT)[1] == ["in_view", "sees_in_the_dark"]
    assert judged(blind, MIDNIGHT)[1] == ["in_view", "blind_in_the_dark"]


@pytest.mark.parametrize(
    ("place", "month", "hour", "dark"),
    [
        (TARGET, 6, 11, False),
        (TARGET, 6, 23, True),
        (TARGET, 12, 15, False),
        (TARGET, 12, 17, True),
        (Point(-33.9, 151.2), 1, 2, False),
        (Point(-33.9, 151.2), 1, 14, True),
        (Point(80.0, 0.0), 6, 0, False),
        (Point(80.0, 0.0), 12, 12, True),
    ],
)
def test_darkness_follows_the_sun(place: Point, month: int, hour: int, dark: bool) -> None:
    assert is_dark(place, datetime(2026, month, 20, hour, tzinfo=UTC)) is dark


metre = st.floats(-400, 400)


@given(metre, metre, st.floats(0, 359.9), st.floats(1, 359), st.floats(1, 500))
def test_views_agree_with_the_geometry(
    east: float, north: float, bearing: float, fov: float, reach: float
) -> None:
    place = offset(TARGET, east_m=east, north_m=north)
    candidate = a_candidate(place, bearing=bearing, fov=fov, reach=reach)
    away = abs((bearing_deg(place, TARGET) - bearing + 180) % 360 - 180)
    distance = distance_m(place, TARGET)
    if abs(away - fov / 2) < 1e-6 or abs(distance - reach) < 1e-6 or distance < 1e-3:
        return
    share, reasons = views(TARGET, candidate)
    in_view = away < fov / 2 and distance < reach
    assert share[0] == (1.0 if in_view else 0.0)
    assert bool(reasons[0] & Reason.IN_VIEW) is in_view
