"""Examples of what the rules mean, and their bounds to the second."""

from dataclasses import replace
from datetime import timedelta

import pytest

from consentry.consent.hours import hour_spans, next_transition, offset_at, open_until
from consentry.consent.model import (
    EDGE_REASONS,
    HUB_REASONS,
    WORDS,
    Hours,
    Reason,
    Refusal,
    Span,
    Zone,
    hash_ask,
)
from consentry.consent.spans import intersect, span, subtract, union

from .hubs import CAMERA, DAY, HOUR, MINUTE, NOON, OTHER_CAMERA, SECOND, SUPERVISOR, an_ask

FRIDAY_NIGHT = Hours(days=frozenset({4}), start_min=22 * 60, end_min=2 * 60)
SPRING = Zone(
    transitions=((NOON - 10 * DAY, 3_600), (NOON + 13 * HOUR, 7_200)), known_until=NOON + 30 * DAY
)
"""Noon is a Friday in November; the offset grows at 02:00 local, in the middle of the hours."""


def test_every_reason_is_said_with_the_next_step() -> None:
    assert set(WORDS) == set(Reason) == HUB_REASONS | EDGE_REASONS
    assert all(text.count(".") + text.count(":") >= 1 and len(text) > 40 for text in WORDS.values())
    refusal = Refusal(ask=an_ask(), reason=Reason.PAUSED)
    assert refusal.words == WORDS[Reason.PAUSED]


def test_reasons_stand_from_the_broadest_to_the_narrowest() -> None:
    order = [reason.value for reason in Reason if reason in HUB_REASONS]
    assert order == [
        "stopped",
        "actor_suspended",
        "role_missing",
        "reauthenticate",
        "no_reference",
        "no_lawful_basis",
        "policy_forbids",
        "unknown_field",
        "clock_untrusted",
        "paused",
        "no_grant",
        "preview_only",
        "revoked",
        "outside_grant_time",
        "cooling_off",
        "use_not_granted",
        "purpose_not_consented",
        "home_interior",
        "outside_hours",
        "incident_not_covered",
        "owner_has_not_shared",
        "owner_has_not_answered",
        "before_grant",
        "needs_second_person",
    ]


def test_the_hash_of_an_ask_binds_all_of_it() -> None:
    ask = an_ask()
    window = Span(start=NOON, end=NOON + HOUR)
    hashes = {
        hash_ask(ask, [CAMERA]),
        hash_ask(ask, [CAMERA, OTHER_CAMERA]),
        hash_ask(replace(ask, reason="other"), [CAMERA]),
        hash_ask(replace(ask, case_reference="other"), [CAMERA]),
        hash_ask(replace(ask, incident_id=None), [CAMERA]),
        hash_ask(replace(ask, person_id=SUPERVISOR), [CAMERA]),
        hash_ask(replace(ask, window=window), [CAMERA]),
        hash_ask(replace(ask, window=replace(window, end=NOON + DAY)), [CAMERA]),
    }
    assert len(hashes) == 8
    assert hash_ask(ask, [CAMERA, OTHER_CAMERA]) == hash_ask(ask, [OTHER_CAMERA, CAMERA])
    assert hash_ask(replace(ask, hash="other"), [CAMERA]) == hash_ask(ask, [CAMERA])


def test_the_hash_of_an_ask_is_the_same_everywhere_and_always() -> None:
    expected = "b99e8b463e137369f8a07a67e1486907373a64182fa8edcf9b1e4c2d0a881f4f"
    assert hash_ask(an_ask(), [CAMERA]) == expected


# Local time.


def test_an_offset_is_known_from_the_first_transition_to_the_end() -> None:
    assert offset_at(SPRING, NOON - 10 * DAY - SECOND) is None
    assert offset_at(SPRING, NOON - 10 * DAY) == HOUR
    assert offset_at(SPRING, NOON + 13 * HOUR - SECOND) == HOUR
    assert offset_at(SPRING, NOON + 13 * HOUR) == 2 * HOUR
    assert offset_at(SPRING, NOON + 30 * DAY - SECOND) == 2 * HOUR
    assert offset_at(SPRING, NOON + 30 * DAY) is None


def test_the_next_transition_is_the_end_of_what_is_known_at_last() -> None:
    assert next_transition(SPRING, NOON - 20 * DAY) == NOON - 10 * DAY
    assert next_transition(SPRING, NOON) == NOON + 13 * HOUR
    assert next_transition(SPRING, NOON + 13 * HOUR) == NOON + 30 * DAY
    short = replace(SPRING, known_until=NOON + HOUR)
    assert next_transition(short, NOON) == NOON + HOUR


