"""Decide who may use a camera, for what, and until when.

Pure and total: the same ask, grants and context give the same answer on the hub and on the edge,
and any decision can be replayed from the log. The default is refusal. Checks run from the
broadest to the narrowest, and the first that fails names the reason: `asking` holds those of the
ask, `granting` those of one grant, `second_person` the last.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from .asking import broad_reason
from .model import (
    HOLD_LIFE,
    Ask,
    Cap,
    Context,
    Decision,
    Grant,
    GrantRef,
    Obligation,
    Permit,
    Preview,
    Reason,
    Refusal,
    Use,
)
from .narrower import is_narrower
from .opening import masks_of
from .second_person import Backing, at_assembly, backing, causes, notice_at
from .spans import span
from .ways import Way, find_way

__all__ = ["decide", "is_narrower"]

_RANK: Final = {reason: rank for rank, reason in enumerate(Reason)}
_DUE_ALWAYS: Final = frozenset(
    {Obligation.AUDIT, Obligation.NOTIFY_OWNER, Obligation.WATERMARK, Obligation.UNTIL}
)


def decide(ask: Ask, grants: Iterable[Grant], context: Context) -> Decision:
    """Answer one ask about one camera. What is unknown refuses."""
    reason = broad_reason(ask, context)
    if reason is not None:
        return Refusal(ask=ask, reason=reason)
    if ask.use is Use.PREVIEW:
        return _decide_preview(ask, context)
    lines = [g for g in grants if g.camera_id == ask.camera_id and ask.agency_id in g.agencies]
    found = [find_way(ask, grant, lines, context) for grant in lines if _is_current(grant, context)]
    ways = [way for way in found if isinstance(way, Way)]
    if ways:
        return _decide_second_person(ask, ways, context)
    reasons = [reason for reason in found if isinstance(reason, Reason)]
    furthest = max(reasons, key=_RANK.__getitem__, default=_reason_of_nothing(context))
    return Refusal(ask=ask, reason=furthest)


def _is_current(grant: Grant, context: Context) -> bool:
    return grant.superseded_at is None or context.now < grant.superseded_at


def _reason_of_nothing(context: Context) -> Reason:
    return Reason.PREVIEW_ONLY if _running_preview(context) else Reason.NO_GRANT


def _running_preview(context: Context) -> Preview | None:
    running = [p for p in context.previews if p.span.holds(context.now)]
    return max(running, key=lambda p: (p.span.end, p.hash), default=None)


def _decide_preview(ask: Ask, context: Context) -> Decision:
    """One still for the owner alone, to paint masks on."""
    preview = _running_preview(context)
    if preview is None:
        return Refusal(ask=ask, reason=Reason.NO_GRANT)
    if context.camera is None or context.camera.owner_id != ask.agency_id:
        return Refusal(ask=ask, reason=Reason.PREVIEW_ONLY)
    return Permit(
        ask=ask,
        grant=None,
        statement=preview.hash,
        until=preview.span.end,
        cap=Cap.PREVIEW,
        footage=span(context.now, preview.span.end),
        obligations=_DUE_ALWAYS | {Obligation.NO_EXPORT},
    )


def _decide_second_person(ask: Ask, ways: list[Way], context: Context) -> Decision:
    needed = causes(ask, context)
    backed = backing(ask, context) if needed else None
    if needed and backed is None:
        return Refusal(ask=ask, reason=Reason.NEEDS_SECOND_PERSON, causes=needed)
    if backed is not None:
        approved = (backed.until, Cap.APPROVAL)
        ways = [replace(way, caps=(*way.caps, approved)) for way in ways]
    best = max(ways, key=_order)
    until, cap = min(best.caps)
    grant = best.grant
    return Permit(
        ask=ask,
        grant=GrantRef(
            id=grant.id, version=grant.version, hash=grant.hash, agency_key=grant.agency_key
        ),
        statement=best.statement,
        until=until,
        cap=cap,
        footage=tuple(replace(s, end=min(s.end, until)) for s in best.footage),
        obligations=_obligations(best, ask, context, backed),
        masks=masks_of(grant, context),
        causes=needed,
        hold_until=context.now + HOLD_LIFE if ask.use is Use.HOLD else None,
        notice_at=notice_at(ask, context),
    )


def _order(way: Way) -> tuple[datetime, int, str, str]:
    """The longest promise wins: a viewer is interrupted as late as consent allows."""
    until, _ = min(way.caps)
    return until, way.grant.version, way.grant.id, way.grant.hash


def _obligations(
    way: Way, ask: Ask, context: Context, backed: Backing | None
) -> frozenset[Obligation]:
    broken = backed is not None and backed.broken_glass
    watched = at_assembly(ask, context)
    where_due = {
        Obligation.MASK: bool(masks_of(way.grant, context)),
        Obligation.NO_EXPORT: Use.EXPORT not in way.grant.uses,
        Obligation.POST_REVIEW_24H: broken,
        Obligation.NOTIFY_OVERSIGHT: broken or watched,
    }
    return _DUE_ALWAYS | {obligation for obligation, due in where_due.items() if due}
