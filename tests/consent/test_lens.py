"""A hub in other hands, with full control of its database, its code and its own keys."""

from dataclasses import replace

import pytest

from consentry.audit import merkle, notes
from consentry.consent.bodies import (
    AnswerTerms,
    PauseNow,
    PreviewNow,
    Resumption,
    Revocation,
    Rotation,
    Sharing,
)
from consentry.consent.lens import (
    Applied,
    LensState,
    Tick,
    confirm,
    is_applied,
    latch,
    open_ticket,
    pinned,
    put,
    renew,
    sign_applied,
)
from consentry.consent.model import (
    Approval,
    ApprovalKind,
    GrantRef,
    Kind,
    Obligation,
    Reason,
    Span,
    Use,
)
from consentry.consent.state import Rejection
from consentry.consent.tickets import encode_ticket, sign_entry, sign_ticket
from consentry.kernel.access import Role
from consentry.kernel.ids import AskId, CameraId, EdgeId, GrantId

from .hubs import (
    ACTOR,
    AGENCY,
    AGENCY_KEY,
    BASE,
    CAMERA,
    DAY,
    EDGE_KEY,
    GRANT,
    HOUR,
    HUB_KEY,
    INCIDENT,
    LOG_KEY,
    MINUTE,
    NOON,
    ORIGIN,
    OTHER_CAMERA,
    OWNER,
    SECOND,
    SUPERVISOR,
    TICKET_KEY,
    WITNESS_KEY,
    Hub,
    an_ask,
    an_id,
    an_incident,
    consistency,
    given,
    granted,
    inclusion,
    present,
    public,
    sealed,
    some_pins,
    terms,
)


def rejection(result: tuple[LensState, Applied | Rejection]) -> Reason:
    assert isinstance(result[1], Rejection)
    return result[1].reason


def test_an_honest_hub_opens_a_lease_within_the_seal() -> None:
    state = granted()
    opened = Hub().ask(state)
    assert opened.reason is None
    assert opened.permit is not None
    assert opened.permit.until == NOON + 20 * MINUTE
    assert opened.permit.grant is not None
    assert opened.permit.grant.id == GRANT
    assert opened.deadline == 10.0
    assert opened.state.counts == {CAMERA: 2}  # the grant, then this access


def test_the_edge_ends_what_the_hub_would_stretch() -> None:
    opened = Hub().ask(granted(), until=NOON + 9 * HOUR)
    assert opened.permit is not None
    assert opened.permit.until == NOON + 30 * MINUTE


# A grant of the hub's own making.


def test_a_grant_sealed_by_the_hub_is_refused() -> None:
    state = granted()
    forged = sealed(state.cameras[CAMERA], terms(version=2), key=HUB_KEY)
    after = put(state, forged, NOON)
    assert rejection(after) is Reason.BAD_SEAL
    assert after[0].cameras[CAMERA].grants == state.cameras[CAMERA].grants


def test_a_grant_under_the_owners_name_with_the_hubs_seal_is_refused() -> None:
    state = granted()
    forged = sealed(state.cameras[CAMERA], terms(version=2), key=HUB_KEY)
    named = replace(forged, key=state.pins.owner_key)
    assert rejection(put(state, named, NOON)) is Reason.BAD_SEAL


def test_an_altered_statement_is_refused() -> None:
    state = granted()
    honest = sealed(state.cameras[CAMERA], terms(version=2))
    altered = replace(honest, bytes=honest.bytes.replace(b'"live"', b'"plates"'))
    assert rejection(put(state, altered, NOON)) is Reason.BAD_SEAL
    assert rejection(put(state, replace(honest, alg="none"), NOON)) is Reason.BAD_SEAL


def test_a_ticket_for_a_grant_that_was_never_sealed_is_refused() -> None:
    state = granted()
    forged = GrantRef(id=GrantId(an_id(99)), version=1, hash="b" * 64)
    assert Hub().ask(state, grant=forged).reason is Reason.NO_GRANT
    assert Hub().ask(state, grant=None).reason is Reason.NO_GRANT
    ref = GrantRef(id=GRANT, version=1, hash="b" * 64)
    assert Hub().ask(state, grant=ref).reason is Reason.SUPERSEDED


