"""Take in one statement: hub and edge run this same code.

Narrowing acts at once, on its signature alone. Everything else needs its place in the order; of
two that claim one place neither counts, and the camera is closed until the owner settles it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from consentry.kernel.errors import InvalidError

from .bodies import NARROWING, Resumption, Revocation
from .effects import apply
from .model import Reason
from .state import CameraState, Latch, Outcome, Rejection, Revoked, Seen, owner_key_at
from .statements import Envelope, Statement, open_envelope

SKEW: Final = timedelta(seconds=120)
"""How far an owner's clock may be ahead of ours."""


def accept(state: CameraState, envelope: Envelope, seen: Seen) -> Outcome:
    """Take in one statement, or say why not."""
    try:
        statement = open_envelope(envelope)
    except InvalidError as error:
        reason = Reason.BAD_SEAL if error.code == "bad_seal" else Reason.UNKNOWN_FIELD
        return _rejected(state, reason, error.faults[0].field, error.detail)
    if (statement.hub, statement.camera_id) != (state.hub, state.camera_id):
        field = "hub" if statement.hub != state.hub else "camera"
        return _rejected(state, Reason.WRONG_EDGE, field, "is another's")
    state = _with_cooled_key(state, seen.now)
    owners = envelope.key == state.owner_key
    if not owners and not _is_delegated(state, statement, envelope.key, seen.now):
        return _rejected(state, Reason.BAD_SEAL, "key", "may not seal this")
    if statement.type in NARROWING:
        return _narrow(state, statement, envelope.hash, seen, owners=owners)
    rejection = _misplaced(state, statement, envelope.hash, seen)
    if rejection is None:
        return apply(state, statement, envelope.hash, seen)
    if owners and _is_rival(state, statement, envelope.hash):
        state = _with_rival(state, statement, envelope.hash, seen)
    return Outcome(state=state, rejection=rejection, statement=statement)


def _rejected(state: CameraState, reason: Reason, field: str, detail: str) -> Outcome:
    return Outcome(state=state, rejection=Rejection(reason=reason, field=field, detail=detail))


def _with_cooled_key(state: CameraState, now: datetime) -> CameraState:
    key = owner_key_at(state, now)
    if key == state.owner_key:
        return state
    return replace(state, owner_key=key, next_key="", next_key_at=None)


def _is_delegated(state: CameraState, statement: Statement, key: str, now: datetime) -> bool:
    held = (d for d in reversed(state.delegations) if d.delegation.key == key)
    newest = next((d.delegation for d in held if d.effective_at <= now), None)
    if newest is None or now >= newest.not_after:
        return False
    return statement.type.value in {act.value for act in newest.acts}


# Narrowing: on the signature alone, once per hash, whatever its place.


def _narrow(
    state: CameraState,
    statement: Statement,
    hash_: str,
    seen: Seen,
    *,
    owners: bool,
) -> Outcome:
    fits = statement.seq == state.seq + 1 and statement.prev == state.head and not state.rivals
    if hash_ in state.narrowings and not fits:
        return _rejected(state, Reason.REPLAYED, "bytes", "were taken in before")
    if hash_ not in state.narrowings:
        seq = statement.seq if owners else 0
        state = _narrowed(state, statement, seq, seen.now)
        state = replace(state, narrowings=state.narrowings | {hash_})
    if fits:
        state = replace(state, history=(*state.history, hash_))
    return Outcome(state=state, statement=statement, effective_at=seen.now)


def _narrowed(state: CameraState, statement: Statement, seq: int, now: datetime) -> CameraState:
    body = statement.body
    if not isinstance(body, Revocation):
        latch = Latch(start=now, issued_at=statement.issued_at, seq=seq)
        return replace(state, latches=(*state.latches, latch))
    revoked = Revoked(grant_id=body.grant_id, issued_at=statement.issued_at, seq=seq)
    grants = tuple(
        replace(g, revoked_at=g.revoked_at or now) if body.grant_id in (None, g.id) else g
        for g in state.grants
    )
    return replace(state, revocations=(*state.revocations, revoked), grants=grants)


# Order: everything else.


def _misplaced(
    state: CameraState, statement: Statement, hash_: str, seen: Seen
) -> Rejection | None:
    if hash_ in state.history or hash_ in state.settled:
        return Rejection(reason=Reason.REPLAYED, field="bytes", detail="were taken in before")
    if statement.seq != state.seq + 1:
        detail = f"must be {state.seq + 1}, one more than the newest"
        return Rejection(reason=Reason.SUPERSEDED, field="seq", detail=detail)
    if state.rivals and not _settles(state, statement):
        detail = "two statements claim one place: only a resume that names both is taken"
        return Rejection(reason=Reason.SUPERSEDED, field="body.settles", detail=detail)
    if statement.prev != state.head and statement.prev not in _settled(state, statement):
        detail = "is not the hash of the newest statement"
        return Rejection(reason=Reason.SUPERSEDED, field="prev", detail=detail)
    if statement.issued_at > seen.now + SKEW:
        detail = "lies in the future"
        return Rejection(reason=Reason.UNKNOWN_FIELD, field="issued_at", detail=detail)
    return None


def _settled(state: CameraState, statement: Statement) -> tuple[str, ...]:
    """The rivals that it names, if we hold one of them: another may be all that its owner saw."""
    settles = statement.body.settles if isinstance(statement.body, Resumption) else ()
    return settles if set(settles) & {*state.history, *state.rivals} else ()


def _settles(state: CameraState, statement: Statement) -> bool:
    return isinstance(statement.body, Resumption) and statement.body.settles == state.rivals


def _is_rival(state: CameraState, statement: Statement, hash_: str) -> bool:
    """Another statement of the owner's that needs order holds the same place."""
    if not 1 <= statement.seq <= state.seq:
        return False
    held = state.history[statement.seq - 1]
    return held not in state.narrowings and hash_ not in {*state.history, *state.settled}


def _with_rival(state: CameraState, statement: Statement, hash_: str, seen: Seen) -> CameraState:
    held = state.history[statement.seq - 1]
    rivals = tuple(sorted({*state.rivals, held, hash_}))
    return replace(state, rivals=rivals, rivals_at=state.rivals_at or seen.now)
