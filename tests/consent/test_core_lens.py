"""The lens at its bounds: clocks, witnesses, sessions, and proofs that fit another log."""

from dataclasses import replace

from consentry.audit import notes
from consentry.consent.lens import LensState, Tick, confirm, open_ticket, renew
from consentry.consent.model import Reason
from consentry.consent.tickets import Ticket, encode_ticket, sign_ticket
from consentry.kernel.ids import TicketId

from .hubs import (
    HUB_KEY,
    LOG_KEY,
    MINUTE,
    NOON,
    ORIGIN,
    SECOND,
    TICKET_KEY,
    WITNESS_KEY,
    Hub,
    granted,
    inclusion,
    present,
    some_pins,
    tree_root,
)


def a_tick(seconds: float) -> Tick:
    return Tick(now=NOON + seconds * SECOND, monotonic=seconds)


def witnessed(ticket: Ticket, hub: Hub, seen: dict[str, int]) -> Ticket:
    """The ticket under a checkpoint that each named witness cosigned so long before noon."""
    note = notes.sign(notes.Checkpoint(ORIGIN, len(hub.leaves), tree_root(hub.leaves)), LOG_KEY)
    keys = {"w": WITNESS_KEY, "x": HUB_KEY}
    noon = int(NOON.timestamp())
    lines = [notes.cosign(note.text, name, keys[name], noon - ago) for name, ago in seen.items()]
    return sign_ticket(replace(ticket, checkpoint=str(note.joined(lines))), TICKET_KEY)


def under_witnesses(needed: int) -> LensState:
    one = notes.verifier("w", WITNESS_KEY, notes.WITNESS_KEY)
    two = notes.verifier("x", HUB_KEY, notes.WITNESS_KEY)
    return granted(pins=some_pins(witnesses=(one, two), witnesses_needed=needed))


def asked_under(state: LensState, hub: Hub, seen: dict[str, int]) -> Reason | None:
    ticket = hub.ticket(state, hub.access(state, NOON))
    return present(state, witnessed(ticket, hub, seen)).reason


def test_words_once_confirmed_stay_confirmed() -> None:
    assert confirm(granted(), "six other words of no meaning").confirmed


def test_a_clock_that_fell_behind_stays_untrusted() -> None:
    hub = Hub()
    state = hub.ask(granted()).state
    behind = hub.ask(state, NOON - SECOND)
    assert behind.reason is Reason.CLOCK_UNTRUSTED
    assert behind.state.latest == NOON
    assert hub.ask(behind.state, NOON - SECOND).reason is Reason.CLOCK_UNTRUSTED


def test_a_proof_in_a_tree_of_another_size_is_none() -> None:
    state, hub = granted(), Hub()
    ticket = hub.ticket(state, hub.access(state, NOON))
    for _ in range(3):
        hub.log(hub.access(state, NOON))
    grown = replace(ticket, inclusion=inclusion(0, hub.leaves), checkpoint=hub.note(), size=4)
    assert present(state, sign_ticket(grown, TICKET_KEY)).permit is not None
    smaller = replace(grown, size=3)  # the same path leads to the same root
    assert present(state, sign_ticket(smaller, TICKET_KEY)).reason is Reason.NOT_IN_LOG


def test_the_newest_witness_counts_where_one_is_needed() -> None:
    assert asked_under(under_witnesses(1), Hub(), {"w": 900, "x": 599}) is None
    assert asked_under(under_witnesses(1), Hub(), {"w": 599, "x": 900}) is None
    assert asked_under(under_witnesses(1), Hub(), {"w": 900, "x": 600}) is Reason.LOG_UNWITNESSED


def test_the_older_witness_counts_where_both_are_needed() -> None:
    assert asked_under(under_witnesses(2), Hub(), {"w": 599, "x": 5}) is None
    assert asked_under(under_witnesses(2), Hub(), {"w": 600, "x": 5}) is Reason.LOG_UNWITNESSED
    assert asked_under(under_witnesses(2), Hub(), {"x": 5}) is Reason.LOG_UNWITNESSED


def test_an_older_cosignature_takes_nothing_back() -> None:
    state, hub = under_witnesses(1), Hub()
    fresh = hub.ticket(state, hub.access(state, NOON))
    state = present(state, witnessed(fresh, hub, {"w": 5})).state
    assert asked_under(state, hub, {"w": 900}) is None


def test_a_session_at_its_deadline_is_renewed_and_kept() -> None:
    hub, state = Hub(), granted()
    state = hub.ask(state).state
    (first,) = state.sessions
    access = hub.access(state, NOON + 10 * SECOND)
    data = encode_ticket(hub.ticket(state, access, NOON + 10 * SECOND))
    state = open_ticket(state, data, a_tick(10)).state
    assert set(state.sessions) == {first, access.ticket_id}
    assert renew(state, TicketId(first), 1, a_tick(10)).permit is not None


def test_an_opened_lease_is_renewed_from_one_on() -> None:
    opened = Hub().ask(granted())
    assert opened.n == 0
    (ticket_id,) = opened.state.sessions
    assert renew(opened.state, ticket_id, 1, a_tick(1)).n == 1


def test_a_session_counts_from_when_it_opened() -> None:
    hub = Hub()
    opened = hub.ask(granted(), opened_at=NOON + MINUTE, until=NOON + 20 * MINUTE)
    assert opened.permit is not None
    (session,) = opened.state.sessions.values()
    assert session.opened_at == NOON
