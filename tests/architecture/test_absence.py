"""What is never built is not there: under no name in modules, tables, settings or packages.

Two nets. Closed lists of names, committed, so that whatever is new has been looked at; and words
that no name may hold. Routes have the same two nets in `tests/api`.
"""

import re
from enum import StrEnum

import pytest

from consentry import consent
from consentry.kernel.access import Act
from tests.architecture.inventory import INVENTORIES, present, reviewed
from tests.architecture.words import (
    FORBIDDEN_PACKAGES,
    FORBIDDEN_PAIRS,
    FORBIDDEN_WORDS,
    forbidden_in,
    words_of,
)


@pytest.mark.parametrize("name", sorted(INVENTORIES))
def test_every_name_has_been_looked_at(name: str) -> None:
    held, known = set(present(name)), set(reviewed(name))
    assert held - known == set(), f"new, and to be reviewed: see reviewed/{name}.txt"
    assert known - held == set(), f"gone: take it from reviewed/{name}.txt"


@pytest.mark.parametrize("name", sorted(set(INVENTORIES) - {"locked", "dependencies"}))
def test_no_name_speaks_of_what_is_never_built(name: str) -> None:
    found = {one: bad for one in present(name) if (bad := forbidden_in(one))}
    assert found == {}


@pytest.mark.parametrize("name", ["dependencies", "locked"])
def test_no_package_could_recognise_a_person(name: str) -> None:
    packages = set(present(name))
    assert packages & FORBIDDEN_PACKAGES == set()
    speaking = {
        one for one in packages if re.search(r"face|gait|biometr|re-?id\b|emotion|openalpr", one)
    }
    assert speaking == set()


def test_the_closed_lists_of_consent_are_those_of_the_promise() -> None:
    """In the sealed bytes: another use or purpose would be another version of every grant."""
    assert " ".join(one.value for one in consent.Use) == (
        "live playback clip export ptz audio alerts index search question plates preview hold"
    )
    assert " ".join(one.value for one in consent.Purpose) == (
        "life_safety missing_person fire_rescue medical disaster crime_in_progress investigation "
        "traffic_safety public_event_safety training"
    )


@pytest.mark.parametrize("closed", [consent.Use, consent.Purpose, consent.IncidentType, Act])
def test_no_act_and_no_use_is_for_what_is_never_built(closed: type[StrEnum]) -> None:
    assert {one.value: bad for one in closed if (bad := forbidden_in(one.value))} == {}


@pytest.mark.parametrize(
    "name",
    [
        "person.face_embedding",
        "consentry.analytics.gaitMatcher",
        "/api/plates/history",
        "plate_reads.seen_at",
        "search.hairColour",
        "reid_track",
        "watchlist.person",
        "lip-reading",
        "attendee.name",
        "detection.personAge",
    ],
)
def test_the_net_holds_what_it_is_for(name: str) -> None:
    assert forbidden_in(name)


@pytest.mark.parametrize(
    "name",
    ["surface", "interface", "camera.plate_reader", "page", "trace_id", "consent.uses.plates"],
)
def test_the_net_lets_pass_what_only_looks_alike(name: str) -> None:
    assert not forbidden_in(name)


def test_the_words_are_words() -> None:
    for word in FORBIDDEN_WORDS:
        assert words_of(word) == [word]
    for pair in FORBIDDEN_PAIRS:
        assert len(pair) == 2
