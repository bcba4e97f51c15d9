"""When a second person is needed and whose word counts, at the bounds."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from consentry.consent.model import (
    Approval,
    ApprovalKind,
    CameraFacts,
    Opening,
    ProtectedKind,
    Protection,
    SecondPersonCause,
    Span,
    Use,
)
from consentry.consent.second_person import backing, causes, notice_at, opened
from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId

from .hubs import (
    ACTOR,
    AGENCY,
    CAMERA,
    DAY,
    HERE,
    HOUR,
    MINUTE,
    NOON,
    OWNER,
    SECOND,
    SUPERVISOR,
    an_ask,
    an_incident,
)
from .test_core_rules import a_context

TWO_KILOMETRES = Point(0.01798640727449076, 0.0)
"""From the origin, to the last bit of a double."""


def a_camera(**changes: Any) -> CameraFacts:
    known: dict[str, Any] = {"id": CAMERA, "owner_id": OWNER, "place": HERE, "private": True}
    return CameraFacts(**{**known, **changes})


def an_approval(at: datetime = NOON, **changes: Any) -> Approval:
    known: dict[str, Any] = {
        "kind": ApprovalKind.SECOND_PERSON,
        "person_id": SUPERVISOR,
        "ask_hash": "a" * 64,
        "at": at,
        "ends_at": at + HOUR,
        "stepped_up": True,
    }
    return Approval(**{**known, **changes})


def test_of_an_unknown_camera_nothing_is_said() -> None:
    assert causes(an_ask(), a_context(camera=None)) == frozenset()


def test_an_own_incident_matters_for_private_cameras_alone() -> None:
    own = an_incident(shaped_by=frozenset({ACTOR}))
    private = a_context(incident=own)
    assert causes(an_ask(), private) == {SecondPersonCause.OWN_INCIDENT}
    public = a_context(incident=own, camera=a_camera(private=False))
    assert causes(an_ask(), public) == frozenset()


def test_an_agencys_own_camera_is_not_counted() -> None:
    others = tuple(Opening(camera_id=CameraId(f"c{n}"), owner_id=OWNER, at=NOON) for n in range(20))
    assert opened(an_ask(), a_context(openings=others)) == 21
    own = a_context(openings=others, camera=a_camera(owner_id=AGENCY))
    assert opened(an_ask(), own) == 0


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        (-30, -20, False),
        (-30, -10, False),  # it ends as the window begins
        (-30, -9, True),
        (-9, -8, True),
        (-1, 5, True),
        (0, 5, False),  # it begins as the window ends
        (1, 5, False),
    ],
)
def test_a_protected_event_counts_where_the_window_shows_it(
    start: int, end: int, *, shown: bool
) -> None:
    event = Protection(
        kind=ProtectedKind.CLINIC,
        span=Span(start=NOON + start * MINUTE, end=NOON + end * MINUTE),
    )
    window = Span(start=NOON - 10 * MINUTE, end=NOON)
    found = causes(
        an_ask(use=Use.PLAYBACK, window=window), a_context(camera=a_camera(protections=(event,)))
    )
    assert (SecondPersonCause.PROTECTED in found) is shown


def test_two_kilometres_are_still_near() -> None:
    camera = a_camera(place=Point(0.0, 0.0))
    near = a_context(camera=camera, incident=an_incident(place=TWO_KILOMETRES))
    assert causes(an_ask(), near) == frozenset()
    beyond = Point(TWO_KILOMETRES.lat + 1e-9, 0.0)
    far = a_context(camera=camera, incident=an_incident(place=beyond))
    assert causes(an_ask(), far) == {SecondPersonCause.MISMATCH}


def test_footage_from_two_hours_before_the_incident_is_of_its_time() -> None:
    start = an_incident().opened_at - 2 * HOUR
    ask = an_ask(use=Use.PLAYBACK, window=Span(start=start, end=NOON))
    assert causes(ask, a_context()) == frozenset()
    earlier = an_ask(use=Use.PLAYBACK, window=Span(start=start - SECOND, end=NOON))
    assert causes(earlier, a_context()) == {SecondPersonCause.MISMATCH}


@pytest.mark.parametrize("kind", [ApprovalKind.SECOND_PERSON, ApprovalKind.BREAK_GLASS])
def test_the_approval_that_lasts_longest_counts(kind: ApprovalKind) -> None:
    actor = ACTOR if kind is ApprovalKind.BREAK_GLASS else SUPERVISOR
    short = an_approval(
        NOON - MINUTE, ends_at=NOON + MINUTE, kind=kind, person_id=actor, reason="a life"
    )
    long = an_approval(NOON - 5 * MINUTE, kind=kind, person_id=actor, reason="a life")
    for approvals in ((short, long), (long, short)):
        backed = backing(an_ask(), a_context(approvals=approvals))
        assert backed is not None
        assert backed.until == NOON + 55 * MINUTE
        assert backed.broken_glass is (kind is ApprovalKind.BREAK_GLASS)


def delay(at: datetime, lasts: timedelta) -> Approval:
    return an_approval(at, kind=ApprovalKind.DELAYED_NOTICE, ends_at=at + lasts)


def test_a_notice_is_delayed_by_the_longest_approval() -> None:
    short, long = delay(NOON, HOUR), delay(NOON - HOUR, 30 * HOUR)
    for approvals in ((short, long), (long, short)):
        assert notice_at(an_ask(), a_context(approvals=approvals)) == NOON + 29 * HOUR
    assert notice_at(an_ask(), a_context(approvals=(delay(NOON, 100 * HOUR),))) == NOON + 72 * HOUR


def test_a_delay_of_another_ask_or_by_the_actor_or_yet_to_come_hides_nothing() -> None:
    good = delay(NOON, HOUR)
    for changes in (
        {"ask_hash": "b" * 64},
        {"stepped_up": False},
        {"person_id": ACTOR},
        {"at": NOON + SECOND},
        {"kind": ApprovalKind.SECOND_PERSON},
    ):
        bad = replace(good, **changes)
        assert notice_at(an_ask(), a_context(approvals=(bad,))) is None
    assert notice_at(an_ask(), a_context(approvals=(good,))) == NOON + HOUR


def test_delays_end_two_weeks_after_the_first() -> None:
    first, last = delay(NOON - 13 * DAY, HOUR), delay(NOON, 72 * HOUR)
    for approvals in ((first, last), (last, first)):
        assert notice_at(an_ask(), a_context(approvals=approvals)) == NOON + DAY
    over = delay(NOON - 14 * DAY, HOUR)
    assert notice_at(an_ask(), a_context(approvals=(over, last))) is None