def test_a_grant_smuggled_in_with_the_ticket_is_refused() -> None:
    state = replace(pinned(some_pins()), confirmed=True)
    forged = sealed(state.cameras[CAMERA], terms(), key=HUB_KEY)
    hub = Hub()
    ref = GrantRef(id=GRANT, version=1, hash=forged.hash)
    access = hub.access(state, NOON, grant=ref, seq=1)
    opened = present(state, hub.ticket(state, access, statements=(forged,)))
    assert opened.reason is Reason.SUPERSEDED
    assert opened.state.cameras[CAMERA].grants == ()


# A swapped owner key, a forged rotation.


def test_nothing_counts_before_the_six_words_are_typed() -> None:
    state = pinned(some_pins())
    state = given(state, terms(), at_the_box=True)
    assert Hub().ask(state).reason is Reason.NO_GRANT
    assert not confirm(state, "six other words of no meaning").confirmed
    confirmed = confirm(state, f"  {state.pins.words.upper()} ")
    assert confirmed.confirmed
    assert Hub().ask(confirmed).permit is not None


def test_an_edge_pinned_to_a_swapped_owner_key_shows_other_words() -> None:
    honest = some_pins().words
    assert some_pins(owner_key=public(HUB_KEY)).words != honest
    assert some_pins(ticket_key=public(HUB_KEY)).words != honest
    assert some_pins(origin="other.example/log").words != honest
    assert some_pins(log_key=notes.verifier(ORIGIN, HUB_KEY)).words != honest


def test_a_rotation_that_the_hub_signs_is_refused() -> None:
    state = granted()
    rotation = Rotation(key=public(HUB_KEY))
    forged = sealed(state.cameras[CAMERA], rotation, key=HUB_KEY)
    after = put(state, forged, NOON)
    assert rejection(after) is Reason.BAD_SEAL
    own = sealed(after[0].cameras[CAMERA], terms(version=2), key=HUB_KEY)
    assert rejection(put(after[0], own, NOON + 2 * DAY)) is Reason.BAD_SEAL


def test_a_true_rotation_cools_before_the_new_key_counts() -> None:
    state = given(granted(), Rotation(key=public(HUB_KEY)))
    early = sealed(state.cameras[CAMERA], terms(version=2), key=HUB_KEY)
    assert rejection(put(state, early, NOON + DAY - SECOND)) is Reason.BAD_SEAL
    state, applied = put(state, early, NOON + DAY)
    assert isinstance(applied, Applied)


# A statement of another camera or hub.


def test_statements_of_another_camera_or_hub_are_refused() -> None:
    state = granted()
    camera = state.cameras[CAMERA]
    elsewhere = sealed(camera, terms(version=2), camera_id=CameraId(an_id(77)))
    assert rejection(put(state, elsewhere, NOON)) is Reason.WRONG_EDGE
    other_hub = sealed(camera, terms(version=2), hub="other.example/log")
    assert rejection(put(state, other_hub, NOON)) is Reason.WRONG_EDGE
    assert rejection(put(state, replace(elsewhere, bytes=b"{}"), NOON)) is Reason.WRONG_EDGE
    moved = put(state, sealed(camera, terms(version=2), camera_id=OTHER_CAMERA), NOON)
    assert rejection(moved) is Reason.SUPERSEDED  # a grant of this camera's chain is not its own


def test_a_ticket_for_another_edge_or_camera_is_refused() -> None:
    state = granted()
    assert Hub().ask(state, edge_id=EdgeId(an_id(55))).reason is Reason.WRONG_EDGE
    elsewhere = an_ask(camera_id=CameraId(an_id(55)))
    assert Hub().ask(state, ask=elsewhere).reason is Reason.WRONG_EDGE
    other = an_ask(camera_id=OTHER_CAMERA)
    assert Hub().ask(state, ask=other, seq=0).reason is Reason.NO_GRANT


# A ticket without a log entry, an old checkpoint, a forked log.


def test_a_ticket_without_its_entry_in_the_log_is_refused() -> None:
    state = granted()
    hub = Hub()
    access = hub.access(state, NOON)
    ticket = hub.ticket(state, access)
    unlogged = replace(ticket, entry={**ticket.entry, "id": an_id(5_000)})
    assert present(state, sign_ticket(unlogged, TICKET_KEY)).reason is Reason.NOT_IN_LOG
    salted = replace(ticket, salt=b"t" * 32)
    assert present(state, sign_ticket(salted, TICKET_KEY)).reason is Reason.NOT_IN_LOG
    resized = replace(ticket, size=ticket.size + 1)
    assert present(state, sign_ticket(resized, TICKET_KEY)).reason is Reason.NOT_IN_LOG
    moved = replace(ticket, inclusion=(b"x" * 32,))
    assert present(state, sign_ticket(moved, TICKET_KEY)).reason is Reason.NOT_IN_LOG


