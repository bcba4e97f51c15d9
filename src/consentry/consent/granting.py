"""What must hold of one grant: the narrow checks, in the order of the reasons."""

from collections.abc import Callable
from typing import Final

from .model import LIVE_USES, Ask, Context, Grant, Kind, Reason, Use
from .opening import (
    covers,
    hours_end,
    life_end,
    limits_hours,
    limits_incident,
    live_answer,
    masks_of,
    running_share,
    session_end,
    shows_interior,
)


def narrow_reason(ask: Ask, grant: Grant, context: Context) -> Reason | None:
    """The first of its conditions that this grant lacks; None if it lacks none."""
    return next((reason for reason, fails in _checks(ask) if fails(ask, grant, context)), None)


def _revoked(_ask: Ask, grant: Grant, context: Context) -> bool:
    return grant.revoked_at is not None and grant.revoked_at <= context.now


def _outside_grant_time(_ask: Ask, grant: Grant, context: Context) -> bool:
    ends = (grant.not_after, life_end(grant), session_end(grant, context))
    return context.now < grant.not_before or min(ends) <= context.now


def _cooling_off(_ask: Ask, grant: Grant, context: Context) -> bool:
    return context.now < grant.effective_at


def _use_not_granted(ask: Ask, grant: Grant, context: Context) -> bool:
    return (
        ask.use not in grant.uses
        or (grant.kind is Kind.REGISTRY and ask.use in LIVE_USES)
        # A mask stands still and does not follow the lens.
        or (ask.use is Use.PTZ and bool(masks_of(grant, context)))
    )


def _purpose_not_consented(ask: Ask, grant: Grant, _context: Context) -> bool:
    return ask.purpose not in grant.purposes


def _home_interior(_ask: Ask, _grant: Grant, context: Context) -> bool:
    return shows_interior(context) and running_share(context) is None


def _zone_unknown(_ask: Ask, grant: Grant, context: Context) -> bool:
    return limits_hours(grant) and grant.tz not in context.zones


def _outside_hours(_ask: Ask, grant: Grant, context: Context) -> bool:
    if not limits_hours(grant) or _waived(grant, Kind.SCHEDULE, context):
        return False
    return hours_end(grant, context) is None


def _incident_not_covered(_ask: Ask, grant: Grant, context: Context) -> bool:
    if not limits_incident(grant) or _waived(grant, Kind.INCIDENT, context):
        return False
    return not covers(grant, context.incident, context)


def _waived(grant: Grant, kind: Kind, context: Context) -> bool:
    """The owner's own emergency opens grants by incident and by schedule too."""
    return grant.kind is kind and running_share(context) is not None


def _owner_has_not_shared(_ask: Ask, grant: Grant, context: Context) -> bool:
    return grant.kind is Kind.OWNER_EMERGENCY and running_share(context) is None


def _owner_has_not_answered(ask: Ask, grant: Grant, context: Context) -> bool:
    return grant.kind is Kind.ASK and live_answer(ask, context) is None


Check = Callable[[Ask, Grant, Context], bool]
Checks = tuple[tuple[Reason, Check], ...]

_OF_EVERY_USE: Final[Checks] = (
    (Reason.REVOKED, _revoked),
    (Reason.OUTSIDE_GRANT_TIME, _outside_grant_time),
    (Reason.COOLING_OFF, _cooling_off),
    (Reason.USE_NOT_GRANTED, _use_not_granted),
    (Reason.PURPOSE_NOT_CONSENTED, _purpose_not_consented),
)
_OF_LIVE: Final[Checks] = (
    *_OF_EVERY_USE,
    (Reason.HOME_INTERIOR, _home_interior),
    (Reason.UNKNOWN_FIELD, _zone_unknown),
    (Reason.OUTSIDE_HOURS, _outside_hours),
    (Reason.INCIDENT_NOT_COVERED, _incident_not_covered),
    (Reason.OWNER_HAS_NOT_SHARED, _owner_has_not_shared),
    (Reason.OWNER_HAS_NOT_ANSWERED, _owner_has_not_answered),
)
_OF_HOLD: Final[Checks] = (*_OF_EVERY_USE, (Reason.INCIDENT_NOT_COVERED, _incident_not_covered))


def _checks(ask: Ask) -> Checks:
    """For recorded uses the rest is asked of the instant of capture: see `_recorded_way`."""
    if ask.use in LIVE_USES:
        return _OF_LIVE
    return _OF_HOLD if ask.use is Use.HOLD else _OF_EVERY_USE
