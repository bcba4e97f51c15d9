"""One byte form, strictly read, and the order in which statements come to count."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consentry.consent.bodies import (
    AnswerTerms,
    Body,
    DelegateAct,
    Delegation,
    PauseNow,
    PreviewNow,
    Resumption,
    Revocation,
    Rotation,
    Sharing,
)
from consentry.consent.fold import accept
from consentry.consent.masks import Masks
from consentry.consent.model import (
    Hours,
    IncidentType,
    Kind,
    Purpose,
    Reason,
    Span,
    Use,
)
from consentry.consent.reading import Fields
from consentry.consent.state import CameraState, Outcome, Seen, facts, owner_key_at, stop
from consentry.consent.statements import (
    Envelope,
    encode_statement,
    open_envelope,
    parse_statement,
    read_envelope,
    write_envelope,
)
from consentry.kernel.canonical import encode
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import GrantId, PartyId

from .hubs import (
    AGENCY,
    ASK,
    DAY,
    GRANT,
    HOUR,
    HUB_KEY,
    MINUTE,
    NOON,
    OWNER_KEY,
    SECOND,
    a_fresh_camera,
    a_key,
    a_statement,
    an_id,
    public,
    sealed,
    terms,
)

RING = ((0, 0), (10_000, 0), (10_000, 5_000))
OTHER_RING = ((0, 0), (1, 0), (0, 1))
ANSWER = AnswerTerms(
    ask_id=ASK,
    agency_id=AGENCY,
    use=Use.PLAYBACK,
    purpose=Purpose.FIRE_RESCUE,
    window=Span(start=NOON - HOUR, end=NOON),
    not_after=NOON + HOUR,
)
FAMILY = Delegation(
    key=public(a_key("family")),
    name="Grandmother's button",
    acts=frozenset({DelegateAct.PAUSE, DelegateAct.SHARE_NOW}),
    not_after=NOON + 10 * DAY,
)
FULL = terms(
    kind=Kind.INCIDENT,
    incident_types=frozenset({IncidentType.FIRE, IncidentType.MEDICAL}),
    radius_m=300,
    hours=(Hours(days=frozenset({0, 6}), start_min=1_320, end_min=360),),
    tz="Europe/Vienna",
    masks="c" * 64,
    agency_key="d" * 64,
)
BODIES: list[Body] = [
    terms(),
    FULL,
    Revocation(),
    Revocation(grant_id=GRANT),
    PauseNow(),
    Resumption(),
    Resumption(settles=("a" * 64, "b" * 64)),
    Sharing(until=NOON + HOUR),
    ANSWER,
    PreviewNow(),
    Masks(polygons=(RING,)),
    Masks(polygons=()),
    FAMILY,
    replace(FAMILY, acts=frozenset()),
    Rotation(key="e" * 64),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda b: type(b).__name__)
def test_a_statement_reads_back_from_its_bytes(body: Body) -> None:
    statement = a_statement(a_fresh_camera(), body)
    assert parse_statement(encode_statement(statement)) == statement
    envelope = sealed(a_fresh_camera(), body)
    assert open_envelope(envelope) == statement
    assert read_envelope(Fields(write_envelope(envelope))) == envelope


def test_the_bytes_are_what_a_sorted_stringify_gives() -> None:
    data = encode_statement(a_statement(a_fresh_camera(), PauseNow()))
    assert data == (
        b'{"body":{},"camera":"01a9ece7-b200-7000-8000-000000000001",'
        b'"hub":"hub.example/log","issued_at":"2026-11-20T12:00:00Z","prev":"'
        + b"0" * 64
        + b'","seq":1,"type":"pause","v":1}'
    ).replace(b"01a9ece7-b200-7000-8000-000000000001", a_fresh_camera().camera_id.encode())


def changed(path: str, value: Any, body: Body = FULL) -> bytes:
    """The bytes of a statement with one place of it set; None takes it away."""
    parts = json.loads(encode_statement(a_statement(a_fresh_camera(), body)))
    *parents, last = path.split(".")
    holder = parts
    for each in parents:
        holder = holder[int(each)] if isinstance(holder, list) else holder[each]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return encode(parts)


@pytest.mark.parametrize(
    ("path", "value", "body"),
    [
        ("v", 2, FULL),
        ("v", True, FULL),
        ("type", "grand", FULL),
        ("type", 1, FULL),
        ("hub", "", FULL),
        ("hub", "x" * 201, FULL),
        ("hub", 5, FULL),
        ("camera", "camera", FULL),
        ("camera", 5, FULL),
        ("seq", -1, FULL),
        ("seq", 1_000_001, FULL),
        ("seq", "1", FULL),
        ("prev", "0" * 63, FULL),
        ("prev", "G" * 64, FULL),
        ("prev", "A" * 64, FULL),
        ("issued_at", "2026-11-20T12:00:00+00:00", FULL),
        ("issued_at", "2026-02-30T12:00:00Z", FULL),
        ("issued_at", 5, FULL),
        ("body", [], FULL),
        ("more", 1, FULL),
        ("body.more", 1, FULL),
        ("body.id", "grant", FULL),
        ("body.version", 0, FULL),
        ("body.version", 1_000_001, FULL),
        ("body.agencies", [], FULL),
        ("body.agencies", [AGENCY, AGENCY], FULL),
        ("body.agencies", [PartyId(an_id(9)), PartyId(an_id(3))], FULL),
        ("body.agencies", ["agency"], FULL),
        ("body.agencies", [an_id(n) for n in range(65)], FULL),
        ("body.agencies", AGENCY, FULL),
        ("body.kind", "ladder", FULL),
        ("body.kind", None, FULL),
        ("body.uses", [], FULL),
        ("body.uses", ["live", "live"], FULL),
        ("body.uses", ["face"], FULL),
        ("body.uses", [1, "live"], FULL),
        ("body.uses", ["preview"], FULL),
        ("body.purposes", [], FULL),
        ("body.purposes", ["gossip"], FULL),
        ("body.not_after", None, FULL),
        ("body.not_after", "2026-11-19T12:00:00Z", FULL),
        ("body.not_after", "2027-11-20T12:00:01Z", FULL),
        ("body.max_session_s", 0, FULL),
        ("body.max_session_s", 86_401, FULL),
        ("body.incident_types", [], FULL),
        ("body.incident_types", None, FULL),
        ("body.radius_m", 0, FULL),
        ("body.radius_m", 50_001, FULL),
        ("body.radius_m", None, FULL),
        ("body.hours", [], FULL),
        ("body.hours", [{}] * 22, FULL),
        ("body.hours", [5], FULL),
        ("body.hours.0.days", [], FULL),
        ("body.hours.0.days", [7], FULL),
        ("body.hours.0.days", [-1], FULL),
        ("body.hours.0.days", [True], FULL),
        ("body.hours.0.days", [1, 0], FULL),
        ("body.hours.0.start_min", 1_440, FULL),
        ("body.hours.0.start_min", -1, FULL),
        ("body.hours.0.end_min", 1_441, FULL),
        ("body.hours.0.end_min", 0, FULL),
        ("body.hours.0.more", 0, FULL),
        ("body.tz", "", FULL),
        ("body.tz", None, FULL),
        ("body.tz", "x" * 65, FULL),
        ("body.hours", None, FULL),
        ("body.masks", "", FULL),
        ("body.agency_key", "d", FULL),
        ("body.kind", "schedule", terms()),
        ("body.kind", "incident", terms()),
        ("body.grant", "none", Revocation()),
        ("body.grant", None, Revocation()),
        ("body.all", 1, PauseNow()),
        ("body.all", 1, PreviewNow()),
        ("body.settles", [], Resumption()),
        ("body.settles", ["a" * 64], Resumption()),
        ("body.settles", ["b" * 64, "a" * 64], Resumption()),
        ("body.settles", ["a" * 64, "a" * 64], Resumption()),
        ("body.settles", ["a" * 64, "b"], Resumption()),
        ("body.settles", ["a" * 64, "b" * 64, "c" * 64], Resumption()),
        ("body.until", "2026-11-20T12:00:00Z", Sharing(until=NOON + HOUR)),
        ("body.until", "2026-11-21T12:00:01Z", Sharing(until=NOON + HOUR)),
        ("body.until", "2026-11-20T11:00:00Z", ANSWER),
        ("body.from", "2026-10-20T11:59:59Z", ANSWER),
        ("body.not_after", "2026-11-20T12:00:00Z", ANSWER),
        ("body.not_after", "2026-12-21T12:00:01Z", ANSWER),
        ("body.use", "face", ANSWER),
        ("body.polygons", {}, Masks(polygons=(RING,))),
        ("body.polygons", [[[0, 0], [1, 1]]], Masks(polygons=(RING,))),
        ("body.polygons", [[[0, 0], [1, 1], [1, 10_001]]], Masks(polygons=(RING,))),
        ("body.polygons", [[[0, 0], [1, 1], [1, -1]]], Masks(polygons=(RING,))),
        ("body.polygons", [[[0, 0], [1, 1], [1, True]]], Masks(polygons=(RING,))),
        ("body.polygons", [[[0, 0], [1, 1], [True, 1]]], Masks(polygons=(RING,))),
        ("body.polygons", [[[0, 0], [1, 1], [1]]], Masks(polygons=(RING,))),
        ("body.polygons", [[[0, 0], [1, 1], [1, 2, 3]]], Masks(polygons=(RING,))),
        ("body.polygons", [[[0, 0], [1, 1], "12"]], Masks(polygons=(RING,))),
        ("body.polygons", [[[0, 0]] * 65], Masks(polygons=(RING,))),
        ("body.polygons", [[[0, 0]] * 3] * 33, Masks(polygons=(RING,))),
        ("body.name", "", FAMILY),
        ("body.name", "x" * 81, FAMILY),
        ("body.acts", ["grant"], FAMILY),
        ("body.key", "e", Rotation(key="e" * 64)),
    ],
)
def test_what_is_unknown_or_out_of_bounds_is_refused_by_name(
    path: str, value: Any, body: Body
) -> None:
    with pytest.raises(InvalidError) as raised:
        parse_statement(changed(path, value, body))
    (fault,) = raised.value.faults
    named = path.split(".0")[0].split(".")[-1]
    also = {"body.tz": "body.tz", "body.kind": "body.kind"}
    assert fault.message
    assert named in fault.field or fault.field in (
        also.get(path, ""),
        "body.kind",
        "body.until",
        "body.tz",
        "body.hours[0]",
        "body",
    )


@pytest.mark.parametrize(
    ("path", "value", "body"),
    [
        ("body.not_after", "2027-11-20T12:00:00Z", FULL),
        ("body.max_session_s", 86_400, FULL),
        ("body.max_session_s", 1, FULL),
        ("body.radius_m", 50_000, FULL),
        ("body.radius_m", 1, FULL),
        ("body.version", 1_000_000, FULL),
        ("seq", 1_000_000, FULL),
        ("seq", 0, FULL),
        ("hub", "x" * 200, FULL),
        ("hub", "x", FULL),
        ("body.agencies", [an_id(n) for n in range(64)], FULL),
        ("body.hours.0.start_min", 1_439, FULL),
        ("body.hours.0.start_min", 0, FULL),
        ("body.hours.0.end_min", 1_440, FULL),
        ("body.hours.0.end_min", 1, FULL),
        ("body.hours", [{"days": [0], "start_min": 0, "end_min": 1}] * 21, FULL),
        ("body.tz", "x" * 64, FULL),
        ("body.until", "2026-11-21T12:00:00Z", Sharing(until=NOON + HOUR)),
        ("body.from", "2026-10-20T12:00:00Z", ANSWER),
        ("body.not_after", "2026-12-21T12:00:00Z", ANSWER),
        ("body.polygons", [[[0, 0]] * 64] * 32, Masks(polygons=(RING,))),
        ("body.name", "x" * 80, FAMILY),
        ("body.name", "x", FAMILY),
    ],
)
def test_every_bound_itself_is_allowed(path: str, value: Any, body: Body) -> None:
    data = changed(path, value, body)
    assert encode_statement(parse_statement(data)) == data


def test_only_canonical_bytes_are_read() -> None:
    data = encode_statement(a_statement(a_fresh_camera(), PauseNow()))
    spoilt = [
        data.replace(b'"seq":1', b'"seq": 1'),
        data.replace(b'"v":1', b'"v":1,"v":1'),
        data.replace(b'"seq":1', b'"seq":1.0'),
        data.replace(b'"pause"', b'"\\u0070ause"'),
        data[:-1],
        b"[" * 10_000,
        b"\xff\xfe",
    ]
    for each in spoilt:
        with pytest.raises(InvalidError) as raised:
            parse_statement(each)
        assert raised.value.code == "not_canonical"
    with pytest.raises(InvalidError, match="too many"):
        parse_statement(data + b" " * 65_536)


def test_envelopes_are_read_strictly() -> None:
    good = write_envelope(sealed(a_fresh_camera(), PauseNow()))
    for name, value in (
        ("bytes", "%"),
        ("bytes", ""),
        ("bytes", str(good["bytes"])[:-1]),
        ("bytes", str(good["bytes"]) + "\n"),
        ("key", "x"),
        ("sig", "0" * 127),
        ("alg", ""),
        ("alg", "x" * 17),
        ("more", 1),
    ):
        with pytest.raises(InvalidError):
            read_envelope(Fields({**good, name: value}))


# The fold.


def take(
    state: CameraState,
    body: Body,
    now: Any = NOON,
    *,
    key: Any = OWNER_KEY,
    confirmed: bool = False,
    **changes: Any,
) -> Outcome:
    envelope = sealed(state, body, changes.pop("issued_at", now), key, **changes)
    return accept(state, envelope, Seen(now=now, confirmed=confirmed))


def taken(state: CameraState, body: Body, now: Any = NOON, **changes: Any) -> CameraState:
    outcome = take(state, body, now, **changes)
    assert outcome.rejection is None
    return outcome.state


def reason(outcome: Outcome) -> Reason:
    assert outcome.rejection is not None
    assert outcome.rejection.field
    assert outcome.rejection.detail
    return outcome.rejection.reason


def granted(now: Any = NOON) -> CameraState:
    return taken(a_fresh_camera(), terms(), now, confirmed=True)


def paused_at(state: CameraState, now: Any) -> bool:
    return any(p.start <= now and (p.end is None or now < p.end) for p in facts(state, now).pauses)


def test_a_first_grant_cools_unless_confirmed_at_the_box() -> None:
    outcome = take(a_fresh_camera(), terms())
    assert outcome.effective_at == NOON + DAY
    assert outcome.state.grants[0].effective_at == NOON + DAY
    assert granted().grants[0].effective_at == NOON


def test_the_cooling_counts_from_when_it_was_seen_not_from_its_date() -> None:
    outcome = take(a_fresh_camera(), terms(), NOON + HOUR, issued_at=NOON - 30 * DAY)
    assert outcome.effective_at == NOON + HOUR + DAY


def test_a_narrower_version_acts_at_once_and_ends_the_one_before() -> None:
    state = granted()
    outcome = take(state, terms(version=2, max_session_s=60), NOON + HOUR)
    assert outcome.effective_at == NOON + HOUR
    old, new = outcome.state.grants
    assert old.superseded_at == NOON + HOUR
    assert new.effective_at == NOON + HOUR


def test_a_wider_version_cools_and_the_old_holds_until_then() -> None:
    outcome = take(granted(), terms(version=2, max_session_s=3_600), NOON + HOUR)
    old, new = outcome.state.grants
    assert old.superseded_at == new.effective_at == NOON + HOUR + DAY
    again = take(outcome.state, terms(version=3, max_session_s=1_900), NOON + 2 * HOUR)
    assert again.effective_at == NOON + HOUR + DAY  # narrower than what already cools
    back = take(outcome.state, terms(version=3), NOON + 2 * HOUR)
    assert back.effective_at == NOON + 2 * HOUR
    assert [g.superseded_at for g in back.state.grants] == [NOON + 2 * HOUR] * 2 + [None]


def test_a_version_is_one_more_and_masks_were_sealed() -> None:
    state = granted()
    assert reason(take(state, terms())) is Reason.UNKNOWN_FIELD
    assert reason(take(state, terms(version=3))) is Reason.UNKNOWN_FIELD
    assert reason(take(state, terms(id=GrantId(an_id(50)), version=2))) is Reason.UNKNOWN_FIELD
    assert reason(take(state, terms(version=2, masks="c" * 64))) is Reason.UNKNOWN_FIELD
    state = taken(state, Masks(polygons=(RING,)))
    hash_ = state.masks[0].hash
    assert taken(state, terms(version=2, masks=hash_)).grants[-1].masks == hash_


def test_revocation_is_final_and_a_new_grant_cools() -> None:
    state = taken(granted(), Revocation(grant_id=GRANT), NOON + HOUR)
    assert state.grants[0].revoked_at == NOON + HOUR
    later = NOON + 2 * HOUR
    assert reason(take(state, terms(version=2), later)) is Reason.REVOKED
    outcome = take(state, terms(id=GrantId(an_id(51))), later)
    assert outcome.effective_at == later + DAY
    assert outcome.state.grants[-1].revoked_at is None
    twice = taken(state, Revocation(), later)
    assert twice.grants[0].revoked_at == NOON + HOUR


def test_a_revocation_of_one_line_leaves_the_others() -> None:
    state = taken(granted(), terms(id=GrantId(an_id(51))), confirmed=True)
    state = taken(state, Revocation(grant_id=GRANT))
    assert [g.revoked_at for g in state.grants] == [NOON, None]
    assert [g.revoked_at for g in taken(state, Revocation()).grants] == [NOON, NOON]


def test_a_grant_withheld_until_after_its_revocation_opens_nothing() -> None:
    state = granted()
    withheld = sealed(state, terms(version=2, max_session_s=60), NOON)
    outcome = take(state, Revocation(), NOON + HOUR, seq=3, prev="f" * 64)
    late = accept(outcome.state, withheld, Seen(now=NOON + 2 * HOUR))
    assert late.rejection is None
    assert late.state.grants[-1].revoked_at == NOON + 2 * HOUR
    assert late.state.seq == 2


def test_pauses_and_revocations_count_whatever_their_place_once() -> None:
    state = granted()
    far = sealed(state, PauseNow(), NOON, seq=7, prev="f" * 64)
    outcome = accept(state, far, Seen(now=NOON))
    assert paused_at(outcome.state, NOON)
    assert outcome.state.seq == 1
    again = accept(outcome.state, far, Seen(now=NOON + HOUR))
    assert reason(again) is Reason.REPLAYED
    assert len(again.state.latches) == 1


def test_a_pause_that_came_early_takes_its_place_when_the_gap_is_filled() -> None:
    state = granted()
    second = sealed(state, Sharing(until=NOON + HOUR))
    pause = sealed(state, PauseNow(), seq=3, prev=second.hash)
    state = accept(state, pause, Seen(now=NOON)).state
    state = accept(state, second, Seen(now=NOON)).state
    assert state.seq == 2
    filled = accept(state, pause, Seen(now=NOON))
    assert filled.rejection is None
    assert (filled.state.seq, filled.state.head) == (3, pause.hash)
    assert len(filled.state.latches) == 1


def test_a_resume_reopens_what_its_owner_knew_to_be_paused() -> None:
    state = taken(granted(), PauseNow(), NOON + MINUTE)
    assert paused_at(state, NOON + HOUR)
    state = taken(state, Resumption(), NOON + HOUR)
    assert not paused_at(state, NOON + HOUR)
    assert paused_at(state, NOON + HOUR - SECOND)


def test_a_resume_withheld_from_before_a_pause_reopens_nothing() -> None:
    state = taken(granted(), PauseNow())
    withheld = sealed(state, Resumption(), NOON + MINUTE)
    state = take(state, PauseNow(), NOON + HOUR, seq=4, prev="f" * 64).state
    outcome = accept(state, withheld, Seen(now=NOON + 2 * HOUR))
    assert outcome.rejection is None
    assert paused_at(outcome.state, NOON + 2 * HOUR)


def test_an_unsealed_stop_holds_against_a_seal_from_before_it() -> None:
    state = stop(granted(), NOON + MINUTE)
    assert paused_at(state, NOON + HOUR)
    old = taken(state, Resumption(), NOON + HOUR, issued_at=NOON)
    assert paused_at(old, NOON + HOUR)
    new = taken(state, Resumption(), NOON + HOUR)
    assert not paused_at(new, NOON + HOUR)


def test_a_grant_reopens_when_it_counts() -> None:
    state = taken(granted(), PauseNow(), NOON + MINUTE)
    narrower = taken(state, terms(version=2, max_session_s=60), NOON + HOUR)
    assert not paused_at(narrower, NOON + HOUR)
    wider = taken(state, terms(version=2, max_session_s=3_600), NOON + HOUR)
    assert paused_at(wider, NOON + HOUR + DAY - SECOND)
    assert not paused_at(wider, NOON + HOUR + DAY)
    resumed = taken(wider, Resumption(), NOON + 2 * HOUR)
    assert not paused_at(resumed, NOON + 2 * HOUR)


def test_order_is_one_more_and_names_the_newest() -> None:
    state = granted()
    assert reason(take(state, Sharing(until=NOON + HOUR), seq=3)) is Reason.SUPERSEDED
    assert reason(take(state, Sharing(until=NOON + HOUR), seq=0)) is Reason.SUPERSEDED
    assert reason(take(state, Sharing(until=NOON + HOUR), prev="f" * 64)) is Reason.SUPERSEDED
    envelope = sealed(state, Sharing(until=NOON + HOUR))
    state = accept(state, envelope, Seen(now=NOON)).state
    again = accept(state, envelope, Seen(now=NOON))
    assert reason(again) is Reason.REPLAYED
    assert again.state.rivals == ()


def test_two_with_one_place_close_the_camera_until_the_owner_names_both() -> None:
    state = granted()
    other = sealed(state, terms(version=2, max_session_s=60))
    state = taken(state, Sharing(until=NOON + HOUR))
    clash = accept(state, other, Seen(now=NOON + MINUTE))
    assert reason(clash) is Reason.SUPERSEDED
    state = clash.state
    assert state.rivals == tuple(sorted((state.head, other.hash)))
    assert paused_at(state, NOON + DAY)
    assert not paused_at(state, NOON)
    assert reason(take(state, Resumption(), NOON + HOUR)) is Reason.SUPERSEDED
    assert reason(take(state, Resumption(settles=("a" * 64, "b" * 64)))) is Reason.SUPERSEDED
    assert reason(take(state, terms(version=2), NOON + HOUR)) is Reason.SUPERSEDED
    still = take(state, PauseNow(), NOON + HOUR)
    assert still.rejection is None
    assert still.state.seq == state.seq
    both = Resumption(settles=(state.rivals[0], state.rivals[1]))
    settled = taken(state, both, NOON + HOUR, prev=other.hash)
    assert settled.rivals == ()
    assert not paused_at(settled, NOON + HOUR)
    assert settled.shares == ()
    assert all(g.revoked_at == NOON + HOUR for g in settled.grants)
    assert reason(accept(settled, other, Seen(now=NOON + 2 * HOUR))) is Reason.REPLAYED
    assert accept(settled, other, Seen(now=NOON + 2 * HOUR)).state.rivals == ()
    assert taken(settled, terms(id=GrantId(an_id(60))), NOON + 2 * HOUR).seq == settled.seq + 1


def test_an_edge_that_saw_one_rival_only_is_settled_too() -> None:
    state = taken(granted(), Sharing(until=NOON + HOUR))
    unseen = "0" * 63 + "1"
    first, second = sorted((state.head, unseen))
    settled = taken(state, Resumption(settles=(first, second)), prev=unseen)
    assert all(g.revoked_at for g in settled.grants)
    foreign = Resumption(settles=(unseen, "e" * 64))
    assert reason(take(state, foreign, prev=unseen)) is Reason.SUPERSEDED


def test_a_pause_is_never_a_rival() -> None:
    state = granted()
    late = sealed(state, Sharing(until=NOON + HOUR))
    state = taken(state, PauseNow())
    clash = accept(state, late, Seen(now=NOON))
    assert reason(clash) is Reason.SUPERSEDED
    assert clash.state.rivals == ()


def test_a_strangers_statement_is_no_rival() -> None:
    state = taken(granted(), FAMILY, confirmed=True)
    key = a_key("family")
    clash = take(state, Sharing(until=NOON + MINUTE), seq=2, prev=state.history[0], key=key)
    assert reason(clash) is Reason.SUPERSEDED
    assert clash.state.rivals == ()


def test_seals_dated_ahead_wait() -> None:
    state = granted()
    ahead = NOON + 121 * SECOND
    outcome = take(state, Sharing(until=NOON + HOUR), NOON, issued_at=ahead)
    assert reason(outcome) is Reason.UNKNOWN_FIELD
    assert taken(state, Sharing(until=NOON + HOUR), NOON, issued_at=ahead - SECOND).shares


def test_a_share_runs_at_once_for_an_hour_once_a_day() -> None:
    state = granted()
    shared = taken(state, Sharing(until=NOON + HOUR + 2 * MINUTE))
    assert shared.shares[0].span == Span(start=NOON, end=NOON + HOUR + 2 * MINUTE)
    long = take(state, Sharing(until=NOON + HOUR + 2 * MINUTE + SECOND))
    assert long.effective_at == NOON + DAY
    assert long.state.shares == ()  # it ends before it has cooled
    confirmed = taken(state, Sharing(until=NOON + 23 * HOUR), confirmed=True)
    assert confirmed.shares[0].span.start == NOON
    second = take(shared, Sharing(until=NOON + DAY + MINUTE), NOON + DAY - SECOND)
    assert second.effective_at == NOON + 2 * DAY - SECOND
    next_day = take(shared, Sharing(until=NOON + DAY + MINUTE), NOON + DAY)
    assert next_day.effective_at == NOON + DAY


def test_a_share_dated_ahead_gains_nothing() -> None:
    outcome = take(granted(), Sharing(until=NOON + HOUR + 3 * MINUTE), issued_at=NOON + 2 * MINUTE)
    assert outcome.effective_at == NOON + DAY


def test_an_answer_counts_at_once() -> None:
    (answer,) = taken(granted(), ANSWER, NOON + MINUTE).answers
    assert (answer.ask_id, answer.use, answer.window) == (ASK, Use.PLAYBACK, ANSWER.window)
    assert (answer.at, answer.not_after) == (NOON + MINUTE, ANSWER.not_after)
    assert (answer.agency_id, answer.purpose) == (AGENCY, Purpose.FIRE_RESCUE)
    assert answer.hash


def test_a_preview_lasts_ten_minutes_from_its_seal() -> None:
    state = granted()
    (preview,) = taken(state, PreviewNow(), NOON + MINUTE, issued_at=NOON).previews
    assert preview.span == Span(start=NOON + MINUTE, end=NOON + 10 * MINUTE)
    (ahead,) = taken(state, PreviewNow(), NOON, issued_at=NOON + MINUTE).previews
    assert ahead.span == Span(start=NOON, end=NOON + 10 * MINUTE)
    assert taken(state, PreviewNow(), NOON + 10 * MINUTE, issued_at=NOON).previews == ()


def test_masks_that_show_more_cool() -> None:
    state = taken(granted(), Masks(polygons=(RING,)))
    assert facts(state, NOON).masks == state.masks[0].hash
    assert facts(state, NOON).masks_since == NOON
    more = taken(state, Masks(polygons=(RING, OTHER_RING)), NOON + HOUR)
    assert facts(more, NOON + HOUR).masks == more.masks[1].hash
    less = taken(more, Masks(polygons=(OTHER_RING,)), NOON + 2 * HOUR)
    assert facts(less, NOON + 2 * HOUR + DAY - SECOND).masks == more.masks[1].hash
    assert facts(less, NOON + 2 * HOUR + DAY).masks == less.masks[2].hash
    none = taken(state, Masks(polygons=()), confirmed=True)
    assert facts(none, NOON).masks == ""
    assert facts(granted(), NOON).masks_since is None


def test_masks_overtaken_while_they_cool_never_count() -> None:
    state = taken(granted(), Masks(polygons=(RING,)))
    state = taken(state, Masks(polygons=()), NOON + HOUR)
    state = taken(state, Masks(polygons=(RING, OTHER_RING)), NOON + 2 * HOUR)
    assert facts(state, NOON + 3 * DAY).masks == state.masks[2].hash


def test_a_delegate_may_do_what_was_delegated_once_it_has_cooled() -> None:
    key = a_key("family")
    state = taken(granted(), FAMILY)
    assert reason(take(state, PauseNow(), NOON + DAY - SECOND, key=key)) is Reason.BAD_SEAL
    assert taken(state, PauseNow(), NOON + DAY, key=key).latches
    assert taken(state, Sharing(until=NOON + DAY + HOUR), NOON + DAY, key=key).shares
    assert reason(take(state, Revocation(), NOON + DAY, key=key)) is Reason.BAD_SEAL
    assert reason(take(state, terms(version=2), NOON + DAY, key=key)) is Reason.BAD_SEAL
    assert reason(take(state, PauseNow(), NOON + 10 * DAY, key=key)) is Reason.BAD_SEAL
    assert reason(take(state, PauseNow(), NOON + DAY, key=HUB_KEY)) is Reason.BAD_SEAL


def test_a_delegates_place_binds_nobody() -> None:
    key = a_key("family")
    state = taken(granted(), FAMILY, confirmed=True)
    state = take(state, PauseNow(), NOON, key=key, seq=900, prev="f" * 64).state
    assert paused_at(state, NOON)
    assert not paused_at(taken(state, Resumption(), NOON + MINUTE), NOON + MINUTE)


def test_a_delegation_is_narrowed_at_once_and_widened_slowly() -> None:
    key = a_key("family")
    state = taken(granted(), FAMILY, confirmed=True)
    only_pause = replace(FAMILY, acts=frozenset({DelegateAct.PAUSE}))
    narrower = taken(state, only_pause, NOON + HOUR)
    share = Sharing(until=NOON + 2 * HOUR)
    assert reason(take(narrower, share, NOON + HOUR, key=key)) is Reason.BAD_SEAL
    assert taken(narrower, PauseNow(), NOON + HOUR, key=key).latches
    none = taken(state, replace(FAMILY, acts=frozenset()), NOON + HOUR)
    assert reason(take(none, PauseNow(), NOON + HOUR, key=key)) is Reason.BAD_SEAL
    for wider in (
        replace(FAMILY, acts=frozenset(DelegateAct)),
        replace(FAMILY, not_after=NOON + 11 * DAY),
        replace(FAMILY, key=public(HUB_KEY)),
    ):
        assert take(state, wider, NOON + HOUR).effective_at == NOON + HOUR + DAY
    shorter = replace(FAMILY, not_after=NOON + 9 * DAY)
    assert take(state, shorter, NOON + HOUR).effective_at == NOON + HOUR


def test_a_rotation_takes_over_when_it_has_cooled() -> None:
    new = a_key("new")
    outcome = take(granted(), Rotation(key=public(new)))
    assert outcome.effective_at == NOON + DAY
    state = outcome.state
    assert owner_key_at(state, NOON + DAY - SECOND) == public(OWNER_KEY)
    assert owner_key_at(state, NOON + DAY) == public(new)
    assert taken(state, PauseNow(), NOON + DAY - SECOND).latches
    assert reason(take(state, PauseNow(), NOON + DAY)) is Reason.BAD_SEAL
    after = taken(state, PauseNow(), NOON + DAY, key=new)
    assert (after.owner_key, after.next_key, after.next_key_at) == (public(new), "", None)
    at_once = taken(granted(), Rotation(key=public(new)), confirmed=True)
    assert owner_key_at(at_once, NOON) == public(new)


def test_what_cannot_be_read_is_told_by_its_field() -> None:
    state = granted()
    good = sealed(state, PauseNow())
    outcome = accept(state, replace(good, sig="00" * 64), Seen(now=NOON))
    assert reason(outcome) is Reason.BAD_SEAL
    data = changed("body.more", 1, PauseNow())
    signature = OWNER_KEY.sign(b"consentry/statement/v1\n" + data).hex()
    odd = Envelope(bytes=data, key=good.key, alg=good.alg, sig=signature)
    outcome = accept(state, odd, Seen(now=NOON))
    assert reason(outcome) is Reason.UNKNOWN_FIELD
    assert outcome.rejection is not None
    assert outcome.rejection.field == "body.more"


def test_statements_of_another_hub_or_camera_are_another_edges() -> None:
    state = granted()
    outcome = take(state, PauseNow(), hub="other")
    assert reason(outcome) is Reason.WRONG_EDGE
    assert outcome.rejection is not None
    assert outcome.rejection.field == "hub"
    outcome = take(state, PauseNow(), camera_id=an_id(70))
    assert outcome.rejection is not None
    assert outcome.rejection.field == "camera"


def test_the_edges_setting_decides_how_long_a_raise_cools() -> None:
    envelope = sealed(a_fresh_camera(), terms())
    outcome = accept(a_fresh_camera(), envelope, Seen(now=NOON, cooling=timedelta(0)))
    assert outcome.effective_at == NOON