def test_an_old_checkpoint_is_refused() -> None:
    state, hub = granted(), Hub()
    early = hub.ticket(state, hub.access(state, NOON))
    for _ in range(3):
        opened = hub.ask(state)
        assert opened.permit is not None
        state = opened.state
    assert state.log.size == 4
    assert present(state, early).reason is Reason.LOG_FORKED


def test_a_forked_log_is_refused() -> None:
    state, hub = granted(), Hub()
    for _ in range(5):
        state = hub.ask(state).state
    fork = Hub(leaves=[merkle.leaf_hash(b"other"), *hub.leaves[1:]], tickets=50)
    assert fork.ask(state).reason is Reason.LOG_FORKED
    shorter = Hub(leaves=hub.leaves[:3], tickets=60)
    assert shorter.ask(state).reason is Reason.LOG_FORKED
    assert state.log == merkle.Root(5, state.log.hash)
    assert hub.ask(state).permit is not None


def test_a_checkpoint_of_another_key_or_origin_is_refused() -> None:
    state, hub = granted(), Hub()
    ticket = hub.ticket(state, hub.access(state, NOON))
    checkpoint = notes.Checkpoint.parse(notes.Note.parse(ticket.checkpoint).text)
    for bad in (
        str(notes.sign(checkpoint, HUB_KEY)),
        str(notes.sign(replace(checkpoint, origin="other"), LOG_KEY)),
        "nonsense",
    ):
        forged = sign_ticket(replace(ticket, checkpoint=bad), TICKET_KEY)
        assert present(state, forged).reason is Reason.BAD_SEAL


def test_the_log_is_followed_even_where_the_ticket_is_refused() -> None:
    state, hub = granted(), Hub()
    refused = hub.ask(state, edge_id=EdgeId(an_id(55)))
    assert refused.state.log.size == 0
    refused = hub.ask(state, seq=9)
    assert refused.reason is Reason.SUPERSEDED
    assert refused.state.log.size == 2


def test_witnesses_are_demanded_where_the_policy_names_them() -> None:
    witness = notes.verifier("w", WITNESS_KEY, notes.WITNESS_KEY)
    pins = some_pins(witnesses=(witness,), witnesses_needed=1)
    state = granted(pins=pins)
    assert Hub().ask(state).reason is Reason.LOG_UNWITNESSED
    assert Hub(witness=HUB_KEY).ask(state).reason is Reason.LOG_UNWITNESSED
    hub = Hub(witness=WITNESS_KEY)
    state = hub.ask(state).state
    hub.witness = None
    assert hub.ask(state, NOON + 10 * MINUTE - SECOND).permit is not None
    assert hub.ask(state, NOON + 10 * MINUTE).reason is Reason.LOG_UNWITNESSED


# Everything else about a ticket.


def test_a_ticket_signed_by_another_key_is_refused() -> None:
    state, hub = granted(), Hub()
    ticket = hub.ticket(state, hub.access(state, NOON))
    assert present(state, sign_ticket(ticket, HUB_KEY)).reason is Reason.BAD_SEAL
    assert present(state, replace(ticket, lease_s=9)).reason is Reason.BAD_SEAL


def test_a_ticket_is_good_once() -> None:
    state, hub = granted(), Hub()
    ticket = hub.ticket(state, hub.access(state, NOON))
    state = present(state, ticket).state
    again = replace(ticket, consistency=consistency(state.log.size, hub.leaves))
    assert present(state, sign_ticket(again, TICKET_KEY)).reason is Reason.REPLAYED
    _, position = hub.log(hub.access(state, NOON))
    assert position == 1
    regrown = replace(
        ticket,
        size=2,
        inclusion=inclusion(0, hub.leaves),
        checkpoint=hub.note(),
        consistency=consistency(1, hub.leaves),
    )
    assert present(state, sign_ticket(regrown, TICKET_KEY)).reason is Reason.REPLAYED


def test_used_ids_are_kept_longer_than_their_time_is_good() -> None:
    state, hub = granted(), Hub()
    first = hub.access(state, NOON)
    state = present(state, hub.ticket(state, first)).state
    later = hub.ask(state, NOON + HOUR - SECOND).state
    assert first.ticket_id in later.used
    assert first.ticket_id not in hub.ask(later, NOON + HOUR).state.used


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"v":1}',
        b"{" + b" " * 600_000 + b"}",
        b"\xff",
    ],
)
def test_what_is_no_ticket_is_refused(data: bytes) -> None:
    opened = open_ticket(granted(), data, Tick(now=NOON, monotonic=0.0))
    assert opened.reason is Reason.UNKNOWN_FIELD


