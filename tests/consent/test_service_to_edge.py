"""From the owner's seal to the edge's lens: one permit, in a real log, decided twice alike."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from consentry.app.proofs import LogProofs
from consentry.audit import Journal
from consentry.audit.log import Log
from consentry.audit.receipts import Receipt, check
from consentry.audit.store import SqlEntries
from consentry.consent import lens
from consentry.consent.bodies import PauseNow
from consentry.consent.model import Reason
from consentry.consent.ports import Outside
from consentry.consent.records import AskState
from consentry.consent.routes import Desk
from consentry.consent.service import Consent, Outcome
from consentry.consent.statements import Envelope
from consentry.consent.store import sql_stores
from consentry.infra.db import Database, Transaction
from consentry.kernel import canonical
from tests.audit.builders import a_log
from tests.consent.hub import (
    AGENCY,
    CAMERA,
    EDGE,
    HUB,
    KEY,
    OPERATOR,
    ORIGIN,
    TICKET_KEY,
    World,
    a_camera,
    draft,
    grant_terms,
    public,
    sealed,
)
from tests.kit import NOON
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio


class LoggedWorld(World):
    """As `World`, with entries that a real log holds."""

    def make(self, tx: Transaction) -> Consent:
        outside = Outside(
            cameras=self.cameras, incidents=self.incidents, people=self.people, hub=self.hub
        )
        journal = Journal(SqlEntries(tx), self.clock, self.entry_ids, self.bytes)
        return Consent.over(sql_stores(tx), outside, journal, self.clock, self.ids)


@pytest.fixture
def world(database: Database, clock: VirtualClock) -> LoggedWorld:
    return LoggedWorld(database, clock, HUB)


@pytest.fixture
def log(database: Database, tmp_path: Path, clock: VirtualClock) -> Log:
    return a_log(database, tmp_path, clock=clock)


def an_edge(log: Log, *statements: Envelope) -> lens.LensState:
    pins = lens.Pins(
        origin=ORIGIN,
        edge_id=EDGE,
        edge_key="44" * 32,
        owner_key=public(KEY),
        log_key=log.policy.log,
        ticket_key=public(TICKET_KEY),
        cameras={CAMERA: a_camera()},
        cooling=timedelta(0),
    )
    state = lens.confirm(lens.pinned(pins), pins.words)
    for envelope in statements:
        state, taken = lens.put(state, envelope, NOON)
        assert isinstance(taken, lens.Applied)
    return state


async def test_the_edge_opens_on_what_the_hub_permitted(world: LoggedWorld, log: Log) -> None:
    grant = world.ready()
    outcome = world.consents.write_now(lambda c: c.asks.ask(OPERATOR, draft()))
    log.advance()
    entry_id = outcome.decided[0].entry_id
    assert entry_id is not None
    desk = Desk(LogProofs(log, world.database), TICKET_KEY)
    issued = await desk.issue(entry_id, AGENCY)
    data = canonical.encode(issued.ticket)
    tick = lens.Tick(now=NOON, monotonic=0.0)
    opened = lens.open_ticket(an_edge(log, grant), data, tick)
    assert opened.reason is None
    assert opened.permit is not None
    assert opened.permit.until == outcome.decided[0].line.until
    again = lens.open_ticket(opened.state, data, tick)
    assert again.reason is Reason.REPLAYED
    checked = check(Receipt.parse(issued.receipt), log.policy)
    assert checked.entry.id == entry_id


async def test_a_second_ticket_continues_the_log_that_the_edge_knows(
    world: LoggedWorld, log: Log
) -> None:
    grant = world.ready()
    edge = an_edge(log, grant)
    desk = Desk(LogProofs(log, world.database), TICKET_KEY)
    first = world.consents.write_now(lambda c: c.asks.ask(OPERATOR, draft()))
    edge = await opened_at(edge, world, log, desk, first)
    second = world.consents.write_now(lambda c: c.asks.renew(OPERATOR, first.ask.id))
    await opened_at(edge, world, log, desk, second)


async def opened_at(
    edge: lens.LensState, world: World, log: Log, desk: Desk, outcome: Outcome
) -> lens.LensState:
    """Carry an outcome's ticket to the edge, with the proof from the log that it knows."""
    log.advance()
    entry_id = outcome.decided[0].entry_id
    assert entry_id is not None
    issued = await desk.issue(entry_id, AGENCY, known_size=edge.log.size)
    tick = lens.Tick(now=world.clock.now(), monotonic=float(edge.log.size))
    opened = lens.open_ticket(edge, canonical.encode(issued.ticket), tick)
    assert opened.reason is None
    return opened.state


async def test_a_hub_that_withholds_a_pause_opens_nothing_at_the_edge(
    world: LoggedWorld, log: Log
) -> None:
    grant = world.ready()
    outcome = world.consents.write_now(lambda c: c.asks.ask(OPERATOR, draft()))
    assert outcome.ask.state is AskState.PERMITTED
    log.advance()
    entry_id = outcome.decided[0].entry_id
    assert entry_id is not None
    issued = await Desk(LogProofs(log, world.database), TICKET_KEY).issue(entry_id, AGENCY)
    edge = an_edge(log, grant, sealed(PauseNow(), seq=2, prev=grant.hash))
    tick = lens.Tick(now=NOON, monotonic=0.0)
    opened = lens.open_ticket(edge, canonical.encode(issued.ticket), tick)
    assert opened.permit is None
    assert opened.reason in {Reason.SUPERSEDED, Reason.PAUSED}


async def test_a_case_reference_survives_the_way_into_the_ticket(
    world: LoggedWorld, log: Log
) -> None:
    """What the entry holds is what the strict reader at the edge takes."""
    world.ready(max_session_s=86_400)
    supervised = replace(draft(), case_reference="2026-117")
    outcome = world.consents.write_now(lambda c: c.asks.ask(OPERATOR, supervised))
    log.advance()
    entry_id = outcome.decided[0].entry_id
    assert entry_id is not None
    issued = await Desk(LogProofs(log, world.database), TICKET_KEY).issue(entry_id, AGENCY)
    edge = an_edge(log, sealed(grant_terms(max_session_s=86_400)))
    opened = lens.open_ticket(
        edge, canonical.encode(issued.ticket), lens.Tick(now=NOON, monotonic=0.0)
    )
    assert opened.permit is not None
    assert opened.permit.ask.case_reference == "2026-117"
