"""An owner, an edge, a virtual clock, and a hub that withholds, reorders, forges and forks.

Whatever it does: no lease without an entry in the one log this edge follows, none past its end,
none after a narrowing that the edge has seen.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any

import pytest

from consentry.audit import merkle
from consentry.consent.bodies import Body, PauseNow, Resumption, Revocation, Sharing
from consentry.consent.fold import accept
from consentry.consent.lens import LensState, Opened, Tick, open_ticket, pinned, put, renew
from consentry.consent.model import Kind, Reason
from consentry.consent.state import CameraState, Seen
from consentry.consent.statements import Envelope
from consentry.consent.tickets import encode_ticket, sign_ticket
from consentry.kernel.canonical import encode
from consentry.kernel.ids import GrantId, TicketId

from .hubs import (
    CAMERA,
    DAY,
    HOUR,
    HUB_KEY,
    MINUTE,
    NOON,
    SECOND,
    TICKET_KEY,
    Hub,
    a_fresh_camera,
    an_id,
    sealed,
    some_pins,
    terms,
    tree_root,
)

STEPS = 120


@dataclass
class World:
    rng: Random
    now: datetime = NOON
    monotonic: float = 0.0
    owner: CameraState = field(default_factory=a_fresh_camera)
    """What the owner believes the camera to hold: everything ever sealed, in order."""
    mail: list[Envelope] = field(default_factory=list)
    hub: Hub = field(default_factory=Hub)
    edge: LensState = field(default_factory=lambda: replace(pinned(some_pins()), confirmed=True))
    opened: int = 0
    refused: set[Reason] = field(default_factory=set)
    lines: int = 0

    @property
    def tick(self) -> Tick:
        return Tick(now=self.now, monotonic=self.monotonic)

    def wait(self) -> None:
        seconds = self.rng.choice((1, 3, 8, 60, 3_600, 86_400))
        self.now += seconds * SECOND
        self.monotonic += seconds

    def seal(self) -> None:
        """The owner seals something; it lies with the hub, who may send it or not."""
        envelope = sealed(self.owner, self.body(), self.now)
        outcome = accept(self.owner, envelope, Seen(now=self.now, cooling=0 * DAY))
        if outcome.rejection is None:
            self.owner = outcome.state
            self.mail.append(envelope)

    def body(self) -> Body:
        living = [g for g in self.owner.grants if g.revoked_at is None]
        draw = self.rng.randrange(6)
        if draw == 0 or not living:
            self.lines += 1
            kind = self.rng.choice((Kind.ALWAYS, Kind.OWNER_EMERGENCY))
            return terms(id=GrantId(an_id(500 + self.lines)), kind=kind, not_before=self.now)
        if draw == 1:
            newest = living[-1]
            version = max(g.version for g in self.owner.grants if g.id == newest.id) + 1
            shorter = max(1, newest.max_session_s - 60)
            return terms(
                id=newest.id,
                version=version,
                kind=newest.kind,
                not_before=newest.not_before,
                max_session_s=shorter,
            )
        others: tuple[Body, ...] = (
            PauseNow(),
            Resumption(),
            Revocation(grant_id=living[0].id),
            Sharing(until=self.now + 30 * MINUTE),
        )
        return others[draw - 2]

    def deliver(self) -> None:
        """In order, out of order, twice, or with a seal of the hub's own."""
        if not self.mail:
            return
        place = self.rng.choice((self.edge.cameras[CAMERA].seq, self.rng.randrange(len(self.mail))))
        envelope = self.mail[min(place, len(self.mail) - 1)]
        if self.rng.random() < 0.15:
            envelope = sealed(self.edge.cameras[CAMERA], terms(), self.now, HUB_KEY)
        at_the_box = self.rng.random() < 0.6
        self.edge, _ = put(self.edge, envelope, self.now, at_the_box=at_the_box)

    def ask(self) -> None:
        """A ticket: honest, or with one lie in it."""
        lie = self.rng.choice(("", "", "", "unlogged", "forked", "old", "unsigned", "long"))
        changes: dict[str, Any] = {"until": self.now + DAY} if lie == "long" else {}
        hub = self.hub
        if lie == "forked" and self.edge.log.size:  # the first log it sees is its log
            hub = Hub(leaves=[merkle.leaf_hash(b"f"), *self.hub.leaves[1:]], tickets=9_000)
        access = hub.access(self.edge, self.now, **changes)
        ticket = hub.ticket(self.edge, access, self.now)
        if lie == "unlogged":
            entry = {**ticket.entry, "reason": "other"}
            ticket = sign_ticket(replace(ticket, entry=entry), TICKET_KEY)
        if lie == "old":
            ticket = sign_ticket(replace(ticket, checkpoint=self.hub.note(1)), TICKET_KEY)
        if lie == "unsigned":
            ticket = sign_ticket(ticket, HUB_KEY)
        before = self.edge
        result = open_ticket(self.edge, encode_ticket(ticket), self.tick)
        self.check(result)
        if result.permit is not None:
            leaf = merkle.leaf_hash(merkle.public_leaf(ticket.salt, encode(ticket.entry)))
            assert leaf in self.hub.leaves
            assert lie in ("", "long") or (lie, before.log.size) in {("forked", 0), ("old", 0)}
        self.edge = result.state

    def renew(self) -> None:
        for ticket_id, session in list(self.edge.sessions.items())[:2]:
            result = renew(self.edge, TicketId(ticket_id), session.n + 1, self.tick)
            if result.permit is not None:
                assert self.monotonic <= session.deadline
            self.check(result)
            self.edge = result.state

    def check(self, result: Opened) -> None:
        """What must hold of every answer of the edge, permit or not."""
        size = result.state.log.size
        assert result.state.log.hash == tree_root(self.hub.leaves[:size])
        if result.permit is None:
            assert result.reason is not None
            self.refused.add(result.reason)
            return
        self.opened += 1
        permit, camera = result.permit, result.state.cameras[CAMERA]
        assert self.now < permit.until <= self.now + HOUR
        assert not any(latch.end is None or self.now < latch.end for latch in camera.latches)
        assert permit.grant is not None
        grant = next(g for g in camera.grants if g.hash == permit.grant.hash)
        assert grant.hash in {envelope.hash for envelope in self.mail}
        assert grant.revoked_at is None
        assert grant.effective_at <= self.now
        assert grant.superseded_at is None or self.now < grant.superseded_at
        if grant.kind is Kind.OWNER_EMERGENCY:
            assert any(share.span.holds(self.now) for share in camera.shares)


@pytest.mark.parametrize("seed", range(12))
def test_no_lie_of_the_hub_opens_anything(seed: int) -> None:
    world = World(Random(seed))  # noqa: S311 a walk, not a secret
    acts = (world.wait, world.seal, world.deliver, world.deliver, world.ask, world.renew)
    for _ in range(STEPS):
        world.rng.choice(acts)()
    assert world.refused
    assert world.edge.log.size <= len(world.hub.leaves)


def test_the_walks_do_open_and_do_refuse() -> None:
    opened, refused = 0, set[Reason]()
    for seed in range(12):
        world = World(Random(seed))  # noqa: S311 a walk, not a secret
        acts = (world.wait, world.seal, world.deliver, world.deliver, world.ask, world.renew)
        for _ in range(STEPS):
            world.rng.choice(acts)()
        opened += world.opened
        refused |= world.refused
    assert opened > 5
    assert refused >= {Reason.NOT_IN_LOG, Reason.LOG_FORKED, Reason.BAD_SEAL, Reason.PAUSED}
