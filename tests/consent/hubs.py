"""An owner, an edge's lens, and a hub that holds every key of its own and will lie if told to."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consentry.audit import merkle, notes
from consentry.consent import bodies
from consentry.consent.bodies import Body, GrantTerms, StatementType
from consentry.consent.lens import LensState, Opened, Pins, Tick, open_ticket, pinned, put
from consentry.consent.masks import Masks
from consentry.consent.model import (
    Ask,
    CameraFacts,
    GrantRef,
    IncidentFacts,
    IncidentType,
    Kind,
    Obligation,
    Purpose,
    Use,
)
from consentry.consent.state import CameraState
from consentry.consent.statements import Envelope, Statement, seal
from consentry.consent.tickets import Access, Ticket, encode_ticket, sign_ticket, write_access
from consentry.kernel.access import Role
from consentry.kernel.canonical import Json, encode
from consentry.kernel.clock import to_text
from consentry.kernel.geo import Point
from consentry.kernel.ids import (
    AskId,
    CameraId,
    EdgeId,
    GrantId,
    IncidentId,
    PartyId,
    PersonId,
    TicketId,
    new_id,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ORIGIN = "hub.example/log"
HERE = Point(48.2, 16.4)
BASE = frozenset(
    {Obligation.AUDIT, Obligation.NOTIFY_OWNER, Obligation.WATERMARK, Obligation.UNTIL}
    | {Obligation.NO_EXPORT}
)


def an_id(number: int) -> str:
    return new_id(NOON, number.to_bytes(10, "big"))


CAMERA, OTHER_CAMERA = CameraId(an_id(1)), CameraId(an_id(2))
AGENCY, OWNER = PartyId(an_id(3)), PartyId(an_id(4))
EDGE, ACTOR, SUPERVISOR = EdgeId(an_id(5)), PersonId(an_id(6)), PersonId(an_id(7))
ASK, INCIDENT, GRANT = AskId(an_id(8)), IncidentId(an_id(9)), GrantId(an_id(10))


def a_key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"."))


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


OWNER_KEY, HUB_KEY, EDGE_KEY = a_key("owner"), a_key("hub"), a_key("edge")
LOG_KEY, TICKET_KEY, AGENCY_KEY = a_key("log"), a_key("ticket"), a_key("agency")
WITNESS_KEY = a_key("witness")


def terms(**changes: Any) -> GrantTerms:
    return replace(
        GrantTerms(
            id=GRANT,
            version=1,
            agencies=frozenset({AGENCY}),
            kind=Kind.ALWAYS,
            uses=frozenset({Use.LIVE}),
            purposes=frozenset({Purpose.FIRE_RESCUE}),
            not_before=NOON - DAY,
            not_after=NOON + 30 * DAY,
            max_session_s=1_800,
        ),
        **changes,
    )


_TYPES: dict[type, StatementType] = {
    bodies.GrantTerms: StatementType.GRANT,
    bodies.Revocation: StatementType.REVOKE,
    bodies.PauseNow: StatementType.PAUSE,
    bodies.Resumption: StatementType.RESUME,
    bodies.Sharing: StatementType.SHARE_NOW,
    bodies.AnswerTerms: StatementType.ANSWER,
    bodies.PreviewNow: StatementType.PREVIEW,
    Masks: StatementType.MASKS,
    bodies.Delegation: StatementType.DELEGATE,
    bodies.Rotation: StatementType.ROTATE,
}


def a_statement(camera: CameraState, body: Body, now: datetime = NOON, **changes: Any) -> Statement:
    statement = Statement(
        type=_TYPES[type(body)],
        hub=camera.hub,
        camera_id=camera.camera_id,
        seq=camera.seq + 1,
        prev=camera.head,
        issued_at=now,
        body=body,
    )
    return replace(statement, **changes)


def sealed(
    camera: CameraState,
    body: Body,
    now: datetime = NOON,
    key: Ed25519PrivateKey = OWNER_KEY,
    **changes: Any,
) -> Envelope:
    return seal(a_statement(camera, body, now, **changes), key)


def a_fresh_camera() -> CameraState:
    return CameraState(hub=ORIGIN, camera_id=CAMERA, owner_key=public(OWNER_KEY))


def some_pins(**changes: Any) -> Pins:
    facts = CameraFacts(id=CAMERA, owner_id=OWNER, place=HERE, private=True)
    return replace(
        Pins(
            origin=ORIGIN,
            edge_id=EDGE,
            edge_key=public(EDGE_KEY),
            owner_key=public(OWNER_KEY),
            log_key=notes.verifier(ORIGIN, LOG_KEY),
            ticket_key=public(TICKET_KEY),
            cameras={CAMERA: facts, OTHER_CAMERA: replace(facts, id=OTHER_CAMERA)},
        ),
        **changes,
    )


# A log over plain lists of leaf hashes, by the definitions of RFC 6962.


def tree_root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = _half(len(leaves))
    return merkle.node_hash(tree_root(leaves[:k]), tree_root(leaves[k:]))


def _half(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def inclusion(position: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    if len(leaves) == 1:
        return ()
    k = _half(len(leaves))
    if position < k:
        return (*inclusion(position, leaves[:k]), tree_root(leaves[k:]))
    return (*inclusion(position - k, leaves[k:]), tree_root(leaves[:k]))


def consistency(old: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    if old == 0 or old >= len(leaves):
        return ()
    return _subproof(old, leaves, whole=True)


def _subproof(old: int, leaves: Sequence[bytes], *, whole: bool) -> tuple[bytes, ...]:
    if old == len(leaves):
        return () if whole else (tree_root(leaves),)
    k = _half(len(leaves))
    if old <= k:
        return (*_subproof(old, leaves[:k], whole=whole), tree_root(leaves[k:]))
    return (*_subproof(old - k, leaves[k:], whole=False), tree_root(leaves[:k]))


@dataclass
class Hub:
    """It logs, proves and signs as told; nothing of the owner's key is here."""

    leaves: list[bytes] = field(default_factory=list)
    tickets: int = 0
    witness: Ed25519PrivateKey | None = None

    def access(self, state: LensState, now: datetime, **changes: Any) -> Access:
        """What an honest hub would say of this edge's newest grant."""
        self.tickets += 1
        camera = state.cameras[CAMERA]
        newest = camera.grants[-1] if camera.grants else None
        ref = GrantRef(id=newest.id, version=newest.version, hash=newest.hash) if newest else None
        access = Access(
            ticket_id=TicketId(an_id(1_000 + self.tickets)),
            edge_id=EDGE,
            stream="main",
            seq=camera.seq,
            tzdata="2026b",
            issued_at=now,
            opened_at=now,
            until=now + 20 * MINUTE,
            obligations=BASE,
            ask=an_ask(),
            incident=an_incident(now),
            grant=ref,
        )
        return replace(access, **changes)

    def log(self, access: Access, salt: bytes = b"s" * 32) -> tuple[dict[str, Json], int]:
        entry = an_entry(access)
        self.leaves.append(merkle.leaf_hash(merkle.public_leaf(salt, encode(entry))))
        return entry, len(self.leaves) - 1

    def note(self, size: int | None = None, now: datetime = NOON) -> str:
        leaves = self.leaves[:size]
        checkpoint = notes.Checkpoint(ORIGIN, len(leaves), tree_root(leaves))
        note = notes.sign(checkpoint, LOG_KEY)
        if self.witness is not None:
            seconds = int(now.timestamp())
            note = note.joined([notes.cosign(note.text, "w", self.witness, seconds)])
        return str(note)

    def ticket(
        self, state: LensState, access: Access, now: datetime = NOON, **changes: Any
    ) -> Ticket:
        """Logged, proved and signed; `changes` are made before the signature."""
        entry, position = self.log(access)
        ticket = Ticket(
            salt=b"s" * 32,
            lease_s=10,
            entry=entry,
            position=position,
            size=len(self.leaves),
            inclusion=inclusion(position, self.leaves),
            checkpoint=self.note(now=now),
            consistency=consistency(state.log.size, self.leaves),
        )
        return sign_ticket(replace(ticket, **changes), TICKET_KEY)

    def ask(self, state: LensState, now: datetime = NOON, **changes: Any) -> Opened:
        """One honest ticket, presented."""
        access = self.access(state, now, **changes)
        return present(state, self.ticket(state, access, now), now)


