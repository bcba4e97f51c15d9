"""What each statement that has its place does to a camera's state.

What cannot be proved narrower waits until it has cooled, counted from when it was first seen
here, unless it was confirmed at the box.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from .bodies import (
    AnswerTerms,
    Delegation,
    GrantTerms,
    PreviewNow,
    Resumption,
    Rotation,
    Sharing,
)
from .masks import Masks
from .model import PREVIEW_LIFE, SHARE_NOW_FREE, Answer, Grant, Preview, Reason, ShareNow, Span
from .narrower import is_narrower
from .state import (
    CameraState,
    HeldDelegation,
    HeldMasks,
    Latch,
    Outcome,
    Rejection,
    Seen,
    masks_in_force,
)
from .statements import Statement

SHARE_AGAIN: Final = timedelta(hours=24)
SHARE_SLACK: Final = timedelta(seconds=120)
"""An owner's clock may be ahead of ours by so much before an hour counts as longer."""


def apply(state: CameraState, statement: Statement, hash_: str, seen: Seen) -> Outcome:
    """The state after a statement in its place, or why its content cannot stand."""
    effect = _EFFECTS[type(statement.body)](state, statement, statement.body, hash_, seen)
    if isinstance(effect, Rejection):
        return Outcome(state=state, rejection=effect, statement=statement)
    changed, effective_at = effect
    changed = replace(changed, history=(*state.history, hash_))
    return Outcome(state=changed, statement=statement, effective_at=effective_at)


Effect = tuple[CameraState, datetime]


def _grant(
    state: CameraState, statement: Statement, terms: GrantTerms, hash_: str, seen: Seen
) -> Effect | Rejection:
    grant = terms.grant(state.camera_id, hash_, seen.cooled_at)
    line = [g for g in state.grants if g.id == grant.id]
    rejection = _unfit(state, statement, grant, line)
    if rejection is not None:
        return rejection
    effective_at = _effective_at(grant, line, seen)
    revoked_at = seen.now if _is_withdrawn(state, statement, grant) else None
    grant = replace(grant, effective_at=effective_at, revoked_at=revoked_at)
    grants = tuple(_superseded(g, effective_at) if g.id == grant.id else g for g in state.grants)
    latches = state.latches if revoked_at else _released(state, statement, effective_at)
    return replace(state, grants=(*grants, grant), latches=latches), effective_at


def _unfit(
    state: CameraState, statement: Statement, grant: Grant, line: list[Grant]
) -> Rejection | None:
    version = max((g.version for g in line), default=0) + 1
    if grant.version != version:
        return _rejection("version", f"must be {version}, one more than the newest of this grant")
    if grant.masks and grant.masks not in {m.hash for m in state.masks}:
        return _rejection("masks", "names masks that were never sealed")
    if any(g.revoked_at for g in line) and not _is_withdrawn(state, statement, grant):
        return Rejection(
            reason=Reason.REVOKED,
            field="body.id",
            detail="was revoked, which is final: seal a grant of a new id",
        )
    return None


def _rejection(field: str, detail: str) -> Rejection:
    return Rejection(reason=Reason.UNKNOWN_FIELD, field=f"body.{field}", detail=detail)


def _is_withdrawn(state: CameraState, statement: Statement, grant: Grant) -> bool:
    """Sealed before a withdrawal that overtook it: it takes its place, and opens nothing."""
    return any(
        r.grant_id in (None, grant.id)
        and (statement.seq < r.seq or statement.issued_at < r.issued_at)
        for r in state.revocations
    )


def _effective_at(grant: Grant, line: list[Grant], seen: Seen) -> datetime:
    """At once if narrower than a version in force; with the one it narrows if that still cools."""
    narrowed = (
        max(seen.now, g.effective_at)
        for g in line
        if g.revoked_at is None
        and (g.superseded_at is None or seen.now < g.superseded_at)
        and is_narrower(g, grant)
    )
    return min(narrowed, default=seen.cooled_at)


def _superseded(grant: Grant, at: datetime) -> Grant:
    return replace(grant, superseded_at=min(grant.superseded_at or at, at))


