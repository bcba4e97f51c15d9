"""A permit and whatever would have stopped it, at the same moment: one of them always sees."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from consentry.consent.bodies import PauseNow, Revocation
from consentry.consent.model import Reason
from consentry.consent.records import AskState
from consentry.consent.service import Consent, Outcome
from consentry.infra.db import Database
from tests.consent.hub import (
    CAMERA,
    CAMERAS,
    OPERATOR,
    OWNER,
    SUPERVISOR,
    World,
    draft,
    grant_terms,
    sealed,
)
from tests.kit.chance import VirtualClock

HELD_S = 0.5
WAIT_S = 20.0


@pytest.fixture
def world(database: Database, clock: VirtualClock) -> World:
    """A hub that has been asked before: the rows that are locked are there already."""
    made = World(database, clock)
    made.consents.write_now(lambda c: c.asks.ask(OPERATOR, draft(camera_ids=[CAMERAS[13]])))
    return made


def overlap(
    world: World, first: Callable[[Consent], Any], second: Callable[[Consent], Any]
) -> tuple[Any, Any]:
    """Run `first`, and before its transaction commits begin `second`; both to their end.

    On SQLite the second waits in line and cannot begin; on PostgreSQL it is given time to read
    whatever no lock keeps from it.
    """
    inside, begun = threading.Event(), threading.Event()

    def held(consent: Consent) -> Any:
        value = first(consent)
        inside.set()
        if not world.database.on_sqlite:
            assert begun.wait(WAIT_S)
            threading.Event().wait(HELD_S)
        return value

    def beside(consent: Consent) -> Any:
        begun.set()
        return second(consent)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(world.consents.write_now, held)
        assert inside.wait(WAIT_S)
        two = pool.submit(world.consents.write_now, beside)
        return one.result(WAIT_S), two.result(WAIT_S)


def ask(consent: Consent) -> Outcome:
    return consent.asks.ask(OPERATOR, draft())


NARROWINGS = {
    "revoke": lambda c: c.owner.put(OWNER, CAMERA, sealed(Revocation(), seq=2)),
    "pause": lambda c: c.owner.put(OWNER, CAMERA, sealed(PauseNow(), seq=2)),
    "stop": lambda c: c.owner.stop(OWNER, CAMERA),
    "stop all": lambda c: c.safeguards.stop_all(SUPERVISOR, "Misuse."),
}


@pytest.mark.parametrize("name", list(NARROWINGS))
def test_an_ask_that_begins_before_a_narrowing_commits_is_refused(world: World, name: str) -> None:
    world.ready()
    _, outcome = overlap(world, NARROWINGS[name], ask)
    assert outcome.ask.state is AskState.REFUSED
    assert outcome.decided[0].line.reason in {Reason.REVOKED, Reason.PAUSED, Reason.STOPPED}
    assert world.last.act == "ask_refused"


@pytest.mark.parametrize("name", list(NARROWINGS))
def test_a_narrowing_waits_for_a_permit_and_its_entry_stands_after_it(
    world: World, name: str
) -> None:
    world.ready()
    outcome, _ = overlap(world, ask, NARROWINGS[name])
    assert outcome.ask.state is AskState.PERMITTED
    again = world.consents.write_now(lambda c: c.asks.renew(OPERATOR, outcome.ask.id))
    assert again.ask.state is AskState.REFUSED
    acts = world.entries.acts
    assert acts.index("ask_permitted") < len(acts) - 2


def test_two_asks_at_once_never_open_an_eleventh_camera_together(world: World) -> None:
    world.pin()
    world.base(CAMERAS)
    for camera in CAMERAS[:12]:
        world.put(sealed(grant_terms(), camera_id=camera), camera=camera)
    first, second = overlap(
        world,
        lambda c: c.asks.ask(OPERATOR, draft(camera_ids=CAMERAS[:6])),
        lambda c: c.asks.ask(OPERATOR, draft(camera_ids=CAMERAS[6:12])),
    )
    lines = [each.line.state for outcome in (first, second) for each in outcome.decided]
    assert lines.count(AskState.PERMITTED) == 10
    assert lines.count(AskState.NEEDS_SECOND_PERSON) == 2


def test_two_statements_for_one_place_at_once_take_only_one(world: World) -> None:
    grant = world.ready()
    rivals = [
        sealed(grant_terms(version=2, max_session_s=each), seq=2, prev=grant.hash)
        for each in (60, 90)
    ]
    taken, refused = overlap(
        world,
        lambda c: c.owner.put(OWNER, CAMERA, rivals[0]),
        lambda c: c.owner.put(OWNER, CAMERA, rivals[1]),
    )
    assert taken.held.seq == 2
    assert refused.rejection.reason is Reason.SUPERSEDED
