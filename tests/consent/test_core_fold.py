"""How statements come to count, where order and place are disputed."""

import pytest

from consentry.consent.bodies import PauseNow, Resumption, Sharing
from consentry.consent.fold import accept
from consentry.consent.model import Reason
from consentry.consent.state import Seen

from .hubs import (
    HOUR,
    MINUTE,
    NOON,
    a_fresh_camera,
    sealed,
    terms,
)
from .test_statements import granted, paused_at, reason, take, taken


@pytest.mark.parametrize("changes", [{"seq": 9}, {"prev": "f" * 64}])
def test_a_narrowing_out_of_place_counts_and_takes_no_place(changes: dict[str, object]) -> None:
    state = granted()
    outcome = take(state, PauseNow(), **changes)  # type: ignore[arg-type]  # one field of its type
    assert paused_at(outcome.state, NOON)
    assert outcome.state.history == state.history
    assert taken(state, PauseNow()).seq == state.seq + 1


def test_a_wrong_place_is_told_with_the_right_one() -> None:
    outcome = take(granted(), Sharing(until=NOON + HOUR), seq=5)
    assert outcome.rejection is not None
    assert outcome.rejection.detail.startswith("must be 2, ")


def test_first_statements_can_be_rivals() -> None:
    fresh = a_fresh_camera()
    other = sealed(fresh, terms(max_session_s=60))
    state = taken(fresh, terms(), confirmed=True)
    clash = accept(state, other, Seen(now=NOON))
    assert reason(clash) is Reason.SUPERSEDED
    assert clash.state.rivals == tuple(sorted((state.head, other.hash)))


def test_a_third_rival_does_not_reopen_what_the_second_closed() -> None:
    state = granted()
    second = sealed(state, Sharing(until=NOON + HOUR))
    third = sealed(state, Resumption())
    state = taken(state, terms(version=2, max_session_s=60))
    state = accept(state, second, Seen(now=NOON + MINUTE)).state
    assert state.rivals_at == NOON + MINUTE
    state = accept(state, third, Seen(now=NOON + HOUR)).state
    assert len(state.rivals) == 3
    assert paused_at(state, NOON + MINUTE)
