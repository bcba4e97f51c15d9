"""Single decisions of the rules, where chance seldom leads."""

from datetime import datetime
from typing import Any

from consentry.consent.model import (
    CameraFacts,
    Context,
    Decision,
    Grant,
    Permit,
    Preview,
    Purpose,
    Reason,
    Refusal,
    Span,
    Use,
)
from consentry.consent.rules import decide
from consentry.kernel.access import Role

from .hubs import (
    CAMERA,
    DAY,
    HERE,
    MINUTE,
    NOON,
    OWNER,
    an_ask,
    an_incident,
    terms,
)


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
