"""Cases for `decide`: one that permits, by construction, then up to two facts of it spoilt.

Whoever draws cases blindly gets refusals only; so most of the work here is to permit, with every
bound in turn the one that ends it first, and then to go wrong close to the edge.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from consentry.consent.model import (
    Answer,
    Approval,
    ApprovalKind,
    Ask,
    CameraFacts,
    Context,
    Grant,
    Hours,
    IncidentFacts,
    IncidentType,
    Kind,
    Opening,
    Pause,
    PolicyPack,
    Preview,
    ProtectedKind,
    Protection,
    Purpose,
    ShareNow,
    Span,
    Use,
    Zone,
)
from consentry.kernel.access import Role
from consentry.kernel.geo import Point, offset
from consentry.kernel.ids import AskId, CameraId, GrantId, IncidentId, PartyId, PersonId

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HERE = Point(48.2, 16.4)
CAMERA, AGENCY, OWNER = CameraId("camera"), PartyId("agency"), PartyId("owner")
ACTOR, SECOND_PERSON, ASK = PersonId("actor"), PersonId("second"), AskId("ask")
INCIDENT, GRANT = IncidentId("incident"), GrantId("grant")
LIVE = (Use.LIVE, Use.LIVE, Use.LIVE, Use.PTZ, Use.AUDIO, Use.ALERTS, Use.INDEX, Use.PLATES)
RECORDED = (Use.PLAYBACK, Use.CLIP, Use.EXPORT, Use.SEARCH, Use.QUESTION)
FITTING = {
    Purpose.LIFE_SAFETY: IncidentType.OTHER,
    Purpose.MISSING_PERSON: IncidentType.MISSING_PERSON,
    Purpose.FIRE_RESCUE: IncidentType.FIRE,
    Purpose.MEDICAL: IncidentType.MEDICAL,
    Purpose.DISASTER: IncidentType.DISASTER,
    Purpose.CRIME_IN_PROGRESS: IncidentType.THEFT,
    Purpose.INVESTIGATION: IncidentType.VIOLENT_CRIME,
    Purpose.TRAFFIC_SAFETY: IncidentType.TRAFFIC_COLLISION,
    Purpose.PUBLIC_EVENT_SAFETY: IncidentType.PUBLIC_EVENT,
    Purpose.TRAINING: IncidentType.OTHER,
}


@dataclass
class Case:
    """A case while it is made: the parts of an ask, of grants and of a context, all mutable."""

    rng: Random
    ask: dict[str, Any] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        at: datetime = self.context["now"]
        return at

    def built(self) -> tuple[Ask, list[Grant], Context]:
        return Ask(**self.ask), self.grants, Context(**self.context)

    def first(self, **changes: Any) -> None:
        self.grants[0] = replace(self.grants[0], **changes)

    def facts(self, name: str, **changes: Any) -> None:
        if self.context[name] is not None:
            self.context[name] = replace(self.context[name], **changes)


def a_case(rng: Random) -> Case:
    """A permitting case with up to two facts spoilt."""
    case = permitting(rng)
    for _ in range(rng.choice((0, 0, 1, 1, 1, 2))):
        rng.choice(SPOILERS)(case)
    return case


def permitting(rng: Random) -> Case:
    case = Case(rng)
    now = NOON + rng.randrange(7 * 1440) * MINUTE
    purpose = rng.choice(list(Purpose))
    kind = rng.choice([k for k in Kind if k is not Kind.REGISTRY])
    draw = rng.random()
    use = rng.choice(LIVE) if draw < 0.7 else rng.choice(RECORDED)
    if draw > 0.96:
        use = Use.PREVIEW
    elif draw > 0.91:
        use = Use.HOLD
    case.context = {
        "now": now,
        "clock_trusted": True,
        "stopped": False,
        "actor_suspended": False,
        "stepped_up_at": now - rng.randrange(1, 5) * MINUTE,
        "camera": a_camera(rng),
        "incident": an_incident(rng, now, purpose),
        "lawful_purposes": frozenset({purpose}),
        "zones": {},
        "pauses": (),
        "shares": (),
        "answers": (),
        "previews": (),
        "approvals": (),
        "openings": (),
        "masks": rng.choice(("", "", "masked")),
        "masks_since": rng.choice((None, now - 10 * DAY, now - 5 * SECOND)),
        "policy": None,
        "opened_at": None,
    }
    if use is Use.PTZ:
        case.context["masks"] = ""
    case.ask = {
        "id": ASK,
        "camera_id": CAMERA,
        "agency_id": AGENCY,
        "person_id": ACTOR,
        "role": Role.INVESTIGATOR if use is Use.EXPORT else Role.OPERATOR,
        "use": use,
        "purpose": purpose,
        "hash": "hash",
        "incident_id": INCIDENT,
        "case_reference": "case" if use is Use.EXPORT else "",
    }
    case.grants = [a_grant(rng, now, kind, use, purpose)]
    _hours(case)
    _session(case)
    _openness(case)
    _window(case)
    _preview(case)
    _policy(case)
    _approval(case)
    _company(case)
    return case


def a_camera(rng: Random) -> CameraFacts:
    return CameraFacts(
        id=CAMERA,
        owner_id=OWNER,
        place=HERE,
        private=rng.random() < 0.5,
        home_interior=rng.random() < 0.08,
    )


def an_incident(rng: Random, now: datetime, purpose: Purpose) -> IncidentFacts:
    opened_at = now - rng.randrange(1, 60) * MINUTE
    return IncidentFacts(
        id=INCIDENT,
        type=FITTING[purpose],
        place=offset(HERE, east_m=rng.randrange(0, 300), north_m=0),
        opened_at=opened_at,
        shaped_at=rng.choice((opened_at, now - 30 * SECOND)),
        assigned=frozenset({ACTOR}),
    )


def a_grant(rng: Random, now: datetime, kind: Kind, use: Use, purpose: Purpose) -> Grant:
    limited = kind is Kind.INCIDENT or rng.random() < 0.15
    uses = {use, Use.LIVE} | ({Use.EXPORT} if rng.random() < 0.3 else set())
    start = now - rng.randrange(1, 100) * HOUR
    return Grant(
        id=GRANT,
        version=rng.randrange(1, 4),
        camera_id=CAMERA,
        agencies=frozenset({AGENCY, PartyId("another")}),
        kind=kind,
        uses=frozenset(uses),
        purposes=frozenset({purpose, Purpose.TRAINING}),
        not_before=start,
        not_after=now + rng.choice((rng.randrange(1, 60) * MINUTE, 90 * DAY)),
        max_session_s=rng.choice((rng.randrange(1, 60) * 60, 86_400)),
        incident_types=frozenset({FITTING[purpose], IncidentType.THEFT})
        if limited
        else frozenset(),
        radius_m=rng.choice((300, 500)) if limited else None,
        masks=rng.choice(("", "sealed")) if use is not Use.PTZ else "",
        hash=f"hash{rng.randrange(3)}",
        effective_at=start,
    )


def _hours(case: Case) -> None:
    """Hours around the local now, across midnight more often than not, and a change of offset."""
    rng, now = case.rng, case.now
    if case.grants[0].kind is not Kind.SCHEDULE and rng.random() > 0.2:
        return
    shift = rng.choice((-5, 0, 1, 9)) * 60
    here = now + shift * MINUTE
    begun = here - rng.randrange(0, 600) * MINUTE
    ends = here + rng.choice((rng.randrange(1, 60), rng.randrange(60, 700))) * MINUTE
    hours = Hours(
        days=frozenset({begun.weekday(), rng.randrange(7)}),
        start_min=begun.hour * 60 + begun.minute,
        end_min=(ends.hour * 60 + ends.minute) or 1440,
    )
    change = now + rng.choice((rng.randrange(1, 60) * MINUTE, 80 * DAY, 80 * DAY))
    case.first(hours=(hours,), tz="Local")
    past = now - rng.choice((20 * MINUTE, 60 * DAY, 60 * DAY))
    transitions = ((now - 70 * DAY, shift * 60 - 3600), (past, shift * 60), (change, 0))
    case.context["zones"] = {"Local": Zone(transitions=transitions, known_until=now + 90 * DAY)}


def _session(case: Case) -> None:
    if case.rng.random() < 0.5:
        limit = min(case.grants[0].max_session_s, 3_600)
        opened_at = case.now - case.rng.randrange(limit) * SECOND
        case.context["opened_at"] = opened_at


def _openness(case: Case) -> None:
    """What the kind needs to be open: a running share, or the owner's answer."""
    rng, now = case.rng, case.now
    interior = case.context["camera"].home_interior
    if interior or case.grants[0].kind is Kind.OWNER_EMERGENCY or rng.random() < 0.1:
        start = now - rng.randrange(1, 90) * MINUTE
        end = now + rng.choice((rng.randrange(1, 60), 120)) * MINUTE
        case.context["shares"] = (ShareNow(hash="share", span=Span(start=start, end=end)),)
    if case.grants[0].kind is Kind.ASK and case.ask["use"] in LIVE:
        case.context["answers"] = (an_answer(case, now - 5 * MINUTE),)