def _released(state: CameraState, statement: Statement, at: datetime) -> tuple[Latch, ...]:
    """Stops that the owner knew of when sealing this end; any that overtook it stays."""
    return tuple(
        replace(latch, end=min(latch.end or at, at))
        if latch.seq < statement.seq and latch.issued_at <= statement.issued_at
        else latch
        for latch in state.latches
    )


def _resume(
    state: CameraState, statement: Statement, body: Resumption, _hash: str, seen: Seen
) -> Effect:
    latches = _released(state, statement, seen.now)
    if not body.settles:
        return replace(state, latches=latches), seen.now
    # Which of the rivals the other side holds cannot be known: neither counts, nor what rests
    # on them, and the owner grants anew.
    voided = replace(
        state,
        latches=latches,
        rivals=(),
        rivals_at=None,
        settled=state.settled | set(body.settles),
        grants=tuple(replace(g, revoked_at=g.revoked_at or seen.now) for g in state.grants),
        shares=(),
        answers=(),
        previews=(),
    )
    return voided, seen.now


def _share(
    state: CameraState, _statement: Statement, body: Sharing, hash_: str, seen: Seen
) -> Effect:
    """Measured from our own clock: a seal can be back-dated, and dated ahead."""
    long = body.until - seen.now > SHARE_NOW_FREE + SHARE_SLACK
    again = any(seen.now - at < SHARE_AGAIN for at in state.shares_seen)
    start = seen.cooled_at if long or again else seen.now
    shared = replace(state, shares_seen=(*state.shares_seen, seen.now))
    if start < body.until:
        share = ShareNow(hash=hash_, span=Span(start=start, end=body.until))
        shared = replace(shared, shares=(*state.shares, share))
    return shared, start


def _answer(
    state: CameraState, _statement: Statement, body: AnswerTerms, hash_: str, seen: Seen
) -> Effect:
    answer = Answer(
        hash=hash_,
        at=seen.now,
        ask_id=body.ask_id,
        agency_id=body.agency_id,
        use=body.use,
        purpose=body.purpose,
        window=body.window,
        not_after=body.not_after,
    )
    return replace(state, answers=(*state.answers, answer)), seen.now


def _preview(
    state: CameraState, statement: Statement, _body: PreviewNow, hash_: str, seen: Seen
) -> Effect:
    end = min(statement.issued_at, seen.now) + PREVIEW_LIFE
    if end <= seen.now:
        return state, seen.now
    preview = Preview(hash=hash_, span=Span(start=seen.now, end=end))
    return replace(state, previews=(*state.previews, preview)), seen.now


def _masks(
    state: CameraState, _statement: Statement, body: Masks, hash_: str, seen: Seen
) -> Effect:
    """Whatever was hidden stays hidden, else it is a raise: nothing subtler is proved."""
    held = masks_in_force(state, seen.now)
    hidden = set(held.masks.polygons) if held else set()
    at = seen.now if hidden <= set(body.polygons) else seen.cooled_at
    masks = HeldMasks(hash=hash_, masks=body, effective_at=at)
    return replace(state, masks=(*state.masks, masks)), at


def _delegate(
    state: CameraState, _statement: Statement, body: Delegation, _hash: str, seen: Seen
) -> Effect:
    held = [h for h in state.delegations if h.delegation.key == body.key]
    newest = next((h.delegation for h in reversed(held) if h.effective_at <= seen.now), None)
    narrower = not body.acts or (
        newest is not None and body.acts <= newest.acts and body.not_after <= newest.not_after
    )
    at = seen.now if narrower else seen.cooled_at
    delegation = HeldDelegation(delegation=body, effective_at=at)
    return replace(state, delegations=(*state.delegations, delegation)), at


def _rotate(
    state: CameraState, _statement: Statement, body: Rotation, _hash: str, seen: Seen
) -> Effect:
    return replace(state, next_key=body.key, next_key_at=seen.cooled_at), seen.cooled_at


_EFFECTS: Final[Mapping[type, Callable[..., Effect | Rejection]]] = {
    GrantTerms: _grant,
    Resumption: _resume,
    Sharing: _share,
    AnswerTerms: _answer,
    PreviewNow: _preview,
    Masks: _masks,
    Delegation: _delegate,
    Rotation: _rotate,
}
