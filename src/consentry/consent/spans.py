"""Sets of instants as sorted, disjoint, half-open spans."""

from collections.abc import Iterable
from datetime import datetime

from .model import Span

Spans = tuple[Span, ...]


def span(start: datetime, end: datetime) -> Spans:
    """The set of one span; the empty set if it ends before it starts."""
    return (Span(start=start, end=end),) if start < end else ()


def union(spans: Iterable[Span]) -> Spans:
    """Any spans, in any order; those that touch become one."""
    merged: list[Span] = []
    for each in sorted(spans, key=lambda s: s.start):
        if merged and each.start <= merged[-1].end:
            last = merged.pop()
            merged.append(Span(start=last.start, end=max(last.end, each.end)))
        elif each.start < each.end:
            merged.append(each)
    return tuple(merged)


def intersect(some: Spans, others: Spans) -> Spans:
    return tuple(
        common
        for a in some
        for b in others
        for common in span(max(a.start, b.start), min(a.end, b.end))
    )


def subtract(some: Spans, others: Spans) -> Spans:
    left = some
    for other in others:
        left = tuple(
            rest
            for each in left
            for rest in (
                *span(each.start, min(each.end, other.start)),
                *span(max(each.start, other.end), each.end),
            )
        )
    return left
