"""When one person is not enough, and whose word counts as a second person's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consentry.kernel.geo import distance_m

from .model import (
    APPROVAL_LIFE,
    BREAK_GLASS_LIFE,
    MISMATCH_LEAD,
    MISMATCH_M,
    NOTICE_DELAY_MAX,
    NOTICE_DELAY_TOTAL_MAX,
    OPENED_FREE,
    OPENED_SPAN,
    Approval,
    ApprovalKind,
    Ask,
    CameraFacts,
    Context,
    IncidentFacts,
    IncidentType,
    ProtectedKind,
    Protection,
    Purpose,
    SecondPersonCause,
)

_T = IncidentType
FITTING: Final[Mapping[Purpose, frozenset[IncidentType]]] = {
    Purpose.LIFE_SAFETY: frozenset(IncidentType),
    Purpose.MISSING_PERSON: frozenset({_T.MISSING_PERSON}),
    Purpose.FIRE_RESCUE: frozenset({_T.FIRE, _T.DISASTER, _T.TRAFFIC_COLLISION, _T.INFRASTRUCTURE}),
    Purpose.MEDICAL: frozenset(
        {_T.MEDICAL, _T.FIRE, _T.DISASTER, _T.TRAFFIC_COLLISION, _T.VIOLENT_CRIME, _T.PUBLIC_EVENT}
    ),
    Purpose.DISASTER: frozenset({_T.DISASTER, _T.FIRE, _T.INFRASTRUCTURE}),
    Purpose.CRIME_IN_PROGRESS: frozenset(
        {_T.VIOLENT_CRIME, _T.BURGLARY_IN_PROGRESS, _T.THEFT, _T.DISORDER}
    ),
    Purpose.INVESTIGATION: frozenset(IncidentType),
    Purpose.TRAFFIC_SAFETY: frozenset({_T.TRAFFIC_COLLISION, _T.INFRASTRUCTURE, _T.PUBLIC_EVENT}),
    Purpose.PUBLIC_EVENT_SAFETY: frozenset({_T.PUBLIC_EVENT, _T.DISORDER}),
    Purpose.TRAINING: frozenset({_T.OTHER}),
}
"""Incident types that a purpose can honestly go with; all else is a mismatch."""

SAFETY: Final = frozenset(
    {
        Purpose.LIFE_SAFETY,
        Purpose.MISSING_PERSON,
        Purpose.FIRE_RESCUE,
        Purpose.MEDICAL,
        Purpose.DISASTER,
        Purpose.PUBLIC_EVENT_SAFETY,
    }
)
"""All that an assembly may be watched for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """Whose word stands in for the second person, and until when."""

    until: datetime
    broken_glass: bool


def causes(ask: Ask, context: Context) -> frozenset[SecondPersonCause]:
    """Every cause for which this ask needs a second person; empty if it needs none."""
    camera, incident = context.camera, context.incident
    found = {
        SecondPersonCause.POLICY: context.policy is not None
        and ask.use in context.policy.second_person_uses,
        SecondPersonCause.MANY_CAMERAS: opened(ask, context) > OPENED_FREE,
        SecondPersonCause.PROTECTED: bool(protections(ask, context)),
    }
    if camera is not None and incident is not None:
        found[SecondPersonCause.OWN_INCIDENT] = (
            camera.private and ask.person_id in incident.shaped_by
        )
        found[SecondPersonCause.MISMATCH] = mismatch(ask, camera, incident)
    return frozenset(cause for cause, present in found.items() if present)


def opened(ask: Ask, context: Context) -> int:
    """Distinct cameras of other owners open to the incident, this one with them.

    Counted as of when this session opened: what others open later never closes it.
    """
    camera = context.camera
    if camera is None or camera.owner_id == ask.agency_id:
        return 0
    at = context.opened_at or context.now
    others = {
        o.camera_id
        for o in context.openings
        if o.owner_id != ask.agency_id and at - OPENED_SPAN < o.at <= at
    }
    return len(others | {camera.id})


def protections(ask: Ask, context: Context) -> tuple[Protection, ...]:
    """The protected places and events that the ask would show."""
    if context.camera is None:
        return ()
    return tuple(p for p in context.camera.protections if _shown(p, ask, context))


def at_assembly(ask: Ask, context: Context) -> bool:
    return any(p.kind is ProtectedKind.ASSEMBLY for p in protections(ask, context))


def _shown(protection: Protection, ask: Ask, context: Context) -> bool:
    if protection.span is None:
        return True
    if ask.window is None:
        return protection.span.holds(context.now)
    return protection.span.start < ask.window.end and ask.window.start < protection.span.end


def mismatch(ask: Ask, camera: CameraFacts, incident: IncidentFacts) -> bool:
    """Whether reason and place or time do not go together."""
    return (
        incident.type not in FITTING[ask.purpose]
        or distance_m(camera.place, incident.place) > MISMATCH_M
        or (ask.window is not None and ask.window.start < incident.opened_at - MISMATCH_LEAD)
    )


def backing(ask: Ask, context: Context) -> Backing | None:
    """The second person's approval that lasts longest; failing that, the actor's broken glass."""
    approved = [a for a in context.approvals if is_second_person(a, ask, context)]
    if approved:
        return Backing(until=max(_end(a) for a in approved), broken_glass=False)
    broken = [a for a in context.approvals if _is_broken_glass(a, ask, context)]
    if broken:
        return Backing(until=max(_end(a) for a in broken), broken_glass=True)
    return None


def is_second_person(approval: Approval, ask: Ask, context: Context) -> bool:
    return (
        approval.kind is ApprovalKind.SECOND_PERSON
        and approval.person_id != ask.person_id
        and _binds(approval, ask)
        and approval.at <= context.now < _end(approval)
    )


def _is_broken_glass(approval: Approval, ask: Ask, context: Context) -> bool:
    return (
        approval.kind is ApprovalKind.BREAK_GLASS
        and approval.person_id == ask.person_id
        and bool(approval.reason.strip())
        and _binds(approval, ask)
        and approval.at <= context.now < _end(approval)
    )


def _binds(approval: Approval, ask: Ask) -> bool:
    return approval.stepped_up and approval.ask_hash == ask.hash


def _end(approval: Approval) -> datetime:
    broken = approval.kind is ApprovalKind.BREAK_GLASS
    return min(approval.ends_at, approval.at + (BREAK_GLASS_LIFE if broken else APPROVAL_LIFE))


def notice_at(ask: Ask, context: Context) -> datetime | None:
    """Until when second persons lawfully hide who asked and why; None if nothing is hidden."""
    delays = [
        a
        for a in context.approvals
        if a.kind is ApprovalKind.DELAYED_NOTICE
        and a.person_id != ask.person_id
        and _binds(a, ask)
        and a.at <= context.now
    ]
    if not delays:
        return None
    latest = max(min(a.ends_at, a.at + NOTICE_DELAY_MAX) for a in delays)
    end = min(latest, min(a.at for a in delays) + NOTICE_DELAY_TOTAL_MAX)
    return end if end > context.now else None