def test_a_ticket_with_another_field_is_refused() -> None:
    state, hub = granted(), Hub()
    data = encode_ticket(hub.ticket(state, hub.access(state, NOON)))
    spoilt = data.replace(b'"lease_s":10', b'"lease":1,"lease_s":10')
    tick = Tick(now=NOON, monotonic=0.0)
    assert open_ticket(state, spoilt, tick).reason is Reason.UNKNOWN_FIELD
    long = data.replace(b'"lease_s":10', b'"lease_s":11')
    assert open_ticket(state, long, tick).reason is Reason.UNKNOWN_FIELD
    spoilt = data.replace(b'"stream":"main"', b'"stream":"main","trust":true')
    assert open_ticket(state, spoilt, tick).reason is Reason.UNKNOWN_FIELD


def test_a_clock_off_the_hubs_or_behind_its_own_is_not_trusted() -> None:
    state = granted(NOON - DAY)
    for off in (121, -121):
        at = NOON + off * SECOND
        assert Hub().ask(state, issued_at=at, opened_at=NOON).reason is Reason.CLOCK_UNTRUSTED
        at = NOON + (off - off // abs(off)) * SECOND
        assert Hub().ask(state, issued_at=at, opened_at=NOON).permit is not None
    hub = Hub()
    state = hub.ask(state).state
    assert hub.ask(state, NOON - SECOND).reason is Reason.CLOCK_UNTRUSTED
    assert hub.ask(state, NOON).permit is not None


def test_the_hub_must_know_the_newest_statement() -> None:
    state = granted()
    assert Hub().ask(state, seq=0).reason is Reason.SUPERSEDED
    assert Hub().ask(state, seq=2).reason is Reason.SUPERSEDED


def test_statements_in_the_ticket_count_before_it_is_decided() -> None:
    state, hub = granted(), Hub()
    pause = sealed(state.cameras[CAMERA], PauseNow())
    ticket = hub.ticket(state, hub.access(state, NOON, seq=2), statements=(pause,))
    opened = present(state, ticket)
    assert opened.reason is Reason.PAUSED
    assert len(opened.state.cameras[CAMERA].latches) == 1


def test_a_grant_that_names_an_agency_key_needs_its_signature() -> None:
    state, hub = granted(agency_key=public(AGENCY_KEY)), Hub()
    ticket = hub.ticket(state, hub.access(state, NOON))
    assert present(state, ticket).reason is Reason.BAD_SEAL
    wrong = replace(ticket, agency_sig=sign_entry(ticket.entry, HUB_KEY))
    assert present(state, sign_ticket(wrong, TICKET_KEY)).reason is Reason.BAD_SEAL
    right = replace(ticket, agency_sig=sign_entry(ticket.entry, AGENCY_KEY))
    assert present(state, sign_ticket(right, TICKET_KEY)).permit is not None


def test_the_entry_must_name_every_duty() -> None:
    state = granted()
    for duty in BASE:
        assert Hub().ask(state, obligations=BASE - {duty}).reason is Reason.SUPERSEDED
    more = BASE | {Obligation.MASK}
    assert Hub().ask(state, obligations=more).permit is not None


def test_an_ended_entry_opens_nothing() -> None:
    assert Hub().ask(granted(), until=NOON).reason is Reason.OUTSIDE_GRANT_TIME


def test_the_rule_of_the_hub_holds_at_the_edge_too() -> None:
    state = granted()
    assert Hub().ask(state, ask=an_ask(use=Use.PTZ)).reason is Reason.USE_NOT_GRANTED
    assert Hub().ask(state, ask=an_ask(agency_id=OWNER)).reason is Reason.NO_GRANT
    own = an_incident(shaped_by=frozenset({ACTOR}))
    assert Hub().ask(state, incident=own).reason is Reason.NEEDS_SECOND_PERSON
    yes = Approval(
        kind=ApprovalKind.SECOND_PERSON,
        person_id=SUPERVISOR,
        ask_hash=an_ask().hash,
        at=NOON - MINUTE,
        ends_at=NOON + HOUR,
        stepped_up=True,
        reason="seen",
    )
    assert Hub().ask(state, incident=own, approvals=(yes,)).permit is not None
    closed = an_incident(closed_at=NOON - SECOND)
    assert Hub().ask(state, incident=closed).reason is Reason.NO_REFERENCE
    assert Hub().ask(state, incident=None).reason is Reason.UNKNOWN_FIELD
    case = an_ask(incident_id=None, case_reference="2026-1")
    assert Hub().ask(state, ask=case, incident=None).permit is not None


def test_recorded_windows_and_answers_hold_at_the_edge() -> None:
    uses = frozenset({Use.PLAYBACK, Use.LIVE})
    state = granted(kind=Kind.ASK, uses=uses)
    window = Span(start=NOON - MINUTE, end=NOON)
    ask = an_ask(use=Use.PLAYBACK, window=window)
    later = NOON + HOUR
    past = replace(window, start=NOON + MINUTE, end=NOON + 2 * MINUTE)
    ask = replace(ask, window=past)
    refused = Hub().ask(state, later, ask=ask)
    assert refused.reason is Reason.OWNER_HAS_NOT_ANSWERED
    answer = AnswerTerms(
        ask_id=ask.id,
        agency_id=AGENCY,
        use=Use.PLAYBACK,
        purpose=ask.purpose,
        window=past,
        not_after=later + HOUR,
    )
    state = given(state, answer, later)
    grant = state.cameras[CAMERA].grants[-1]
    ref = GrantRef(id=grant.id, version=1, hash=grant.hash)
    opened = Hub().ask(state, later, ask=ask, grant=ref)
    assert opened.permit is not None
    assert opened.permit.footage == (past,)
    other = replace(ask, id=AskId(an_id(700)))
    assert Hub().ask(state, later, ask=other).reason is Reason.OWNER_HAS_NOT_ANSWERED


def test_a_preview_opens_to_the_owner_alone() -> None:
    state = given(replace(pinned(some_pins()), confirmed=True), PreviewNow())
    asked = an_ask(use=Use.PREVIEW, role=Role.OWNER, agency_id=OWNER, incident_id=None, reason="")
    assert Hub().ask(state, ask=asked, incident=None).permit is not None
    strange = replace(asked, agency_id=AGENCY)
    assert Hub().ask(state, ask=strange, incident=None).reason is Reason.PREVIEW_ONLY
    assert Hub().ask(state).reason is Reason.PREVIEW_ONLY


# Leases.


def opened_session() -> tuple[LensState, Hub, str]:
    hub, state = Hub(), granted()
    opened = hub.ask(state)
    ticket_id = next(iter(opened.state.sessions))
    return opened.state, hub, ticket_id


def tick(seconds: float) -> Tick:
    return Tick(now=NOON + seconds * SECOND, monotonic=seconds)


def test_a_lease_lives_only_while_it_is_renewed() -> None:
    state, _, id_ = opened_session()
    ticket_id = next(iter(state.sessions))
    renewed = renew(state, ticket_id, 1, tick(3))
    assert renewed.permit is not None
    assert (renewed.n, renewed.deadline) == (1, 13.0)
    renewed = renew(renewed.state, ticket_id, 2, tick(13))
    assert renewed.permit is not None
    lapsed = renew(renewed.state, ticket_id, 3, tick(23.5))
    assert lapsed.reason is Reason.LEASE_LAPSED
    assert ticket_id not in lapsed.state.sessions
    assert renew(lapsed.state, ticket_id, 4, tick(24)).reason is Reason.LEASE_LAPSED
    assert id_ == ticket_id


def test_renewals_are_numbered() -> None:
    state, _, _ = opened_session()
    ticket_id = next(iter(state.sessions))
    assert renew(state, ticket_id, 0, tick(1)).reason is Reason.REPLAYED
    state = renew(state, ticket_id, 5, tick(1)).state
    assert renew(state, ticket_id, 5, tick(2)).reason is Reason.REPLAYED
    assert renew(state, ticket_id, 6, tick(2)).permit is not None


def test_a_renewal_with_the_clock_behind_is_refused() -> None:
    state, _, _ = opened_session()
    ticket_id = next(iter(state.sessions))
    late = renew(state, ticket_id, 1, tick(4)).state
    behind = Tick(now=NOON + 3 * SECOND, monotonic=5)
    assert renew(late, ticket_id, 2, behind).reason is Reason.CLOCK_UNTRUSTED


def test_no_session_outlives_its_until_or_its_session_cap() -> None:
    state, _, _ = opened_session()
    ticket_id = next(iter(state.sessions))
    end = Tick(now=NOON + 20 * MINUTE, monotonic=9)
    assert renew(state, ticket_id, 1, end).reason is Reason.OUTSIDE_GRANT_TIME
    before = Tick(now=NOON + 20 * MINUTE - SECOND, monotonic=9)
    assert renew(state, ticket_id, 1, before).permit is not None
    hub = Hub()
    opened = hub.ask(granted(), opened_at=NOON - 29 * MINUTE, until=NOON + 20 * MINUTE)
    assert opened.permit is not None
    assert opened.permit.until == NOON + MINUTE
    ticket_id = next(iter(opened.state.sessions))
    end = Tick(now=NOON + MINUTE, monotonic=9)
    assert renew(opened.state, ticket_id, 1, end).reason is Reason.OUTSIDE_GRANT_TIME


def test_every_narrowing_ends_a_session_at_its_next_renewal() -> None:
    state, _, _ = opened_session()
    ticket_id = next(iter(state.sessions))
    camera = state.cameras[CAMERA]
    latched, applied = latch(state, CAMERA, NOON)
    assert applied.hash == ""
    assert renew(latched, ticket_id, 1, tick(1)).reason is Reason.PAUSED
    paused, _ = put(state, sealed(camera, PauseNow()), NOON)
    assert renew(paused, ticket_id, 1, tick(1)).reason is Reason.PAUSED
    revoked, _ = put(state, sealed(camera, Revocation(grant_id=GRANT)), NOON)
    assert renew(revoked, ticket_id, 1, tick(1)).reason is Reason.REVOKED
    narrower, _ = put(state, sealed(camera, terms(version=2, max_session_s=60)), NOON)
    assert renew(narrower, ticket_id, 1, tick(1)).reason is Reason.SUPERSEDED


def test_only_a_seal_reopens_what_was_stopped_without_one() -> None:
    state, _, _ = opened_session()
    state, _ = latch(state, CAMERA, NOON)
    forged = sealed(state.cameras[CAMERA], Resumption(), key=HUB_KEY)
    assert rejection(put(state, forged, NOON)) is Reason.BAD_SEAL
    state = given(state, Resumption(), NOON)
    ticket_id = next(iter(state.sessions))
    assert renew(state, ticket_id, 1, tick(1)).permit is not None


# Receipts.


def test_a_gap_in_n_shows_a_withheld_receipt() -> None:
    state = granted()
    state, first = put(state, sealed(state.cameras[CAMERA], PauseNow()), NOON)
    assert isinstance(first, Applied)
    state, second = put(state, sealed(state.cameras[CAMERA], Sharing(until=NOON + HOUR)), NOON)
    assert isinstance(second, Applied)
    assert (first.n, second.n) == (2, 3)
    assert (first.seq, second.seq) == (2, 3)
    state, third = latch(state, OTHER_CAMERA, NOON)
    assert third.n == 1


def test_an_applied_receipt_is_the_edges_word_alone() -> None:
    state = granted()
    pause = sealed(state.cameras[CAMERA], PauseNow())
    _, applied = put(state, pause, NOON)
    assert isinstance(applied, Applied)
    signature = sign_applied(applied, EDGE_KEY)
    assert applied.hash == pause.hash
    assert applied.at == NOON
    assert is_applied(applied, signature, public(EDGE_KEY))
    assert not is_applied(applied, sign_applied(applied, HUB_KEY), public(EDGE_KEY))
    assert not is_applied(replace(applied, n=9), signature, public(EDGE_KEY))
    assert not is_applied(applied, "00", public(EDGE_KEY))


def test_a_raise_is_receipted_from_when_it_counts() -> None:
    state = granted()
    wider = sealed(state.cameras[CAMERA], terms(version=2, max_session_s=3_600))
    _, applied = put(state, wider, NOON)
    assert isinstance(applied, Applied)
    assert applied.at == NOON + DAY


def test_sessions_that_lapsed_are_forgotten() -> None:
    state, hub, _ = opened_session()
    assert len(state.sessions) == 1
    access = hub.access(state, NOON + 11 * SECOND)
    ticket = hub.ticket(state, access, NOON + 11 * SECOND)
    opened = open_ticket(state, encode_ticket(ticket), tick(11))
    assert list(opened.state.sessions) == [access.ticket_id]
    assert INCIDENT in str(access)
