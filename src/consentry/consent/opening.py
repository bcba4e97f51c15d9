"""What opens a grant for the picture of now, asked at one instant and over a span of the past.

Both forms stand side by side because they must agree: footage is what was captured while the
picture of then would have been permitted.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from consentry.kernel.geo import distance_m

from .hours import hour_spans, open_until
from .model import (
    GRANT_LIFE_MAX,
    SESSION_S_MAX,
    Answer,
    Ask,
    Context,
    Grant,
    IncidentFacts,
    Kind,
    ShareNow,
    Span,
    Use,
)
from .spans import Spans, intersect, span, union


def life_end(grant: Grant) -> datetime:
    """The end of the sealed time, of the version and of the line, whichever comes first."""
    ends = (
        grant.not_after,
        grant.not_before + GRANT_LIFE_MAX,
        grant.superseded_at or grant.not_after,
        grant.revoked_at or grant.not_after,
    )
    return min(ends)


def life_start(grant: Grant) -> datetime:
    return max(grant.not_before, grant.effective_at)


def session_end(grant: Grant, context: Context) -> datetime:
    """Counted from when the session opened: counted from now, it would never end."""
    opened_at = context.opened_at or context.now
    return opened_at + timedelta(seconds=min(grant.max_session_s, SESSION_S_MAX))


def shows_interior(context: Context) -> bool:
    return context.camera is None or context.camera.home_interior


def masks_of(grant: Grant, context: Context) -> str:
    """Hash of the masks to paint: the newest the owner sealed, else those the grant names."""
    return context.masks or grant.masks


def running_share(context: Context) -> ShareNow | None:
    """The owner's `share_now` that lasts longest, of those that run."""
    running = [s for s in context.shares if s.span.holds(context.now)]
    return max(running, key=lambda s: (s.span.end, s.hash), default=None)


def answers_to(ask: Ask, context: Context) -> tuple[Answer, ...]:
    """The owner's answers to this very ask that can be used now."""
    return tuple(
        a
        for a in context.answers
        if a.ask_id == ask.id
        and a.agency_id == ask.agency_id
        and a.use is ask.use
        and a.purpose is ask.purpose
        and a.at <= context.now < a.not_after
    )


def live_answer(ask: Ask, context: Context) -> Answer | None:
    """The answer that opens the picture of now for longest."""
    now = [a for a in answers_to(ask, context) if a.window.holds(context.now)]
    return max(now, key=lambda a: (answer_end(a), a.hash), default=None)


def answer_end(answer: Answer) -> datetime:
    return min(answer.window.end, answer.not_after)


def limits_incident(grant: Grant) -> bool:
    return grant.kind is Kind.INCIDENT or bool(grant.incident_types) or grant.radius_m is not None


def limits_hours(grant: Grant) -> bool:
    return grant.kind is Kind.SCHEDULE or bool(grant.hours)


def covers(grant: Grant, incident: IncidentFacts | None, context: Context) -> bool:
    """Whether the incident is of a type and at a place that the grant names."""
    if incident is None or context.camera is None:
        return False
    any_type = not grant.incident_types and grant.kind is not Kind.INCIDENT
    if not any_type and incident.type not in grant.incident_types:
        return False
    if grant.radius_m is None:
        return grant.kind is not Kind.INCIDENT
    return distance_m(incident.place, context.camera.place) <= grant.radius_m


def hours_end(grant: Grant, context: Context) -> datetime | None:
    """The end of the grant's hours that hold now; None outside of them or in an unknown zone."""
    zone = context.zones.get(grant.tz)
    return None if zone is None else open_until(grant.hours, zone, context.now)


def line_spans(line: Iterable[Grant], use: Use, ask: Ask, context: Context, within: Span) -> Spans:
    """When, within a span, some version of the line permitted `use` for what the ask asks.

    Every version names the ask's agency. Pauses are not yet taken out.
    """
    return union(s for each in line for s in _version_spans(each, use, ask, context, within))


def pauses(context: Context, within: Span) -> Spans:
    return union(Span(start=p.start, end=p.end or within.end) for p in context.pauses)


def _version_spans(grant: Grant, use: Use, ask: Ask, context: Context, within: Span) -> Spans:
    if use not in grant.uses or ask.purpose not in grant.purposes:
        return ()
    start = max(within.start, life_start(grant))
    spans = span(start, min(within.end, life_end(grant)))
    for gate in _gates(grant, ask, context, within):
        spans = intersect(spans, gate)
    return spans


def _gates(grant: Grant, ask: Ask, context: Context, within: Span) -> list[Spans]:
    """The sets of instants in all of which the grant must have been open."""
    gates = []
    shares = union(s.span for s in context.shares)
    if shows_interior(context):
        gates.append(shares)
    if limits_hours(grant):
        zone = context.zones.get(grant.tz)
        open_hours = hour_spans(grant.hours, zone, within) if zone else ()
        waived = shares if grant.kind is Kind.SCHEDULE else ()
        gates.append(union(open_hours + waived))
    if limits_incident(grant):
        waived = shares if grant.kind is Kind.INCIDENT else ()
        gates.append(union(_incident_span(grant, context, within) + waived))
    if grant.kind is Kind.OWNER_EMERGENCY:
        gates.append(shares)
    if grant.kind is Kind.ASK:
        answers = answers_to(ask, context)
        said = (span(max(a.window.start, a.at), answer_end(a)) for a in answers)
        gates.append(union(s for spans in said for s in spans))
    if grant.kind is Kind.REGISTRY:
        gates.append(())
    return gates


def _incident_span(grant: Grant, context: Context, within: Span) -> Spans:
    incident = context.incident
    if incident is None or not covers(grant, incident, context):
        return ()
    return span(incident.shaped_at, incident.closed_at or within.end)