def an_answer(case: Case, start: datetime) -> Answer:
    rng, now = case.rng, case.now
    return Answer(
        hash=f"answer{rng.randrange(3)}",
        at=now - rng.randrange(0, 20) * MINUTE,
        ask_id=ASK,
        agency_id=AGENCY,
        use=case.ask["use"],
        purpose=case.ask["purpose"],
        window=Span(start=start, end=now + rng.randrange(1, 90) * MINUTE),
        not_after=now + rng.randrange(1, 90) * MINUTE,
    )


def _window(case: Case) -> None:
    rng, now = case.rng, case.now
    if case.ask["use"] not in (*RECORDED, Use.HOLD):
        return
    start = now - rng.randrange(5, 100) * MINUTE
    case.ask["window"] = Span(start=start, end=start + rng.randrange(1, 120) * MINUTE)
    if rng.random() < 0.6:
        case.context["answers"] += (an_answer(case, start + rng.randrange(0, 20) * MINUTE),)
    if rng.random() < 0.3:
        first = start + rng.randrange(0, 60) * MINUTE
        end = min(first + rng.randrange(1, 30) * MINUTE, now)
        case.context["pauses"] = (Pause(start=first, end=end),) if first < end else ()


def _preview(case: Case) -> None:
    if case.ask["use"] is Use.PREVIEW:
        case.ask |= {"role": Role.OWNER, "agency_id": OWNER}
        end = case.now + case.rng.randrange(1, 10) * MINUTE
        case.context["previews"] = (
            Preview(hash="preview", span=Span(start=case.now - MINUTE, end=end)),
        )


