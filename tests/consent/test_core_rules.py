"""Single decisions of the rules, where chance seldom leads."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from consentry.consent.model import (
    Answer,
    CameraFacts,
    Context,
    Decision,
    Grant,
    IncidentType,
    Kind,
    Pause,
    Permit,
    PolicyPack,
    Preview,
    Purpose,
    Reason,
    Refusal,
    ShareNow,
    Span,
    Use,
)
from consentry.consent.opening import covers, shows_interior
from consentry.consent.rules import decide
from consentry.kernel.access import Role
from consentry.kernel.geo import Point

from .hubs import (
    CAMERA,
    DAY,
    HERE,
    HOUR,
    MINUTE,
    NOON,
    OWNER,
    SECOND,
    an_ask,
    an_incident,
    terms,
)

THREE_HUNDRED_METRES = 0.002697961091173614
"""In degrees of latitude from the equator, to the last bit of a double."""


def a_grant(effective_at: datetime = NOON - DAY, **changes: Any) -> Grant:
    return terms(**changes).grant(CAMERA, "hash", effective_at)


def a_context(**changes: Any) -> Context:
    known: dict[str, Any] = {
        "now": NOON,
        "clock_trusted": True,
        "stopped": False,
        "actor_suspended": False,
        "stepped_up_at": NOON,
        "camera": CameraFacts(id=CAMERA, owner_id=OWNER, place=HERE, private=True),
        "incident": an_incident(),
        "lawful_purposes": frozenset(Purpose),
    }
    return Context(**{**known, **changes})


def reason(decision: Decision) -> Reason | None:
    return decision.reason if isinstance(decision, Refusal) else None


def test_a_plain_ask_is_permitted() -> None:
    assert isinstance(decide(an_ask(), [a_grant()], a_context()), Permit)


def test_of_two_running_previews_the_longer_counts() -> None:
    asked = an_ask(use=Use.PREVIEW, role=Role.OWNER, agency_id=OWNER, incident_id=None)
    short = Preview(hash="short", span=Span(start=NOON - MINUTE, end=NOON + MINUTE))
    long = Preview(hash="long", span=Span(start=NOON - MINUTE, end=NOON + 5 * MINUTE))
    for previews in ((short, long), (long, short)):
        permit = decide(asked, [], a_context(incident=None, previews=previews))
        assert isinstance(permit, Permit)
        assert (permit.statement, permit.until) == ("long", NOON + 5 * MINUTE)


def test_a_responder_without_an_incident_may_not_ask() -> None:
    asked = an_ask(role=Role.RESPONDER, incident_id=None, case_reference="2026-1")
    assert reason(decide(asked, [a_grant()], a_context(incident=None))) is Reason.ROLE_MISSING


def test_a_masked_camera_is_not_turned() -> None:
    grant = a_grant(uses=frozenset({Use.PTZ}))
    asked = an_ask(use=Use.PTZ)
    assert isinstance(decide(asked, [grant], a_context()), Permit)
    assert reason(decide(asked, [grant], a_context(masks="m"))) is Reason.USE_NOT_GRANTED


def test_a_policys_session_is_over_at_its_last_second() -> None:
    pack = PolicyPack(version=1, session_s_max=600)
    for spent, answer in ((600, Reason.POLICY_FORBIDS), (599, None)):
        context = a_context(policy=pack, opened_at=NOON - spent * SECOND)
        assert reason(decide(an_ask(), [a_grant()], context)) is answer


# Shares, answers and footage.


def an_answer(name: str = "answer", **changes: Any) -> Answer:
    ask = an_ask()
    known: dict[str, Any] = {
        "hash": name,
        "at": NOON - HOUR,
        "ask_id": ask.id,
        "agency_id": ask.agency_id,
        "use": ask.use,
        "purpose": ask.purpose,
        "window": Span(start=NOON - HOUR, end=NOON + 20 * MINUTE),
        "not_after": NOON + HOUR,
    }
    return Answer(**{**known, **changes})


def test_an_unknown_camera_counts_as_an_interior_that_no_incident_covers() -> None:
    unknown = a_context(camera=None)
    assert shows_interior(unknown)
    assert not covers(a_grant(), an_incident(), unknown)


def test_the_share_that_lasts_longest_counts() -> None:
    short = ShareNow(hash="short", span=Span(start=NOON - HOUR, end=NOON + MINUTE))
    long = ShareNow(hash="long", span=Span(start=NOON - MINUTE, end=NOON + 5 * MINUTE))
    grant = a_grant(kind=Kind.OWNER_EMERGENCY)
    for shares in ((short, long), (long, short)):
        permit = decide(an_ask(), [grant], a_context(shares=shares))
        assert isinstance(permit, Permit)
        assert (permit.until, permit.statement) == (NOON + 5 * MINUTE, "long")


def test_the_answer_that_lasts_longest_counts() -> None:
    short = an_answer("short", not_after=NOON + MINUTE)
    long = an_answer("long")
    for answers in ((short, long), (long, short)):
        permit = decide(an_ask(), [a_grant(kind=Kind.ASK)], a_context(answers=answers))
        assert isinstance(permit, Permit)
        assert (permit.until, permit.statement) == (NOON + 20 * MINUTE, "long")


WINDOW = Span(start=NOON - 20 * MINUTE, end=NOON - MINUTE)


def test_one_statement_stands_for_all_that_a_recorded_use_rests_on() -> None:
    ask = an_ask(use=Use.PLAYBACK, window=WINDOW)
    grant = a_grant(kind=Kind.ASK, uses=frozenset({Use.PLAYBACK}))
    first = an_answer("first", use=Use.PLAYBACK, not_after=NOON + 2 * MINUTE)
    later = an_answer("later", use=Use.PLAYBACK)
    for answers in ((first, later), (later, first)):
        permit = decide(ask, [grant], a_context(answers=answers))
        assert isinstance(permit, Permit)
        assert (permit.statement, permit.until) == ("later", NOON + 2 * MINUTE)


def test_a_version_that_never_lived_opens_no_history() -> None:
    stillborn = a_grant(NOON - 15 * MINUTE, uses=frozenset({Use.PLAYBACK}), kind=Kind.ASK)
    stillborn = replace(stillborn, superseded_at=NOON - 15 * MINUTE)
    lived = replace(stillborn, version=2, effective_at=NOON - 5 * MINUTE, superseded_at=None)
    answers = (an_answer(use=Use.PLAYBACK),)
    ask = an_ask(use=Use.PLAYBACK, window=WINDOW)
    permit = decide(ask, [stillborn, lived], a_context(answers=answers))
    assert isinstance(permit, Permit)
    assert permit.footage == (Span(start=NOON - 5 * MINUTE, end=NOON - MINUTE),)


def test_an_incident_at_the_very_radius_is_covered() -> None:
    camera = CameraFacts(id=CAMERA, owner_id=OWNER, place=Point(0.0, 0.0), private=True)
    grant = a_grant(radius_m=300)
    for lat, covered in ((THREE_HUNDRED_METRES, True), (THREE_HUNDRED_METRES + 1e-9, False)):
        incident = an_incident(place=Point(lat, 0.0))
        context = a_context(camera=camera, incident=incident)
        assert isinstance(decide(an_ask(), [grant], context), Permit) is covered


def test_a_pause_that_is_yet_to_come_closes_nothing_now() -> None:
    permit = decide(an_ask(), [a_grant()], a_context(pauses=(Pause(start=NOON + HOUR),)))
    assert isinstance(permit, Permit)


def test_what_a_version_for_other_purposes_saw_is_not_shown() -> None:
    ask = an_ask(use=Use.PLAYBACK, window=WINDOW)
    changed = NOON - 5 * MINUTE
    new = a_grant(changed, uses=frozenset({Use.PLAYBACK, Use.LIVE}), version=2)
    old = replace(
        new,
        version=1,
        purposes=frozenset({Purpose.MEDICAL}),
        effective_at=NOON - DAY,
        superseded_at=changed,
    )
    permit = decide(ask, [old, new], a_context())
    assert isinstance(permit, Permit)
    assert permit.footage == (Span(start=changed, end=NOON - MINUTE),)


def test_types_limit_without_a_radius_and_incident_grants_need_one() -> None:
    fire = frozenset({IncidentType.FIRE})
    typed = a_grant(incident_types=fire)
    assert covers(typed, an_incident(), a_context())
    assert not covers(typed, an_incident(type=IncidentType.THEFT), a_context())
    whole = a_grant(kind=Kind.INCIDENT, incident_types=fire, radius_m=300)
    assert covers(whole, an_incident(), a_context())
    assert not covers(replace(whole, radius_m=None), an_incident(), a_context())
    assert not covers(replace(whole, incident_types=frozenset()), an_incident(), a_context())