def test_hours_cross_midnight() -> None:
    at_ten = NOON + 9 * HOUR  # 22:00 local
    assert open_until((FRIDAY_NIGHT,), SPRING, at_ten - SECOND) is None
    assert open_until((FRIDAY_NIGHT,), SPRING, at_ten) == NOON + 13 * HOUR
    assert open_until((FRIDAY_NIGHT,), SPRING, NOON + 12 * HOUR) == NOON + 13 * HOUR
    assert open_until((FRIDAY_NIGHT,), SPRING, NOON + 13 * HOUR) is None
    assert open_until((FRIDAY_NIGHT,), SPRING, NOON - 20 * DAY) is None


def test_the_latest_of_the_hours_that_hold_now_counts() -> None:
    day = Hours(days=frozenset({4}), start_min=0, end_min=1_440)
    assert open_until((day, FRIDAY_NIGHT), SPRING, NOON + 10 * HOUR) == NOON + 13 * HOUR
    assert open_until((day,), SPRING, NOON) == NOON + 11 * HOUR
    whole = Hours(days=frozenset({4}), start_min=600, end_min=600)
    assert open_until((whole,), SPRING, NOON) == NOON + 21 * HOUR


def test_hours_begin_at_midnight_itself() -> None:
    saturday = Hours(days=frozenset({5}), start_min=0, end_min=60)
    midnight = NOON + 11 * HOUR
    assert open_until((saturday,), SPRING, midnight) == midnight + HOUR
    assert open_until((saturday,), SPRING, midnight - SECOND) is None


def test_hours_over_a_span_skip_what_a_transition_skips() -> None:
    night = Hours(days=frozenset({4}), start_min=22 * 60, end_min=5 * 60)
    within = Span(start=NOON, end=NOON + DAY)
    # From 22:00 to 02:00 at one hour east, then from 03:00 to 05:00 at two hours east.
    assert hour_spans((night,), SPRING, within) == span(NOON + 9 * HOUR, NOON + 15 * HOUR)
    hour = Hours(days=frozenset({5}), start_min=2 * 60, end_min=3 * 60)
    assert hour_spans((hour,), SPRING, within) == ()


def test_unknown_time_lies_in_no_hours() -> None:
    always = Hours(days=frozenset(range(7)), start_min=0, end_min=1_440)
    zone = Zone(transitions=((NOON, 0),), known_until=NOON + HOUR)
    within = Span(start=NOON - DAY, end=NOON + DAY)
    assert hour_spans((always,), zone, within) == span(NOON, NOON + HOUR)
    after = Span(start=NOON + HOUR, end=NOON + DAY)
    assert hour_spans((always,), zone, after) == ()


def test_a_night_far_west_that_began_the_eve_before_is_found() -> None:
    night = Hours(days=frozenset({3}), start_min=22 * 60, end_min=6 * 60)
    west = Zone(transitions=((NOON - 10 * DAY, -36_000),), known_until=NOON + 10 * DAY)
    within = Span(start=NOON + 3 * HOUR, end=NOON + 8 * HOUR)  # from 05:00 on Friday, local
    assert hour_spans((night,), west, within) == span(NOON + 3 * HOUR, NOON + 4 * HOUR)


# Spans.


def spans(*minutes: tuple[int, int]) -> tuple[Span, ...]:
    return tuple(Span(start=NOON + a * MINUTE, end=NOON + b * MINUTE) for a, b in minutes)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), ()),
        (((0, 1), (1, 2)), ((0, 2),)),
        (((3, 4), (0, 1)), ((0, 1), (3, 4))),
        (((0, 9), (1, 2)), ((0, 9),)),
        (((2, 2), (5, 4)), ()),
        (((0, 3), (2, 5)), ((0, 5),)),
    ],
)
def test_a_union_merges_what_touches(
    given: tuple[tuple[int, int], ...], expected: tuple[tuple[int, int], ...]
) -> None:
    assert union(spans(*given)) == spans(*expected)


def test_intersection_and_difference_are_half_open() -> None:
    assert intersect(spans((0, 5)), spans((5, 9))) == ()
    assert intersect(spans((0, 5), (7, 9)), spans((3, 8))) == spans((3, 5), (7, 8))
    assert subtract(spans((0, 9)), spans((2, 3), (5, 6))) == spans((0, 2), (3, 5), (6, 9))
    assert subtract(spans((0, 9)), spans((0, 9))) == ()
    assert subtract(spans((3, 5)), spans((0, 3), (5, 9))) == spans((3, 5))
    assert Span(start=NOON, end=NOON + timedelta(seconds=1)).holds(NOON)
    assert not Span(start=NOON, end=NOON + SECOND).holds(NOON + SECOND)
