"""Whether one grant provably allows no more than another, field by field.

What cannot be proved narrower counts as a raise: it needs the box, or it cools.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from .hours import bounds
from .model import GRANT_LIFE_MAX, Grant, Hours, Kind

WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_Minutes = list[tuple[timedelta, timedelta]]


def is_narrower(old: Grant, new: Grant) -> bool:
    """True only if whatever `new` permits, `old` permits too. Their lives are not asked."""
    return (
        new.id == old.id
        and new.camera_id == old.camera_id
        and all(proof(old, new) for proof in _PROOFS)
    )


def _fewer(old: Grant, new: Grant) -> bool:
    """The lists of what is allowed only shrink."""
    return new.agencies <= old.agencies and new.uses <= old.uses and new.purposes <= old.purposes


def _shorter(old: Grant, new: Grant) -> bool:
    return (
        new.not_before >= old.not_before
        and _end(new) <= _end(old)
        and new.max_session_s <= old.max_session_s
    )


def _end(grant: Grant) -> datetime:
    """A grant that begins later may not thereby last longer."""
    return min(grant.not_after, grant.not_before + GRANT_LIFE_MAX)


def _kind(old: Grant, new: Grant) -> bool:
    """Kinds are no ladder. `always` opens whenever another kind does, but a running `share_now`
    lifts the hours of `schedule` and the incident of `incident`: there `always` must have no such
    limit of its own."""
    if new.kind is old.kind or new.kind is Kind.REGISTRY:
        return True
    if old.kind is not Kind.ALWAYS:
        return False
    if new.kind is Kind.SCHEDULE:
        return not old.hours
    return new.kind is not Kind.INCIDENT or (not old.incident_types and old.radius_m is None)


def _incident(old: Grant, new: Grant) -> bool:
    """No list and no radius mean no limit."""
    types = not old.incident_types or (
        bool(new.incident_types) and new.incident_types <= old.incident_types
    )
    radius = old.radius_m is None or (new.radius_m is not None and new.radius_m <= old.radius_m)
    return types and radius


def _hours(old: Grant, new: Grant) -> bool:
    """Hours of another zone cannot be compared: zones drift apart."""
    if not old.hours:
        return True
    if not new.hours or new.tz != old.tz:
        return False
    allowed = week(old.hours)
    return all(any(start >= a and end <= b for a, b in allowed) for start, end in week(new.hours))


def _sealing(old: Grant, new: Grant) -> bool:
    """Other masks may show more; an agency's own key only ever adds a condition."""
    return new.masks == old.masks and (not old.agency_key or new.agency_key == old.agency_key)


_PROOFS: Final[tuple[Callable[[Grant, Grant], bool], ...]] = (
    _fewer,
    _shorter,
    _kind,
    _incident,
    _hours,
    _sealing,
)


def week(hours: tuple[Hours, ...]) -> _Minutes:
    """The hours as disjoint stretches of one week from Monday on; Sunday night wraps around."""
    parts: _Minutes = []
    for each in hours:
        start, end = bounds(each)
        for day in each.days:
            a, b = day * _DAY + start, day * _DAY + end
            parts += [(a, min(b, WEEK)), (timedelta(0), b - WEEK)] if b > WEEK else [(a, b)]
    merged: _Minutes = []
    for a, b in sorted(parts):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return merged