def present(state: LensState, ticket: Ticket, now: datetime = NOON) -> Opened:
    return open_ticket(state, encode_ticket(ticket), Tick(now=now, monotonic=0.0))


def an_entry(access: Access) -> dict[str, Json]:
    return {
        "v": 1,
        "id": access.ticket_id,
        "at": to_text(access.issued_at),
        "act": "ask_permitted",
        "actor": {"kind": "person", "id": access.ask.person_id},
        "on": {"kind": "camera", "id": access.ask.camera_id},
        "ticket": write_access(access),
    }


def an_ask(**changes: Any) -> Ask:
    return replace(
        Ask(
            id=ASK,
            camera_id=CAMERA,
            agency_id=AGENCY,
            person_id=ACTOR,
            role=Role.OPERATOR,
            use=Use.LIVE,
            purpose=Purpose.FIRE_RESCUE,
            hash="a" * 64,
            incident_id=INCIDENT,
            reason="smoke seen",
        ),
        **changes,
    )


def an_incident(now: datetime = NOON, **changes: Any) -> IncidentFacts:
    return replace(
        IncidentFacts(
            id=INCIDENT,
            type=IncidentType.FIRE,
            place=HERE,
            opened_at=now - HOUR,
            shaped_at=now - HOUR,
            assigned=frozenset({ACTOR}),
        ),
        **changes,
    )


def granted(now: datetime = NOON, pins: Pins | None = None, **changes: Any) -> LensState:
    """An edge whose words were compared and whose first grant was confirmed at the box."""
    state = replace(pinned(pins or some_pins()), confirmed=True)
    return given(state, terms(**changes), now, at_the_box=True)


def given(
    state: LensState, body: Body, now: datetime = NOON, *, at_the_box: bool = False
) -> LensState:
    state, _ = put(state, sealed(state.cameras[CAMERA], body, now), now, at_the_box=at_the_box)
    return state
