"""What must always hold of `decide`, over cases that start from a permit and go wrong nearby."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from consentry.consent.model import (
    HUB_REASONS,
    LIVE_USES,
    SESSION_S_MAX,
    Ask,
    Cap,
    Context,
    Grant,
    Hours,
    IncidentType,
    Kind,
    Obligation,
    Pause,
    Permit,
    Purpose,
    Reason,
    Refusal,
    Use,
)
from consentry.consent.narrower import is_narrower
from consentry.consent.rules import decide
from consentry.kernel.ids import PartyId

from .oracle import expected, plain
from .worlds import a_case

Built = tuple[Ask, list[Grant], Context]
SEED = 20_261_120
CASES = 100_000
SOME = 6_000
HITS_MIN = 1_000


def cases(seed: int, count: int) -> Iterator[Built]:
    rng = Random(seed)  # noqa: S311 cases, not secrets
    for _ in range(count):
        yield a_case(rng).built()


def permits(seed: int, count: int = SOME) -> Iterator[tuple[Built, Permit]]:
    for built in cases(seed, count):
        decision = decide(*built)
        if isinstance(decision, Permit):
            yield built, decision


def used(permit: Permit, grants: list[Grant]) -> Grant:
    """The grant that a permit names."""
    ref = permit.grant
    assert ref is not None
    return next(
        g
        for g in grants
        if (g.id, g.version, g.hash) == (ref.id, ref.version, ref.hash)
        and g.camera_id == permit.ask.camera_id
        and permit.ask.agency_id in g.agencies
    )


def check_against_oracle(seed: int, count: int) -> tuple[Counter[str], Counter[str]]:
    reasons: Counter[str] = Counter()
    caps: Counter[str] = Counter()
    for ask, grants, context in cases(seed, count):
        answer = plain(decide(ask, grants, context))
        assert answer == expected(ask, grants, context), (ask, grants, context)
        reasons[answer.reason or "permitted"] += 1
        caps[answer.cap] += 1
    return reasons, caps


def test_a_hundred_thousand_cases_agree_with_the_oracle() -> None:
    reasons, caps = check_against_oracle(SEED, CASES)
    assert 0.1 <= reasons["permitted"] / CASES <= 0.5
    assert {r.value: reasons[r] for r in HUB_REASONS if reasons[r] < HITS_MIN} == {}
    assert {c.value: caps[c] for c in Cap if caps[c] < HITS_MIN} == {}


@pytest.mark.campaign
def test_ten_million_cases_agree_with_the_oracle() -> None:
    for seed in range(100):
        check_against_oracle(seed, CASES)


def test_a_permit_has_a_living_grant_of_that_camera_agency_and_use() -> None:
    for (ask, grants, context), permit in permits(1):
        if permit.grant is None:
            assert ask.use is Use.PREVIEW
            assert any(p.span.holds(context.now) for p in context.previews)
            continue
        grant = used(permit, grants)
        assert ask.use in grant.uses
        assert ask.purpose in grant.purposes
        assert max(grant.not_before, grant.effective_at) <= context.now < grant.not_after
        assert grant.revoked_at is None or context.now < grant.revoked_at


def test_taking_grants_away_or_revoking_them_never_opens() -> None:
    rng = Random(2)  # noqa: S311 cases, not secrets
    for ask, grants, context in cases(2, SOME):
        if isinstance(decide(ask, grants, context), Permit) or not grants:
            continue
        gone = rng.randrange(len(grants))
        fewer = grants[:gone] + grants[gone + 1 :]
        revoked = replace(grants[gone], revoked_at=context.now)
        with_revoked = [*fewer, revoked]
        if ask.window is None:  # footage of a line needs its versions: see the next test
            assert isinstance(decide(ask, fewer, context), Refusal)
        assert isinstance(decide(ask, with_revoked, context), Refusal)


def test_taking_grants_away_never_shows_more_footage() -> None:
    for (ask, grants, context), permit in permits(3):
        for gone in range(len(grants)):
            fewer = grants[:gone] + grants[gone + 1 :]
            after = decide(ask, fewer, context)
            if isinstance(after, Permit) and permit.grant == after.grant:
                assert seconds(after) <= seconds(permit)


def seconds(permit: Permit) -> float:
    return sum((s.end - s.start).total_seconds() for s in permit.footage)


def test_the_order_of_grants_changes_nothing() -> None:
    rng = Random(4)  # noqa: S311 cases, not secrets
    for ask, grants, context in cases(4, SOME):
        shuffled = grants[:]
        rng.shuffle(shuffled)
        assert decide(ask, shuffled, context) == decide(ask, grants, context)


def test_a_permit_ends_after_now_and_no_later_than_every_bound() -> None:
    for (ask, grants, context), permit in permits(5):
        assert context.now < permit.until
        assert permit.footage
        assert all(s.start < s.end for s in permit.footage)
        if permit.grant is None:
            continue
        grant = used(permit, grants)
        opened_at = context.opened_at or context.now
        assert permit.until <= grant.not_after
        assert permit.until <= opened_at + timedelta(
            seconds=min(grant.max_session_s, SESSION_S_MAX)
        )
        assert all(s.end <= permit.until for s in permit.footage)
        if ask.window is not None:
            assert all(ask.window.start <= s.start for s in permit.footage)
            assert all(s.end <= min(ask.window.end, context.now) for s in permit.footage)
            assert all(grant.not_before <= s.start for s in permit.footage)


def test_renewals_never_pass_the_session_cap() -> None:
    for (ask, grants, context), permit in permits(6, 2_000):
        opened_at = context.opened_at or context.now
        now, ended = context.now, permit
        for _ in range(200):
            now = min(now + timedelta(seconds=97), ended.until - timedelta(seconds=1))
            renewed = decide(ask, grants, replace(context, now=now, opened_at=opened_at))
            if not isinstance(renewed, Permit) or renewed.until <= ended.until:
                break
            ended = renewed
        if permit.grant is not None:
            assert ended.until <= opened_at + timedelta(
                seconds=max(g.max_session_s for g in grants)
            )


def test_pause_and_stop_beat_all() -> None:
    for (ask, grants, context), _ in permits(7):
        paused = replace(context, pauses=(*context.pauses, Pause(start=context.now)))
        assert decide(ask, grants, paused) == Refusal(ask=ask, reason=Reason.PAUSED)
        stopped = replace(context, stopped=True)
        assert decide(ask, grants, stopped) == Refusal(ask=ask, reason=Reason.STOPPED)


def test_what_is_narrower_permits_nothing_more() -> None:
    rng = Random(8)  # noqa: S311 cases, not secrets
    proved = opened = 0
    for ask, grants, context in cases(8, 20_000):
        if not grants:
            continue
        old = grants[0]
        new = changed(rng, changed(rng, old))
        if not is_narrower(old, new):
            continue
        proved += 1
        after = decide(ask, [new], context)
        if isinstance(after, Permit) and ask.use is not Use.PREVIEW:
            opened += 1
            before = decide(ask, [old], context)
            assert isinstance(before, Permit), (old, new, ask, context)
            if ask.use in LIVE_USES:
                assert after.until <= before.until or old.kind is not new.kind
            else:
                assert seconds(after) <= seconds(before)
    assert proved > 3_000
    assert opened > 500


def changed(rng: Random, grant: Grant) -> Grant:
    """A neighbour of a grant, narrower as often as wider."""
    hours = Hours(
        days=frozenset(rng.sample(range(7), rng.randrange(1, 8))),
        start_min=rng.randrange(1440),
        end_min=rng.randrange(1, 1441),
    )
    delta = timedelta(minutes=rng.randrange(-30, 30))
    field, value = rng.choice(
        (
            ("uses", grant.uses - {Use.EXPORT}),
            ("uses", grant.uses | {Use.EXPORT}),
            ("purposes", frozenset(rng.sample(list(Purpose), 3))),
            ("purposes", frozenset(sorted(grant.purposes)[:1])),
            ("agencies", grant.agencies - {PartyId("another")}),
            ("kind", rng.choice(list(Kind))),
            ("not_before", grant.not_before + delta),
            ("not_after", grant.not_after + delta),
            ("max_session_s", max(1, grant.max_session_s + rng.randrange(-600, 600))),
            ("incident_types", frozenset(rng.sample(list(IncidentType), rng.randrange(0, 3)))),
            ("incident_types", frozenset(sorted(grant.incident_types)[:1]))
            if grant.incident_types
            else ("radius_m", 300),
            ("radius_m", rng.choice((None, 100, 300, 500))),
            ("hours", (*grant.hours, hours)[:2]),
            ("hours", (hours,)),
            ("hours", ()),
            ("masks", rng.choice(("", "sealed"))),
        )
    )
    changes: dict[str, object] = {field: value}
    if field == "hours" and value and not grant.tz:
        changes["tz"] = "Local"
    return replace(grant, **changes)  # type: ignore[arg-type]  # one field of its own type


def test_needed_second_persons_stand_behind_every_permit() -> None:
    backed = 0
    for (ask, _, context), permit in permits(9):
        if not permit.causes:
            continue
        backed += 1
        behind = [
            a
            for a in context.approvals
            if a.ask_hash == ask.hash and a.stepped_up and a.at <= context.now < a.ends_at
        ]
        others = [a for a in behind if a.person_id != ask.person_id]
        assert behind
        assert permit.until <= max(a.at for a in behind) + timedelta(hours=1)
        assert others or Obligation.POST_REVIEW_24H in permit.obligations
    assert backed > 100


def test_obligations_are_complete() -> None:
    always = {Obligation.AUDIT, Obligation.NOTIFY_OWNER, Obligation.WATERMARK, Obligation.UNTIL}
    for _, permit in permits(10):
        assert always <= permit.obligations
        assert (Obligation.MASK in permit.obligations) == bool(permit.masks)
