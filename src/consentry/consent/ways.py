"""The way in that one grant opens: what it shows, and every bound on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .granting import narrow_reason
from .hours import next_transition
from .model import LIVE_FOOTAGE_BACK, Answer, Ask, Cap, Context, Grant, Kind, Reason, Span, Use
from .opening import (
    answer_end,
    answers_to,
    covers,
    hours_end,
    life_end,
    life_start,
    limits_hours,
    line_spans,
    live_answer,
    pauses,
    running_share,
    session_end,
    shows_interior,
)
from .spans import Spans, intersect, span, subtract, union

Caps = tuple[tuple[datetime, Cap], ...]

_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one grant would open the camera, the second person aside."""

    grant: Grant
    footage: Spans
    caps: Caps
    statement: str = ""


def find_way(ask: Ask, grant: Grant, grants: list[Grant], context: Context) -> Way | Reason:
    """The way that a grant opens, or the first check that it fails."""
    reason = narrow_reason(ask, grant, context)
    if reason is not None:
        return reason
    line = [each for each in grants if each.id == grant.id]
    if ask.window is None:
        return _live_way(ask, grant, line, context)
    return _recorded_way(ask, grant, line, ask.window, context)


def _caps(grant: Grant, context: Context) -> Caps:
    caps: Caps = ((life_end(grant), Cap.GRANT), (session_end(grant, context), Cap.SESSION))
    if context.policy is not None and context.policy.session_s_max is not None:
        opened_at = context.opened_at or context.now
        end = opened_at + timedelta(seconds=context.policy.session_s_max)
        caps += ((end, Cap.POLICY),)
    return caps


def _live_way(ask: Ask, grant: Grant, line: list[Grant], context: Context) -> Way:
    """Footage reaches back to when consent last went from closed to open."""
    within = Span(start=context.now - LIVE_FOOTAGE_BACK, end=context.now + _INSTANT)
    spans = subtract(line_spans(line, ask.use, ask, context, within), pauses(context, within))
    since = max((s.start for s in spans), default=context.now)
    caps, statement = _live_caps(ask, grant, context)
    start = max(since, context.masks_since or since)
    return Way(
        grant=grant,
        footage=span(start, life_end(grant)),
        caps=_caps(grant, context) + caps,
        statement=statement,
    )


def _live_caps(ask: Ask, grant: Grant, context: Context) -> tuple[Caps, str]:
    """The ends of what holds the grant open now, and the statement that does."""
    caps: Caps = ()
    statement = ""
    hours = hours_end(grant, context) if limits_hours(grant) else None
    if hours is not None:
        change = next_transition(context.zones[grant.tz], context.now)
        caps += ((hours, Cap.HOURS), (change, Cap.TRANSITION))
    share = running_share(context) if _rests_on_share(grant, context) else None
    if share is not None:
        caps += ((share.span.end, Cap.SHARE),)
        statement = share.hash
    answer = live_answer(ask, context) if grant.kind is Kind.ASK else None
    if answer is not None:
        caps += ((answer_end(answer), Cap.ANSWER),)
        statement = answer.hash
    return caps, statement


def _rests_on_share(grant: Grant, context: Context) -> bool:
    """Whether the grant would be closed without the owner's running share."""
    if shows_interior(context) or grant.kind is Kind.OWNER_EMERGENCY:
        return True
    if grant.kind is Kind.SCHEDULE:
        return hours_end(grant, context) is None
    return grant.kind is Kind.INCIDENT and not covers(grant, context.incident, context)


def _recorded_way(
    ask: Ask, grant: Grant, line: list[Grant], window: Span, context: Context
) -> Way | Reason:
    """What was captured while the line would have shown it live, or what an answer names."""
    lived = [each for each in line if life_start(each) < life_end(each)]
    floor = max(grant.not_before, min(life_start(each) for each in lived))
    start, end = max(window.start, floor), min(window.end, context.now)
    if start >= end:
        return Reason.BEFORE_GRANT
    within = Span(start=start, end=end)
    used = () if ask.use is Use.HOLD else _answers_naming(within, ask, context)
    spans = _captured(ask, line, used, within, context)
    if not spans:
        return Reason.OWNER_HAS_NOT_ANSWERED
    footage = subtract(spans, pauses(context, within))
    if not footage:
        return Reason.PAUSED
    return Way(
        grant=grant,
        footage=footage,
        caps=_caps(grant, context) + tuple((a.not_after, Cap.ANSWER) for a in used),
        statement=max((a.hash for a in used), default=""),
    )


def _captured(
    ask: Ask, line: list[Grant], used: tuple[Answer, ...], within: Span, context: Context
) -> Spans:
    if ask.use is Use.HOLD:  # shows nothing: it keeps the whole window while the owner is asked
        return (within,)
    spans = line_spans(line, Use.LIVE, ask, context, within)
    return union(spans + intersect((within,), union(a.window for a in used)))


def _answers_naming(within: Span, ask: Ask, context: Context) -> tuple[Answer, ...]:
    return tuple(a for a in answers_to(ask, context) if intersect((a.window,), (within,)))
