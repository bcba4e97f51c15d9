"""All that one camera's accepted statements come to, as a value, and how `rules` see it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from consentry.kernel.ids import CameraId, GrantId

from .bodies import Delegation
from .masks import Masks
from .model import COOLING, Answer, Grant, Pause, Preview, Reason, ShareNow
from .statements import FIRST, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Latch:
    """One stop. `seq` and `issued_at` are its seal's; an unsealed one has 0 and our own time."""

    start: datetime
    issued_at: datetime
    seq: int = 0
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """A withdrawal, kept so that a grant withheld from before it stays withdrawn."""

    grant_id: GrantId | None
    issued_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMasks:
    hash: str
    masks: Masks
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDelegation:
    delegation: Delegation
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraState:
    """All that a camera's accepted statements come to. A value: accepting gives a new one."""

    hub: str
    camera_id: CameraId
    owner_key: str
    next_key: str = ""
    next_key_at: datetime | None = None
    history: tuple[str, ...] = ()
    """The hash at each place of the order, from place 1."""
    narrowings: frozenset[str] = frozenset()
    """Hashes of every `pause` and `revoke` that has counted."""
    grants: tuple[Grant, ...] = ()
    latches: tuple[Latch, ...] = ()
    revocations: tuple[Revoked, ...] = ()
    shares: tuple[ShareNow, ...] = ()
    shares_seen: tuple[datetime, ...] = ()
    answers: tuple[Answer, ...] = ()
    previews: tuple[Preview, ...] = ()
    masks: tuple[HeldMasks, ...] = ()
    delegations: tuple[HeldDelegation, ...] = ()
    rivals: tuple[str, ...] = ()
    """Statements that claim one place, in order of their hashes: the camera is closed."""
    rivals_at: datetime | None = None
    settled: frozenset[str] = frozenset()
    """Rivals that the owner has settled: shown again, they close nothing again."""

    @property
    def seq(self) -> int:
        return len(self.history)

    @property
    def head(self) -> str:
        return self.history[-1] if self.history else FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """When and how a statement came: `confirmed` means at the box, by hand."""

    now: datetime
    cooling: timedelta = COOLING
    confirmed: bool = False

    @property
    def cooled_at(self) -> datetime:
        return self.now if self.confirmed else self.now + self.cooling


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    reason: Reason
    field: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The state afterwards, which a rejected statement too may have closed: see `rivals`."""

    state: CameraState
    rejection: Rejection | None = None
    statement: Statement | None = None
    effective_at: datetime | None = None
    """From when on it counts; later than now while it cools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The state as `model.Context` and `rules.decide` take it."""

    grants: tuple[Grant, ...]
    pauses: tuple[Pause, ...]
    shares: tuple[ShareNow, ...]
    answers: tuple[Answer, ...]
    previews: tuple[Preview, ...]
    masks: str = ""
    masks_since: datetime | None = None


def facts(state: CameraState, now: datetime) -> Facts:
    pauses = tuple(Pause(start=latch.start, end=latch.end) for latch in state.latches)
    if state.rivals_at is not None:
        pauses += (Pause(start=state.rivals_at),)
    masks = masks_in_force(state, now)
    return Facts(
        grants=state.grants,
        pauses=pauses,
        shares=state.shares,
        answers=state.answers,
        previews=state.previews,
        masks=masks.hash if masks and masks.masks.polygons else "",
        masks_since=masks.effective_at if masks else None,
    )


def masks_in_force(state: CameraState, now: datetime) -> HeldMasks | None:
    """The newest that has cooled; one sealed before it that still cools is overtaken."""
    return next((m for m in reversed(state.masks) if m.effective_at <= now), None)


def owner_key_at(state: CameraState, now: datetime) -> str:
    cooled = state.next_key_at is not None and state.next_key_at <= now
    return state.next_key if cooled else state.owner_key


def stop(state: CameraState, now: datetime) -> CameraState:
    """The portal's or the LAN page's stop: no seal, since narrowing needs none."""
    return replace(state, latches=(*state.latches, Latch(start=now, issued_at=now)))
