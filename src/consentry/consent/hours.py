"""Hours of the week in local time, over transitions that come in as values.

An instant is converted to local time and never back: within one offset, an end in local time lies
as far from now as it does in UTC, and no permit outlives the offset.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from .model import Hours, Span, Zone
from .spans import Spans, span, union

DAY: Final = timedelta(days=1)
DAY_MIN: Final = 1440


def offset_at(zone: Zone, instant: datetime) -> timedelta | None:
    """East of UTC; None where the zone's local time is not known."""
    index = bisect_right(zone.transitions, instant, key=_start)
    if index == 0 or instant >= zone.known_until:
        return None
    return timedelta(seconds=zone.transitions[index - 1][1])


def next_transition(zone: Zone, instant: datetime) -> datetime:
    """The first instant after `instant` at which the offset changes or is known no longer."""
    index = bisect_right(zone.transitions, instant, key=_start)
    rest = zone.transitions[index:]
    return min(rest[0][0], zone.known_until) if rest else zone.known_until


def _start(transition: tuple[datetime, int]) -> datetime:
    return transition[0]


def open_until(hours: tuple[Hours, ...], zone: Zone, now: datetime) -> datetime | None:
    """The end of those hours that hold `now`; None outside of all, or in unknown time."""
    offset = offset_at(zone, now)
    if offset is None:
        return None
    local = now + offset
    ends = [s.end for s in _local_spans(hours, local, local) if s.holds(local)]
    return now + (max(ends) - local) if ends else None


def hour_spans(hours: tuple[Hours, ...], zone: Zone, within: Span) -> Spans:
    """All instants of `within` that lie in the hours. Unknown time lies in none."""
    found: list[Span] = []
    start = within.start
    while start < within.end:
        end = min(within.end, next_transition(zone, start))
        offset = offset_at(zone, start)
        if offset is not None:
            for each in _local_spans(hours, start + offset, end + offset):
                found += span(max(start, each.start - offset), min(end, each.end - offset))
        elif start >= zone.known_until:
            break
        start = end
    return union(found)


def _local_spans(hours: tuple[Hours, ...], first: datetime, last: datetime) -> Iterator[Span]:
    """Every stretch that begins on a local day from the eve of `first` to that of `last`."""
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    while midnight <= last:
        for each in hours:
            if midnight.weekday() in each.days:
                start, end = bounds(each)
                yield Span(start=midnight + start, end=midnight + end)
        midnight += DAY


def bounds(hours: Hours) -> tuple[timedelta, timedelta]:
    """Start and end from the midnight on whose day the hours begin."""
    crossing = hours.end_min <= hours.start_min
    end_min = hours.end_min + DAY_MIN if crossing else hours.end_min
    return timedelta(minutes=hours.start_min), timedelta(minutes=end_min)
