"""What the edge holds against its hub: pure, pinned, and sure of nothing it did not verify.

State comes in as a value and goes out as a new one; the edge commits it before the first frame.
A hub in other hands gets nothing past here that the owner did not seal and the log does not hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consentry.audit import merkle, notes
from consentry.kernel.canonical import Json, encode
from consentry.kernel.clock import EPOCH, to_text
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import CameraId, EdgeId, TicketId

from .fold import accept
from .model import COOLING, CameraFacts, Context, Permit, Reason, Refusal, Zone
from .reading import Fields
from .rules import decide
from .state import CameraState, Rejection, Seen, facts, stop
from .statements import Envelope, parse_statement, verifies
from .tickets import Access, Ticket, is_agency_signed, is_signed, parse_ticket, read_access
from .words import Pinned, same_words, six_words

APPLIED_PREFIX: Final = b"consentry/applied/v1\n"
CLOCK_OFF_MAX: Final = timedelta(seconds=120)
WITNESSED_MAX: Final = timedelta(minutes=10)
TICKET_KEPT: Final = timedelta(hours=1)
"""A ticket older than `CLOCK_OFF_MAX` is refused by its time; so long its id is kept to refuse."""

_EMPTY_LOG: Final = merkle.Root(0, merkle.EMPTY_ROOT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """What was pinned at the box, by hand. Nothing that comes from the hub changes it."""

    origin: str
    edge_id: EdgeId
    edge_key: str
    owner_key: str
    log_key: notes.VerifierKey
    ticket_key: str
    cameras: Mapping[CameraId, CameraFacts]
    cooling: timedelta = COOLING
    witnesses: tuple[notes.VerifierKey, ...] = ()
    witnesses_needed: int = 0

    @property
    def words(self) -> str:
        return six_words(
            Pinned(
                origin=self.origin,
                owner_key=self.owner_key,
                edge_key=self.edge_key,
                log_key=self.log_key.key.hex(),
                ticket_key=self.ticket_key,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open lease: it ends at `deadline` on the monotonic clock unless it is renewed."""

    access: Access
    opened_at: datetime
    """By our own clock, unless the hub counts from longer ago."""
    lease_s: int
    deadline: float
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LensState:
    pins: Pins
    confirmed: bool = False
    """Whether the six words were compared at the box; before that no grant counts."""
    cameras: Mapping[CameraId, CameraState] = field(default_factory=dict)
    log: merkle.Root = _EMPTY_LOG
    witnessed_at: datetime | None = None
    latest: datetime | None = None
    """The greatest time seen: a clock behind it is not trusted."""
    used: Mapping[TicketId, datetime] = field(default_factory=dict)
    sessions: Mapping[TicketId, Session] = field(default_factory=dict)
    counts: Mapping[CameraId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The edge's receipt. A gap in `n` shows that one was withheld; `at` is from when it counts."""

    camera_id: CameraId
    seq: int
    hash: str
    n: int
    at: datetime

    def parts(self) -> dict[str, Json]:
        return {
            "camera": self.camera_id,
            "seq": self.seq,
            "hash": self.hash,
            "n": self.n,
            "at": to_text(self.at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """The edge's own time, on both of its clocks, and the zones as values."""

    now: datetime
    monotonic: float
    zones: Mapping[str, Zone] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What came of a ticket or a renewal. On a refusal no frame leaves."""

    state: LensState
    permit: Permit | None = None
    reason: Reason | None = None
    n: int = 0
    deadline: float = 0.0


def pinned(pins: Pins) -> LensState:
    """A fresh edge: cameras known, nothing confirmed, nothing granted, no log seen."""
    cameras = {
        camera_id: CameraState(hub=pins.origin, camera_id=camera_id, owner_key=pins.owner_key)
        for camera_id in pins.cameras
    }
    return LensState(pins=pins, cameras=cameras)


def confirm(state: LensState, typed: str) -> LensState:
    """The six words, typed at the box. Other words change nothing."""
    return replace(state, confirmed=state.confirmed or same_words(typed, state.pins.words))


def put(
    state: LensState, envelope: Envelope, now: datetime, *, at_the_box: bool = False
) -> tuple[LensState, Applied | Rejection]:
    """Take in one statement: from the hub, its mirror or a QR code, it makes no difference."""
    camera = _camera_of(state, envelope)
    if camera is None:
        detail = "names no camera of this edge"
        return state, Rejection(reason=Reason.WRONG_EDGE, field="camera", detail=detail)
    seen = Seen(now=now, cooling=state.pins.cooling, confirmed=at_the_box)
    outcome = accept(camera, envelope, seen)
    state = replace(state, cameras={**state.cameras, camera.camera_id: outcome.state})
    if outcome.rejection is not None:
        return state, outcome.rejection
    return _applied(state, camera.camera_id, envelope.hash, outcome.effective_at or now)


def latch(state: LensState, camera_id: CameraId, now: datetime) -> tuple[LensState, Applied]:
    """The portal's stop or the LAN button: unsealed, and only a sealed statement reopens."""
    cameras = {**state.cameras, camera_id: stop(state.cameras[camera_id], now)}
    return _applied(replace(state, cameras=cameras), camera_id, "", now)


def _camera_of(state: LensState, envelope: Envelope) -> CameraState | None:
    """The camera that the bytes name; whether that is true is for `accept` to find."""
    try:
        return state.cameras.get(parse_statement(envelope.bytes).camera_id)
    except InvalidError:
        return None


def _applied(
    state: LensState, camera_id: CameraId, hash_: str, at: datetime
) -> tuple[LensState, Applied]:
    state = _counted(state, camera_id)
    camera = state.cameras[camera_id]
    n = state.counts[camera_id]
    return state, Applied(camera_id=camera_id, seq=camera.seq, hash=hash_, n=n, at=at)


def _counted(state: LensState, camera_id: CameraId) -> LensState:
    counts = {**state.counts, camera_id: state.counts.get(camera_id, 0) + 1}
    return replace(state, counts=counts)


def sign_applied(applied: Applied, key: Ed25519PrivateKey) -> str:
    return key.sign(APPLIED_PREFIX + encode(applied.parts())).hex()


def is_applied(applied: Applied, signature: str, edge_key: str) -> bool:
    """What the portal's page asks before it says 'stopped at the camera'."""
    return verifies(edge_key, signature, APPLIED_PREFIX + encode(applied.parts()))


def open_ticket(state: LensState, data: bytes, tick: Tick) -> Opened:
    """The answer to `lease.open`. What was learnt on the way is kept even when it is refused."""
    try:
        ticket = parse_ticket(data)
        access = read_access(Fields(_ticket_of(ticket)))
    except InvalidError:
        return Opened(state=state, reason=Reason.UNKNOWN_FIELD)
    if not is_signed(ticket, state.pins.ticket_key):
        return Opened(state=state, reason=Reason.BAD_SEAL)
    if access.edge_id != state.pins.edge_id or access.ask.camera_id not in state.cameras:
        return Opened(state=state, reason=Reason.WRONG_EDGE)
    for envelope in ticket.statements:
        state, _ = put(state, envelope, tick.now)
    trusted = _is_clock_trusted(state, access, tick)
    state = replace(state, latest=max(tick.now, state.latest or tick.now))
    followed = _follow_log(state, ticket, tick)
    if isinstance(followed, Reason):
        return Opened(state=state, reason=followed)
    decision = _decide_ticket(followed, ticket, access, tick, trusted=trusted)
    if isinstance(decision, Reason):
        return Opened(state=followed, reason=decision)
    return _open(followed, ticket, access, decision, tick)


def _ticket_of(ticket: Ticket) -> Json:
    return ticket.entry.get("ticket", {})


def _is_clock_trusted(state: LensState, access: Access, tick: Tick) -> bool:
    """Neither behind the greatest time seen nor far off the hub's."""
    return not _is_behind(state, tick) and abs(tick.now - access.issued_at) <= CLOCK_OFF_MAX


def _is_behind(state: LensState, tick: Tick) -> bool:
    return state.latest is not None and tick.now < state.latest


def _follow_log(state: LensState, ticket: Ticket, tick: Tick) -> LensState | Reason:
    """The entry is in a log that continues the one seen, under the pinned key, well witnessed."""
    try:
        note = notes.Note.parse(ticket.checkpoint)
        checkpoint = notes.opened(note, state.pins.log_key)
    except ValueError:
        return Reason.BAD_SEAL
    if not merkle.extends(state.log, checkpoint.tree, ticket.consistency):
        return Reason.LOG_FORKED
    state = replace(state, log=checkpoint.tree)
    leaf = merkle.leaf_hash(merkle.public_leaf(ticket.salt, encode(ticket.entry)))
    in_log = ticket.size == checkpoint.size and merkle.includes(
        leaf, ticket.position, ticket.size, ticket.inclusion, checkpoint.root
    )
    if not in_log:
        return Reason.NOT_IN_LOG
    return _witnessed(state, note, tick)


def _witnessed(state: LensState, note: notes.Note, tick: Tick) -> LensState | Reason:
    needed = state.pins.witnesses_needed
    if needed == 0:
        return state
    seconds = sorted(notes.witnesses(note, state.pins.witnesses).values(), reverse=True)
    if len(seconds) >= needed:
        at = EPOCH + timedelta(seconds=seconds[needed - 1])
        state = replace(state, witnessed_at=max(at, state.witnessed_at or at))
    fresh = state.witnessed_at is not None and tick.now < state.witnessed_at + WITNESSED_MAX
    return state if fresh else Reason.LOG_UNWITNESSED


def _decide_ticket(
    state: LensState, ticket: Ticket, access: Access, tick: Tick, *, trusted: bool
) -> Permit | Reason:
    if access.ticket_id in state.used:
        return Reason.REPLAYED
    if not trusted:
        return Reason.CLOCK_UNTRUSTED
    camera = state.cameras[access.ask.camera_id]
    if access.seq != camera.seq:
        return Reason.SUPERSEDED
    permit = _decide(state, access, min(access.opened_at, tick.now), tick)
    if isinstance(permit, Reason):
        return permit
    key = permit.grant.agency_key if permit.grant else ""
    if key and not is_agency_signed(ticket, key):
        return Reason.BAD_SEAL
    return permit


def _decide(state: LensState, access: Access, opened_at: datetime, tick: Tick) -> Permit | Reason:
    """The hub's own rule over the edge's own copy of what the owner sealed.

    Who asks, their role and step-up, other cameras opened, lawful basis and approvals are the
    hub's word: it put them into the log. All that the owner decides is the edge's to know.
    """
    if not state.confirmed:
        return Reason.NO_GRANT
    camera = state.cameras[access.ask.camera_id]
    known = facts(camera, tick.now)
    granted = access.grant
    line = [g for g in known.grants if granted is not None and g.id == granted.id]
    context = Context(
        now=tick.now,
        clock_trusted=True,
        stopped=False,
        actor_suspended=False,
        stepped_up_at=tick.now,
        camera=state.pins.cameras[access.ask.camera_id],
        incident=access.incident,
        lawful_purposes=frozenset({access.ask.purpose}),
        pauses=known.pauses,
        shares=known.shares,
        answers=known.answers,
        previews=known.previews,
        approvals=access.approvals,
        opened_at=opened_at,
        zones=tick.zones,
        masks=known.masks,
        masks_since=known.masks_since,
    )
    decision = decide(access.ask, line, context)
    if isinstance(decision, Refusal):
        return decision.reason
    if not _agrees(access, decision):
        return Reason.SUPERSEDED
    until = min(access.until, decision.until)
    return replace(decision, until=until) if tick.now < until else Reason.OUTSIDE_GRANT_TIME


def _agrees(access: Access, permit: Permit) -> bool:
    """The entry names the very version that permits, and every duty that goes with it."""
    found = permit.grant and replace(permit.grant, agency_key="")
    return access.grant == found and permit.obligations <= access.obligations


def _open(state: LensState, ticket: Ticket, access: Access, permit: Permit, tick: Tick) -> Opened:
    deadline = tick.monotonic + ticket.lease_s
    opened_at = min(access.opened_at, tick.now)
    session = Session(access=access, opened_at=opened_at, lease_s=ticket.lease_s, deadline=deadline)
    kept = {id_: at for id_, at in state.used.items() if tick.now - at < TICKET_KEPT}
    living = {id_: s for id_, s in state.sessions.items() if tick.monotonic <= s.deadline}
    state = replace(
        _counted(state, access.ask.camera_id),
        used={**kept, access.ticket_id: tick.now},
        sessions={**living, access.ticket_id: session},
    )
    return Opened(state=state, permit=permit, deadline=deadline)


def renew(state: LensState, ticket_id: TicketId, n: int, tick: Tick) -> Opened:
    """Decide again; each renewal has a greater `n`. On a refusal the session is over."""
    session = state.sessions.get(ticket_id)
    if session is None or tick.monotonic > session.deadline:
        return _ended(state, ticket_id, Reason.LEASE_LAPSED)
    if n <= session.n:
        return _ended(state, ticket_id, Reason.REPLAYED)
    if _is_behind(state, tick):
        return _ended(state, ticket_id, Reason.CLOCK_UNTRUSTED)
    state = replace(state, latest=tick.now)
    decision = _decide(state, session.access, session.opened_at, tick)
    if isinstance(decision, Reason):
        return _ended(state, ticket_id, decision)
    deadline = tick.monotonic + session.lease_s
    renewed = replace(session, n=n, deadline=deadline)
    state = replace(state, sessions={**state.sessions, ticket_id: renewed})
    return Opened(state=state, permit=decision, n=n, deadline=deadline)


def _ended(state: LensState, ticket_id: TicketId, reason: Reason) -> Opened:
    sessions = {id_: s for id_, s in state.sessions.items() if id_ != ticket_id}
    return Opened(state=replace(state, sessions=sessions), reason=reason)
