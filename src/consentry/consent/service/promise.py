"""A camera's stored statements, folded: what its owner promised, as of an instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from consentry.consent.fold import accept
from consentry.consent.model import Grant, Span
from consentry.consent.ports import Statements
from consentry.consent.records import Chain, Held, Shown, Stop
from consentry.consent.state import CameraState, Seen, stop
from consentry.consent.statements import Envelope
from consentry.kernel.ids import CameraId, PartyId

FOLDS_KEPT: Final = 4096
LEVEL_POINT: Final = 2

Event = tuple[int, datetime, Envelope | None]
"""Its number, when it came, and the statement; None is the portal's stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a fold begins: nothing promised, one key pinned."""

    hub: str
    camera_id: CameraId
    first_key: str
    cooling: timedelta


def load(statements: Statements, chain: Chain, origin: Origin) -> CameraState:
    """Fold all that is stored of a camera, seals and all: a row that was altered folds to less."""
    held = statements.of_camera(chain.camera_id)
    stops = statements.stops_of(chain.camera_id)
    return fold(origin, events_of(held, stops))


def events_of(held: Sequence[Held], stops: Sequence[Stop]) -> tuple[Event, ...]:
    events: list[Event] = [(one.n, one.received_at, one.envelope) for one in held]
    events += [(one.n, one.at, None) for one in stops]
    return tuple(sorted(events, key=lambda event: event[0]))


@lru_cache(FOLDS_KEPT)
def fold(origin: Origin, events: tuple[Event, ...]) -> CameraState:
    """Kept by its whole content, so that the same rows need not be verified a second time."""
    state = empty(origin)
    for _, at, envelope in events:
        if envelope is None:
            state = stop(state, at)
        else:
            state = accept(state, envelope, Seen(now=at, cooling=origin.cooling)).state
    return state


def empty(origin: Origin) -> CameraState:
    return CameraState(hub=origin.hub, camera_id=origin.camera_id, owner_key=origin.first_key)


def shown(state: CameraState, now: datetime) -> list[Shown]:
    """What a map may show: every agency with a current grant of any kind, for as long as it runs.

    A camera closed by two rival statements is shown to nobody but its owner.
    """
    if state.rivals:
        return []
    spans: dict[PartyId, list[Span]] = {}
    for grant in state.grants:
        span = _life(grant)
        if span is not None and span.end > now:
            for party_id in grant.agencies:
                spans.setdefault(party_id, []).append(span)
    return [
        Shown(camera_id=state.camera_id, party_id=party_id, level=LEVEL_POINT, span=span)
        for party_id, found in sorted(spans.items())
        for span in _merged(found)
    ]


def _life(grant: Grant) -> Span | None:
    start = max(grant.not_before, grant.effective_at)
    ends = (grant.not_after, grant.superseded_at, grant.revoked_at)
    end = min(each for each in ends if each is not None)
    return Span(start=start, end=end) if start < end else None


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(start=merged[-1].start, end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
