"""The owner's side: what is taken in, what a map may show of it, and many seals at once."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from consentry.audit import SYSTEM
from consentry.consent.bodies import PreviewNow, Resumption, Revocation, Sharing
from consentry.consent.masks import Masks
from consentry.consent.model import Kind, Reason
from consentry.consent.records import Hub
from consentry.consent.service import Accepted, RefusedStatement, Sealed
from consentry.consent.statements import Envelope
from consentry.consent.tables import consent_audience, consent_statement
from consentry.infra.db import Database
from consentry.infra.db.epochs import CAMERAS as CAMERA_EPOCH, changed_since, current
from consentry.kernel.errors import InvalidError, NotFoundError
from tests.consent.hub import (
    AGENCY,
    CAMERA,
    CAMERAS,
    HOUSE,
    NEIGHBOUR,
    ORIGIN,
    OTHER_KEY,
    OWNER,
    RIVAL,
    World,
    grant_terms,
    sealed,
)
from tests.kit import DAY, HOUR, MINUTE, NOON
from tests.kit.chance import VirtualClock


@pytest.fixture
def world(sqlite: Database, clock: VirtualClock) -> World:
    return World(sqlite, clock)


def shown(world: World) -> list[tuple[str, int, object, object]]:
    query = select(
        consent_audience.c.party_id,
        consent_audience.c.level,
        consent_audience.c.starts_at,
        consent_audience.c.ends_at,
    ).order_by(consent_audience.c.party_id)
    return world.database.read_now(lambda tx: [tuple(r) for r in tx.connection.execute(query)])


def test_a_map_may_show_whatever_has_a_current_grant_of_any_kind(world: World) -> None:
    world.pin()
    both = grant_terms(kind=Kind.REGISTRY, agencies=frozenset({AGENCY, RIVAL}))
    world.put(sealed(both))
    end = both.not_after
    assert shown(world) == sorted([(AGENCY, 2, NOON, end), (RIVAL, 2, NOON, end)])
    world.put(sealed(Revocation(), seq=2))
    assert shown(world) == []


def test_a_grant_that_cools_is_shown_from_when_it_counts(
    sqlite: Database, clock: VirtualClock
) -> None:
    world = World(sqlite, clock, Hub(origin=ORIGIN, name="Halden", cooling=DAY))
    world.pin()
    accepted = world.put(sealed(grant_terms()))
    assert accepted.fold.effective_at == NOON + DAY
    assert shown(world)[0][2] == NOON + DAY


def test_every_change_of_consent_tells_whoever_keeps_a_map(world: World) -> None:
    world.pin()
    before = world.database.read_now(lambda tx: current(tx, CAMERA_EPOCH))
    world.put(sealed(grant_terms()))
    world.consents.write_now(lambda c: c.owner.stop(OWNER, CAMERA))
    now = world.database.read_now(lambda tx: current(tx, CAMERA_EPOCH))
    assert now == before + 2
    told = world.database.read_now(lambda tx: changed_since(tx, CAMERA_EPOCH, before, 9))
    assert told == [CAMERA]


def test_a_stop_of_a_camera_that_shares_nothing_is_written_down_all_the_same(
    world: World,
) -> None:
    world.consents.write_now(lambda c: c.owner.stop(OWNER, CAMERA))
    assert world.entries.acts == ["stop_requested"]
    assert world.consents.read_now(lambda c: c.owner.state(OWNER, CAMERA)) is None


def test_only_the_owner_of_a_camera_speaks_for_it(world: World) -> None:
    world.pin()
    with pytest.raises(NotFoundError):
        world.put(sealed(grant_terms()), who=NEIGHBOUR)
    with pytest.raises(NotFoundError):
        world.consents.write_now(lambda c: c.owner.stop(NEIGHBOUR, CAMERA))
    assert world.entries.held == []


def test_a_seal_is_read_anew_from_its_bytes_each_time(world: World) -> None:
    """A row that was altered behind the hub's back folds to nothing promised."""
    world.ready()
    altered = consent_statement.update().values(sig="00" * 64)
    world.database.write_now(lambda tx: tx.connection.execute(altered))
    state = world.consents.read_now(lambda c: c.owner.state(OWNER, CAMERA))
    assert state is not None
    assert state.grants == ()


@pytest.mark.parametrize(
    "body",
    [Sharing(until=NOON + HOUR), PreviewNow(), Masks(polygons=()), Resumption()],
)
def test_every_other_statement_has_its_place_in_the_order(world: World, body: object) -> None:
    grant = world.ready()
    taken = world.put(sealed(body, seq=2, prev=grant.hash))  # type: ignore[arg-type]  # a body
    assert isinstance(taken, Accepted)
    assert taken.held.n == taken.state.seq == 2


def test_a_share_that_has_ended_is_refused(world: World) -> None:
    grant = world.ready()
    refused = world.put(sealed(Sharing(until=NOON - MINUTE), seq=2, prev=grant.hash))
    assert isinstance(refused, RefusedStatement)
    assert (refused.rejection.reason, refused.rejection.field) == (
        Reason.UNKNOWN_FIELD,
        "body.until",
    )


class TestMany:
    def one(self, index: int, envelope: Envelope | None = None) -> Sealed:
        camera = CAMERAS[index]
        sealed_ = envelope or sealed(grant_terms(), camera_id=camera)
        return Sealed(camera_id=camera, party_id=HOUSE, envelope=sealed_, actor=SYSTEM)

    def test_many_seals_come_in_at_once_with_an_entry_each(self, world: World) -> None:
        world.pin()
        first = [self.one(index) for index in range(len(CAMERAS))]
        hash_ = first[0].envelope.hash
        second = self.one(0, sealed(grant_terms(version=2), seq=2, prev=hash_))
        taken = world.consents.write_now(lambda c: c.owner.load([*first, second]))
        assert taken == len(CAMERAS) + 1
        assert world.entries.acts == ["statement_accepted"] * taken
        assert len(shown(world)) == len(CAMERAS)
        third = self.one(0, sealed(Revocation(), seq=3, prev=second.envelope.hash))
        world.consents.write_now(lambda c: c.owner.load([third]))
        state = world.consents.read_now(lambda c: c.owner.state(OWNER, CAMERA))
        assert state is not None
        assert state.seq == 3
        assert len(shown(world)) == len(CAMERAS) - 1

    def test_one_that_cannot_stand_refuses_all(self, world: World) -> None:
        world.pin()
        bad = self.one(1, sealed(grant_terms(), camera_id=CAMERAS[1], key=OTHER_KEY))
        with pytest.raises(InvalidError) as caught:
            world.consents.write_now(lambda c: c.owner.load([self.one(0), bad]))
        assert caught.value.faults[0].field == f"{CAMERAS[1]}.key"
        count = select(func.count()).select_from(consent_statement)
        assert world.database.read_now(lambda tx: tx.connection.scalar(count)) == 0

    def test_without_a_pinned_key_none_comes_in(self, world: World) -> None:
        with pytest.raises(InvalidError):
            world.consents.write_now(lambda c: c.owner.load([self.one(0)]))


def test_what_is_shown_ends_with_the_grant(world: World) -> None:
    world.pin()
    first = sealed(grant_terms(not_after=NOON + DAY))
    world.put(first)
    world.clock.advance(timedelta(hours=1))
    later = grant_terms(version=2, not_before=NOON + 2 * DAY, not_after=NOON + 3 * DAY)
    world.put(sealed(later, seq=2, prev=first.hash))
    rows = shown(world)
    assert [(row[2], row[3]) for row in rows] == [(NOON + 2 * DAY, NOON + 3 * DAY)]