def _policy(case: Case) -> None:
    if case.rng.random() < 0.25:
        spent = case.now - (case.context["opened_at"] or case.now)
        limit = case.rng.choice((None, spent // SECOND + case.rng.randrange(1, 30) * 60))
        case.context["policy"] = PolicyPack(version=1, session_s_max=limit)


def _approval(case: Case) -> None:
    """A cause for a second person, and that person's approval, in some of the cases."""
    rng = case.rng
    if rng.random() > 0.25:
        return
    _CAUSES[rng.choice(list(_CAUSES))](case)
    kind = rng.choice((ApprovalKind.SECOND_PERSON, ApprovalKind.BREAK_GLASS))
    case.context["approvals"] = (an_approval(case, kind),)
    if rng.random() < 0.2:
        delay = an_approval(case, ApprovalKind.DELAYED_NOTICE)
        case.context["approvals"] += (replace(delay, ends_at=case.now + 100 * HOUR),)


def an_approval(case: Case, kind: ApprovalKind) -> Approval:
    at = case.now - case.rng.randrange(0, 59) * MINUTE
    return Approval(
        kind=kind,
        person_id=ACTOR if kind is ApprovalKind.BREAK_GLASS else SECOND_PERSON,
        ask_hash="hash",
        at=at,
        ends_at=case.now + case.rng.choice((5 * MINUTE, 2 * HOUR)),
        stepped_up=True,
        reason="a life",
    )


def _many(case: Case, count: int | None = None) -> None:
    count = count or case.rng.choice((10, 12))
    at = case.context["opened_at"] or case.now
    case.context["openings"] = tuple(
        Opening(camera_id=CameraId(f"c{n}"), owner_id=OWNER, at=at - n * MINUTE)
        for n in range(count)
    )


def _protected(case: Case) -> None:
    kind = case.rng.choice(list(ProtectedKind))
    if case.ask["purpose"] not in (Purpose.LIFE_SAFETY, Purpose.MEDICAL):
        kind = ProtectedKind.CLINIC
    span = case.rng.choice((None, Span(start=case.now - HOUR, end=case.now + HOUR)))
    case.facts("camera", protections=(Protection(kind=kind, span=span),))


def _own_incident(case: Case) -> None:
    case.facts("camera", private=True)
    case.facts("incident", shaped_by=frozenset({ACTOR}))


def _mismatch(case: Case) -> None:
    how = case.rng.randrange(3)
    if how == 0 and case.grants and case.grants[0].radius_m is None:
        case.facts("incident", place=offset(HERE, east_m=0, north_m=2_500))
    elif how == 1 and case.ask.get("window"):
        case.facts("incident", opened_at=case.ask["window"].start + 2 * HOUR + SECOND)
    elif case.grants and not case.grants[0].incident_types:
        case.facts("incident", type=IncidentType.OTHER)


def _ruled(case: Case) -> None:
    case.context["policy"] = PolicyPack(version=1, second_person_uses=frozenset({case.ask["use"]}))


_CAUSES: dict[str, Callable[[Case], None]] = {
    "many": _many,
    "protected": _protected,
    "own": _own_incident,
    "mismatch": _mismatch,
    "ruled": _ruled,
}


def _company(case: Case) -> None:
    """Other grants beside it: of the line before, of another line, of another camera or agency."""
    rng, now, grant = case.rng, case.now, case.grants[0]
    if rng.random() < 0.35:
        changed = min(now, grant.effective_at + rng.randrange(0, 6_000) * MINUTE)
        changed = rng.choice((changed, now - 20 * SECOND))
        before = replace(
            grant,
            version=grant.version - 1,
            kind=rng.choice(list(Kind)),
            uses=rng.choice((grant.uses, frozenset({Use.PLAYBACK}))),
            superseded_at=changed,
        )
        case.first(effective_at=changed)
        case.grants.append(before)
    if rng.random() < 0.35:
        other = replace(
            grant,
            id=GrantId(rng.choice(("a", "z"))),
            version=rng.randrange(1, 4),
            kind=rng.choice(list(Kind)),
            not_after=now + rng.choice((rng.randrange(1, 60) * MINUTE, 90 * DAY)),
            effective_at=now - rng.randrange(1, 100) * MINUTE,
        )
        case.grants.append(other)
    if rng.random() < 0.1:
        case.grants.append(replace(grant, camera_id=CameraId("other")))
    if rng.random() < 0.1:
        case.grants.append(replace(grant, agencies=frozenset({PartyId("other")})))
    rng.shuffle(case.grants)


# Spoilers: each makes one fact wrong, or brings now to within a second of a bound.


def _at_bound(case: Case) -> None:
    if not case.grants:
        return
    bounds = [case.grants[0].not_before, case.grants[0].not_after, case.grants[0].effective_at]
    bounds += [s.span.end for s in case.context["shares"]]
    bounds += [s.span.start for s in case.context["shares"]]
    bounds += [e for a in case.context["answers"] for e in (a.window.end, a.not_after, a.at)]
    bounds += [a.window.start for a in case.context["answers"]]
    bounds += [e for p in case.context["pauses"] for e in (p.start, p.end)]
    bounds += [e for a in case.context["approvals"] for e in (a.at, a.ends_at, a.at + HOUR)]
    bounds += [p.span.end for p in case.context["previews"]]
    bounds += [t for z in case.context["zones"].values() for t, _ in z.transitions]
    bounds += [z.known_until for z in case.context["zones"].values()]
    if case.context["opened_at"]:
        bounds.append(case.context["opened_at"] + case.grants[0].max_session_s * SECOND)
    at = case.rng.choice(bounds) + case.rng.choice((-1, 0, 0, 1)) * SECOND
    case.context["now"] = at
    case.context["stepped_up_at"] = at
    since = case.context["masks_since"]
    case.context["masks_since"] = min(since, at) if since else None


def _narrowed(case: Case) -> None:
    """Every grant of this camera loses the use or the purpose."""
    drop = case.rng.random() < 0.5
    for index, grant in enumerate(case.grants):
        uses = grant.uses - {case.ask["use"]} if drop else grant.uses
        purposes = grant.purposes if drop else grant.purposes - {case.ask["purpose"]}
        case.grants[index] = replace(grant, uses=uses, purposes=purposes)


def _each(case: Case, **changes: Any) -> None:
    case.grants = [replace(grant, **changes) for grant in case.grants]


def _role(case: Case) -> None:
    case.ask["role"] = case.rng.choice(list(Role))
    if case.rng.random() < 0.5:
        case.facts("incident", assigned=frozenset())


def _step_up(case: Case) -> None:
    life = 5 * MINUTE if case.ask["use"] is Use.EXPORT else 8 * HOUR
    at = case.now - life + case.rng.choice((-1, 0, 0, 1)) * SECOND
    case.context["stepped_up_at"] = case.rng.choice((None, at, case.now + SECOND))


def _reference(case: Case) -> None:
    how = case.rng.randrange(3)
    if how == 0:
        case.facts("incident", closed_at=case.now - case.rng.randrange(0, 10) * MINUTE)
    else:
        case.ask |= {"incident_id": None, "case_reference": "case" if how == 1 else ""}
        case.context["incident"] = None


def _policy_limits(case: Case) -> None:
    limits: dict[str, Any] = case.rng.choice(
        (
            {"uses_forbidden": frozenset({case.ask["use"]})},
            {"purposes_forbidden": frozenset({case.ask["purpose"]})},
            {"session_s_max": case.rng.randrange(1, 4_000)},
        )
    )
    case.context["policy"] = PolicyPack(version=2, **limits)


def _assembly(case: Case) -> None:
    case.facts("camera", protections=(Protection(kind=ProtectedKind.ASSEMBLY),))


def _unknown(case: Case) -> None:
    how = case.rng.randrange(6)
    if how == 0:
        case.context["camera"] = None
    elif how == 1:
        case.facts("camera", id=CameraId("other"))
    elif how == 2:
        case.facts("incident", id=IncidentId("other"))
    elif how == 3:
        case.context["zones"] = {}
    elif how == 4:
        case.context["opened_at"] = case.now + case.rng.choice((0, 1)) * SECOND
    else:
        end = case.now + case.rng.choice((-1, 0, 1)) * SECOND
        far = case.rng.choice((0 * DAY, 31 * DAY, 31 * DAY + SECOND, DAY))
        case.ask["window"] = case.rng.choice((None, Span(start=end - far, end=end)))


def _paused(case: Case) -> None:
    end = case.rng.choice((None, case.now, case.now + SECOND))
    start = case.now - case.rng.choice((0, 1, 3_600, 9_000)) * SECOND
    case.context["pauses"] += (Pause(start=start, end=end),)


def _no_grant(case: Case) -> None:
    if case.rng.random() < 0.5:
        case.grants = [g for g in case.grants if g.camera_id != CAMERA]
    else:
        _each(case, superseded_at=case.now + case.rng.choice((0, 0, 1)) * SECOND)
    if case.rng.random() < 0.5:
        end = case.now + case.rng.choice((0, 1, 60)) * SECOND
        case.context["previews"] = (Preview(hash="p", span=Span(start=case.now - MINUTE, end=end)),)


def _another_agency(case: Case) -> None:
    case.ask["agency_id"] = case.rng.choice((PartyId("stranger"), OWNER))


def _revoked(case: Case) -> None:
    _each(case, revoked_at=case.now + case.rng.choice((-1, 0, 1)) * SECOND)


def _out_of_time(case: Case) -> None:
    how = case.rng.randrange(3)
    delta = case.rng.choice((-1, 0, 1)) * SECOND
    if how == 0:
        _each(case, not_before=case.now + delta)
    elif how == 1:
        _each(case, not_after=case.now + delta)
    else:
        _each(case, not_before=case.now - 366 * DAY + delta)


def _cooling(case: Case) -> None:
    _each(case, effective_at=case.now + case.rng.choice((0, 1, 1, 3_600)) * SECOND)


def _interior(case: Case) -> None:
    case.facts("camera", home_interior=True)
    if case.rng.random() < 0.6:
        case.context["shares"] = ()


def _off_hours(case: Case) -> None:
    day = case.rng.choice((case.now.weekday(), (case.now.weekday() + 3) % 7))
    hours = Hours(days=frozenset({day}), start_min=3 * 60, end_min=case.rng.choice((240, 200, 60)))
    zone = Zone(transitions=((case.now - 80 * DAY, 0),), known_until=case.now + 80 * DAY)
    case.context["zones"] = {"Local": zone}
    _each(case, hours=(hours,), tz="Local")


def _uncovered(case: Case) -> None:
    how = case.rng.randrange(4)
    if how == 0:
        _each(case, incident_types=frozenset({IncidentType.INFRASTRUCTURE}))
    elif how == 1:
        _each(case, radius_m=case.rng.choice((10, 100)))
    elif how == 2:
        _each(case, kind=Kind.INCIDENT)
    else:
        _each(case, radius_m=500)
        case.facts("incident", place=offset(HERE, east_m=500.5, north_m=0))


def _unshared(case: Case) -> None:
    _each(case, kind=Kind.OWNER_EMERGENCY)
    if case.rng.random() < 0.7:
        case.context["shares"] = ()


def _unanswered(case: Case) -> None:
    _each(case, kind=Kind.ASK)
    change: dict[str, Any] = case.rng.choice(
        (
            {"ask_id": AskId("other")},
            {"use": Use.AUDIO},
            {"purpose": Purpose.TRAINING},
            {"agency_id": PartyId("other")},
            {"at": case.now + SECOND},
        )
    )
    case.context["answers"] = tuple(replace(a, **change) for a in case.context["answers"])


def _registry(case: Case) -> None:
    _each(case, kind=Kind.REGISTRY)


def _before(case: Case) -> None:
    if case.ask.get("window"):
        end = case.ask["window"].end + case.rng.choice((-60, -1, 0, 1)) * SECOND
        _each(case, not_before=min(end, case.now))


def _unapproved(case: Case) -> None:
    _CAUSES[case.rng.choice(list(_CAUSES))](case)
    change: dict[str, Any] = case.rng.choice(
        (
            {"ask_hash": "other"},
            {"stepped_up": False},
            {"person_id": case.rng.choice((ACTOR, SECOND_PERSON))},
            {"reason": " "},
            {"at": case.now - HOUR + case.rng.choice((-1, 0, 1)) * SECOND},
            {"kind": case.rng.choice(list(ApprovalKind))},
        )
    )
    if case.rng.random() < 0.5:
        kind = case.rng.choice(list(ApprovalKind))
        case.context["approvals"] += (an_approval(case, kind),)
    case.context["approvals"] = tuple(replace(a, **change) for a in case.context["approvals"])


def _company_again(case: Case) -> None:
    """Openings around the bound in number and in time, by owner and by this very camera."""
    rng = case.rng
    _many(case, rng.choice((9, 10, 11)))
    at = case.context["opened_at"] or case.now
    far = rng.choice((-1, 0, 1)) * SECOND
    openings = list(case.context["openings"])
    openings[0] = replace(
        openings[0],
        camera_id=rng.choice((CAMERA, openings[0].camera_id, openings[1].camera_id)),
        owner_id=rng.choice((OWNER, AGENCY)),
        at=rng.choice((at - 30 * MINUTE + far, at + far)),
    )
    case.context["openings"] = tuple(openings)
    if rng.random() < 0.1:
        case.facts("camera", owner_id=AGENCY)


def _flag(name: str, value: object) -> Callable[[Case], None]:
    def spoil(case: Case) -> None:
        case.context[name] = value

    return spoil


SPOILERS: tuple[Callable[[Case], None], ...] = (
    _flag("stopped", value=True),
    _flag("actor_suspended", value=True),
    _flag("clock_trusted", value=False),
    _flag("lawful_purposes", value=frozenset()),
    _at_bound,
    _at_bound,
    _at_bound,
    _narrowed,
    _narrowed,
    _role,
    _step_up,
    _reference,
    _policy_limits,
    _assembly,
    _unknown,
    _paused,
    _no_grant,
    _no_grant,
    _no_grant,
    _another_agency,
    _revoked,
    _revoked,
    _out_of_time,
    _cooling,
    _cooling,
    _interior,
    _interior,
    _off_hours,
    _off_hours,
    _uncovered,
    _uncovered,
    _unshared,
    _unanswered,
    _registry,
    _before,
    _before,
    _before,
    _before,
    _unapproved,
    _company_again,
)
