"""What counts as narrower, field by field; everything else is a raise."""

from dataclasses import replace
from typing import Any

import pytest

from consentry.consent.model import Grant, Hours, IncidentType, Kind, Purpose, Use
from consentry.consent.narrower import is_narrower, week
from consentry.kernel.ids import CameraId, GrantId, PartyId

from .hubs import AGENCY, CAMERA, DAY, HOUR, NOON, SECOND, terms

WEEKDAYS = frozenset(range(5))
DAYS = Hours(days=WEEKDAYS, start_min=480, end_min=1_020)
NIGHT = Hours(days=frozenset({6}), start_min=1_320, end_min=360)


def a_grant(**changes: Any) -> Grant:
    grant = terms().grant(CAMERA, "hash", NOON)
    wide: dict[str, Any] = {
        "agencies": frozenset({AGENCY, PartyId("b")}),
        "uses": frozenset({Use.LIVE, Use.CLIP}),
        "purposes": frozenset({Purpose.FIRE_RESCUE, Purpose.MEDICAL}),
        "incident_types": frozenset({IncidentType.FIRE, IncidentType.THEFT}),
        "radius_m": 300,
        "hours": (DAYS, NIGHT),
        "tz": "Local",
        "masks": "m",
    }
    return replace(grant, **{**wide, **changes})


NARROWER: list[dict[str, Any]] = [
    {},
    {"version": 2},
    {"agencies": frozenset({AGENCY})},
    {"uses": frozenset({Use.LIVE})},
    {"purposes": frozenset({Purpose.MEDICAL})},
    {"incident_types": frozenset({IncidentType.FIRE})},
    {"radius_m": 299},
    {"not_before": NOON - DAY + SECOND},
    {"not_after": NOON + 30 * DAY - SECOND},
    {"max_session_s": 1_799},
    {"agency_key": "k"},
    {"kind": Kind.REGISTRY},
    {"kind": Kind.ASK},
    {"kind": Kind.OWNER_EMERGENCY},
    {"hours": (DAYS,)},
    {"hours": (NIGHT,)},
    {"hours": (Hours(days=frozenset({0}), start_min=0, end_min=360),)},
    {"hours": (Hours(days=frozenset({6}), start_min=1_321, end_min=359),)},
]
WIDER: list[dict[str, Any]] = [
    {"id": GrantId("other")},
    {"camera_id": CameraId("other")},
    {"agencies": frozenset({AGENCY, PartyId("c")})},
    {"uses": frozenset({Use.LIVE, Use.AUDIO})},
    {"purposes": frozenset({Purpose.TRAINING})},
    {"incident_types": frozenset({IncidentType.OTHER})},
    {"incident_types": frozenset()},
    {"radius_m": 301},
    {"radius_m": None},
    {"not_before": NOON - DAY - SECOND},
    {"not_after": NOON + 30 * DAY + SECOND},
    {"max_session_s": 1_801},
    {"masks": ""},
    {"masks": "n"},
    {"tz": "Other"},
    {"hours": ()},
    {"hours": (Hours(days=WEEKDAYS, start_min=479, end_min=1_020),)},
    {"hours": (Hours(days=WEEKDAYS, start_min=480, end_min=1_021),)},
    {"hours": (Hours(days=frozenset({0}), start_min=0, end_min=361),)},
    {"hours": (Hours(days=frozenset({5}), start_min=480, end_min=1_020),)},
    {"kind": Kind.SCHEDULE},
    {"kind": Kind.INCIDENT},
]


@pytest.mark.parametrize("changes", NARROWER)
def test_narrower(changes: dict[str, Any]) -> None:
    assert is_narrower(a_grant(), a_grant(**changes))


@pytest.mark.parametrize("changes", WIDER)
def test_not_provably_narrower(changes: dict[str, Any]) -> None:
    assert not is_narrower(a_grant(), a_grant(**changes))


def test_a_limit_on_what_had_none_is_narrower() -> None:
    free = a_grant(incident_types=frozenset(), radius_m=None, hours=(), tz="")
    for changes in ({"radius_m": 5}, {"hours": (DAYS,)}, {"incident_types": frozenset("x")}):
        assert is_narrower(free, replace(free, **changes))
    for kind in Kind:
        assert is_narrower(free, replace(free, kind=kind))


def test_kinds_are_no_ladder() -> None:
    free = a_grant(incident_types=frozenset(), radius_m=None, hours=(), tz="")
    for old in set(Kind) - {Kind.ALWAYS}:
        for new in set(Kind) - {old, Kind.REGISTRY}:
            assert not is_narrower(replace(free, kind=old), replace(free, kind=new))


def test_a_registry_entry_shows_less_than_any_kind() -> None:
    free = a_grant(incident_types=frozenset(), radius_m=None, hours=(), tz="")
    for old in Kind:
        assert is_narrower(replace(free, kind=old), replace(free, kind=Kind.REGISTRY))


def test_a_limit_that_a_share_would_lift_is_no_proof() -> None:
    free = a_grant(incident_types=frozenset(), radius_m=None, hours=(), tz="")
    timed = replace(free, hours=(DAYS,), tz="Local")
    assert not is_narrower(timed, replace(timed, kind=Kind.SCHEDULE))
    assert is_narrower(timed, replace(timed, kind=Kind.INCIDENT))
    near = replace(free, radius_m=300)
    assert not is_narrower(near, replace(near, kind=Kind.INCIDENT))
    assert is_narrower(near, replace(near, kind=Kind.SCHEDULE))
    typed = replace(free, incident_types=frozenset({IncidentType.FIRE}))
    assert not is_narrower(typed, replace(typed, kind=Kind.INCIDENT))


def test_an_agency_key_is_never_taken_away_or_changed() -> None:
    keyed = a_grant(agency_key="k")
    assert is_narrower(keyed, keyed)
    assert not is_narrower(keyed, a_grant())
    assert not is_narrower(keyed, a_grant(agency_key="l"))


def test_a_later_start_gains_no_later_end() -> None:
    long = a_grant(not_before=NOON - 366 * DAY, not_after=NOON + 30 * DAY)
    assert not is_narrower(long, replace(long, not_before=NOON))


def test_stretches_of_hours_that_touch_are_one() -> None:
    old = a_grant(
        hours=(
            Hours(days=frozenset({1}), start_min=0, end_min=600),
            Hours(days=frozenset({1}), start_min=600, end_min=1_440),
            Hours(days=frozenset({2}), start_min=0, end_min=60),
        )
    )
    across = Hours(days=frozenset({1}), start_min=300, end_min=60)
    assert is_narrower(old, replace(old, hours=(across,)))


def test_a_week_is_cut_where_it_ends() -> None:
    sunday, late = 6 * DAY, Hours(days=frozenset({6}), start_min=1_200, end_min=1_440)
    assert week((late,)) == [(sunday + 20 * HOUR, 7 * DAY)]
    assert week((NIGHT,)) == [(0 * DAY, 6 * HOUR), (sunday + 22 * HOUR, 7 * DAY)]
