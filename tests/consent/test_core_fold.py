"""How statements come to count, where order and place are disputed."""

from dataclasses import replace

import pytest

from consentry.consent.bodies import PauseNow, Resumption, Revocation, Sharing
from consentry.consent.fold import accept
from consentry.consent.masks import Masks
from consentry.consent.model import Reason
from consentry.consent.state import Seen, stop
from consentry.kernel.ids import GrantId

from .hubs import (
    DAY,
    GRANT,
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    a_fresh_camera,
    an_id,
    sealed,
    terms,
)
from .test_statements import FAMILY, granted, paused_at, reason, take, taken


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


# A withdrawal that overtook a grant.

ANOTHER = GrantId(an_id(80))


def test_a_withdrawal_takes_what_was_sealed_before_it_by_place() -> None:
    state = take(granted(), Revocation(), NOON, seq=9, prev="f" * 64).state
    late = taken(state, terms(id=ANOTHER), NOON + HOUR)
    assert late.grants[-1].revoked_at == NOON + HOUR


def test_a_withdrawal_takes_what_was_sealed_before_it_by_time() -> None:
    state = taken(granted(), Revocation(), NOON + HOUR)
    late = taken(state, terms(id=ANOTHER), NOON + 2 * HOUR, issued_at=NOON + HOUR - SECOND)
    assert late.grants[-1].revoked_at == NOON + 2 * HOUR


def test_what_is_sealed_in_the_second_of_a_withdrawal_and_after_it_stands() -> None:
    state = taken(granted(), Revocation(), NOON + HOUR)
    new = taken(state, terms(id=ANOTHER), NOON + HOUR)
    assert new.grants[-1].revoked_at is None


def test_what_is_sealed_later_for_the_place_of_a_withdrawal_stands() -> None:
    state = take(granted(), Revocation(), NOON, seq=2, prev="f" * 64).state
    new = taken(state, terms(id=ANOTHER), NOON + HOUR)
    assert new.grants[-1].revoked_at is None


def test_a_withdrawal_of_one_line_takes_no_other() -> None:
    state = take(granted(), Revocation(grant_id=GRANT), NOON + HOUR, seq=9, prev="f" * 64).state
    other = taken(state, terms(id=ANOTHER), NOON + 2 * HOUR, issued_at=NOON)
    assert other.grants[-1].revoked_at is None


# What a version or a stop was, later ones do not rewrite.


def test_a_revoked_version_is_no_ground_to_act_at_once() -> None:
    state = granted()
    withheld = sealed(state, terms(version=2, max_session_s=60), NOON)
    state = take(state, Revocation(), NOON + HOUR, seq=3, prev="f" * 64).state
    late = accept(state, withheld, Seen(now=NOON + 2 * HOUR))
    assert late.effective_at == NOON + 2 * HOUR + DAY


def test_what_was_wider_until_this_very_instant_cools_again() -> None:
    state = taken(granted(), terms(version=2, max_session_s=60), NOON + HOUR)
    assert take(state, terms(version=3), NOON + HOUR).effective_at == NOON + HOUR + DAY


def test_a_version_ends_once() -> None:
    state = taken(granted(), terms(version=2, max_session_s=60), NOON + HOUR)
    state = taken(state, terms(version=3, max_session_s=30), NOON + 2 * HOUR)
    assert [g.superseded_at for g in state.grants] == [NOON + HOUR, NOON + 2 * HOUR, None]


@pytest.mark.parametrize("seq", [2, 9])
def test_a_stop_of_the_same_or_a_later_place_outlasts_a_resume(seq: int) -> None:
    state = take(granted(), PauseNow(), NOON, seq=seq, prev="f" * 64).state
    state = taken(state, Resumption(), NOON + HOUR)
    assert paused_at(state, NOON + HOUR)
    assert not paused_at(taken(granted(), Resumption(), NOON + HOUR), NOON + HOUR)


def test_a_stop_ends_once() -> None:
    state = taken(granted(), PauseNow())
    state = taken(state, Resumption(), NOON + HOUR)
    state = taken(state, Resumption(), NOON + 3 * HOUR)
    assert not paused_at(state, NOON + 2 * HOUR)


def test_a_settlement_leaves_earlier_revocations_their_time() -> None:
    state = taken(granted(), terms(id=ANOTHER), confirmed=True)
    state = taken(state, Revocation(grant_id=GRANT), NOON + MINUTE)
    other = sealed(state, Resumption(), NOON + MINUTE)
    state = taken(state, Sharing(until=NOON + HOUR), NOON + MINUTE)
    state = accept(state, other, Seen(now=NOON + MINUTE)).state
    both = Resumption(settles=(state.rivals[0], state.rivals[1]))
    settled = taken(state, both, NOON + HOUR)
    assert [g.revoked_at for g in settled.grants] == [NOON + MINUTE, NOON + HOUR]


def test_a_share_that_comes_as_it_ends_opens_nothing() -> None:
    state = taken(granted(), Sharing(until=NOON + HOUR), NOON + HOUR, issued_at=NOON)
    assert state.shares == ()


def test_the_same_masks_again_count_at_once() -> None:
    masks = Masks(polygons=(((0, 0), (10, 0), (0, 10)),))
    state = taken(granted(), masks)
    again = take(state, masks, NOON + HOUR)
    assert again.effective_at == NOON + HOUR


def test_a_delegation_is_narrowed_at_once_from_when_it_counts() -> None:
    state = taken(granted(), FAMILY)
    shorter = replace(FAMILY, not_after=NOON + 9 * DAY)
    assert take(state, shorter, NOON + DAY).effective_at == NOON + DAY
    assert take(state, shorter, NOON + DAY - SECOND).effective_at == NOON + 2 * DAY - SECOND


def test_a_delegation_of_nothing_counts_at_once() -> None:
    nothing = replace(FAMILY, acts=frozenset(), not_after=NOON + 20 * DAY)
    assert take(granted(), nothing, NOON + HOUR).effective_at == NOON + HOUR


def test_the_first_grant_of_all_reopens_what_the_button_stopped() -> None:
    stopped = stop(a_fresh_camera(), NOON)
    assert paused_at(stopped, NOON)
    assert not paused_at(taken(stopped, terms(), NOON + MINUTE, confirmed=True), NOON + MINUTE)
