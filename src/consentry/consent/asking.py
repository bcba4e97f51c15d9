"""What must hold of an ask whoever owns the camera: the broad checks, in their order."""

from collections.abc import Callable, Mapping
from typing import Final

from consentry.kernel.access import Role

from .model import (
    LIVE_USES,
    RECORDED_USES,
    STEP_UP_LIFE,
    STEP_UP_LIFE_EXPORT,
    WINDOW_MAX,
    Ask,
    Context,
    Reason,
    Use,
)
from .second_person import SAFETY, at_assembly

ROLE_USES: Final[Mapping[Role, frozenset[Use]]] = {
    Role.OPERATOR: LIVE_USES | RECORDED_USES - {Use.EXPORT} | {Use.HOLD},
    Role.RESPONDER: frozenset({Use.LIVE, Use.PLAYBACK, Use.HOLD}),
    Role.INVESTIGATOR: RECORDED_USES | {Use.HOLD},
    Role.OWNER: frozenset({Use.PREVIEW}),
}
"""Uses that a role can ask for at all; a role that is not listed asks for nothing."""

WINDOWED: Final = RECORDED_USES | {Use.HOLD}


def broad_reason(ask: Ask, context: Context) -> Reason | None:
    """The broadest reason to refuse that no grant could change; None if there is none."""
    return next((reason for reason, fails in BROAD if fails(ask, context)), None)


def _stopped(_ask: Ask, context: Context) -> bool:
    return context.stopped


def _actor_suspended(_ask: Ask, context: Context) -> bool:
    return context.actor_suspended


def _role_missing(ask: Ask, context: Context) -> bool:
    if ask.use not in ROLE_USES.get(ask.role, ()):
        return True
    return ask.role is Role.RESPONDER and not _is_assigned(ask, context)


def _is_assigned(ask: Ask, context: Context) -> bool:
    """Responders ask within their own incident only."""
    return context.incident is not None and ask.person_id in context.incident.assigned


def _reauthenticate(ask: Ask, context: Context) -> bool:
    life = STEP_UP_LIFE_EXPORT if ask.use is Use.EXPORT else STEP_UP_LIFE
    proved = context.stepped_up_at
    return proved is None or not context.now - life < proved <= context.now


def _no_reference(ask: Ask, context: Context) -> bool:
    if ask.use is Use.PREVIEW:
        return False
    if ask.role is Role.INVESTIGATOR:  # who works for a case, with or without an incident
        return not ask.case_reference
    if ask.incident_id is None:
        return not ask.case_reference
    incident = context.incident
    closed = incident is not None and incident.closed_at is not None
    return closed and ask.use not in WINDOWED


def _no_lawful_basis(ask: Ask, context: Context) -> bool:
    return ask.use is not Use.PREVIEW and ask.purpose not in context.lawful_purposes


def _policy_forbids(ask: Ask, context: Context) -> bool:
    if ask.purpose not in SAFETY and at_assembly(ask, context):
        return True
    pack = context.policy
    if pack is None:
        return False
    spent = context.now - (context.opened_at or context.now)
    return (
        ask.use in pack.uses_forbidden
        or ask.purpose in pack.purposes_forbidden
        or (pack.session_s_max is not None and spent.total_seconds() >= pack.session_s_max)
    )


def _unknown_field(ask: Ask, context: Context) -> bool:
    camera, incident = context.camera, context.incident
    return (
        camera is None
        or camera.id != ask.camera_id
        or (None if incident is None else incident.id) != ask.incident_id
        or not _window_fits(ask, context)
        or (context.opened_at is not None and context.opened_at > context.now)
    )


def _window_fits(ask: Ask, context: Context) -> bool:
    """A recorded use names a window of time that has begun; a live use names none."""
    if ask.window is None:
        return ask.use not in WINDOWED
    start, end = ask.window.start, ask.window.end
    fits = start < end and end - start <= WINDOW_MAX and start < context.now
    return ask.use in WINDOWED and fits


def _clock_untrusted(_ask: Ask, context: Context) -> bool:
    return not context.clock_trusted


def _paused(_ask: Ask, context: Context) -> bool:
    return any(
        p.start <= context.now and (p.end is None or context.now < p.end) for p in context.pauses
    )


Check = Callable[[Ask, Context], bool]

BROAD: Final[tuple[tuple[Reason, Check], ...]] = (
    (Reason.STOPPED, _stopped),
    (Reason.ACTOR_SUSPENDED, _actor_suspended),
    (Reason.ROLE_MISSING, _role_missing),
    (Reason.REAUTHENTICATE, _reauthenticate),
    (Reason.NO_REFERENCE, _no_reference),
    (Reason.NO_LAWFUL_BASIS, _no_lawful_basis),
    (Reason.POLICY_FORBIDS, _policy_forbids),
    (Reason.UNKNOWN_FIELD, _unknown_field),
    (Reason.CLOCK_UNTRUSTED, _clock_untrusted),
    (Reason.PAUSED, _paused),
)
