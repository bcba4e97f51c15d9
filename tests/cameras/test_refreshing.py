"""The index keeps in step with the database, and refuses once it can't."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from consentry.cameras.columns import FOREVER_US, POINT, Columns
from consentry.cameras.index import CameraIndex
from consentry.cameras.refreshing import IndexRefresher
from consentry.cameras.search import Viewer, circle
from consentry.cameras.shapes import Disc
from consentry.infra.db import Database, Transaction
from consentry.infra.db.epochs import CAMERAS, bump
from consentry.kernel.errors import UnavailableError
from consentry.kernel.geo import Circle
from consentry.kernel.ids import CameraId
from tests.cameras.oracle import CENTRES, PARTIES, OracleCamera, World, columns
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio

HERE = CENTRES[0]
POLICE, SHOP = PARTIES[0], PARTIES[3]


@dataclass
class FakeSource:
    """Implements `ColumnSource`, and can fail as a database does."""

    world: World = field(default_factory=dict)
    broken: Exception | None = None
    whole_reads: int = 0

    def all_columns(self) -> Columns:
        self.whole_reads += 1
        return columns(list(self.world.values()))

    def columns_of(self, camera_ids: Sequence[CameraId]) -> Columns:
        wanted = set(camera_ids)
        return columns([camera for camera in self.world.values() if camera.id in wanted])

    def open(self, tx: Transaction) -> "FakeSource":
        if self.broken is not None:
            raise self.broken
        return self


class Hub:
    def __init__(self, database: Database, clock: VirtualClock) -> None:
        self.database, self.clock = database, clock
        self.source = FakeSource()
        self.index = CameraIndex(clock)
        self.refresher = IndexRefresher(self.index, database, self.source.open, clock)

    def put(self, number: int, *granted: str) -> None:
        windows = [(party, POINT, 0, FOREVER_US) for party in PARTIES if party in granted]
        camera = OracleCamera(number, HERE, SHOP, windows=windows)
        self.source.world[number] = camera
        self.database.write_now(lambda tx: bump(tx, CAMERAS, [camera.id]))

    def drop(self, number: int) -> None:
        camera = self.source.world.pop(number)
        self.database.write_now(lambda tx: bump(tx, CAMERAS, [camera.id]))

    def seen(self) -> list[int]:
        viewer = Viewer.of(POLICE, Circle(HERE, 100.0))
        found = circle(self.index.current(), viewer, Disc(HERE, 50.0))
        return [int(number) for number in found.number]


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110 the index has no event to tell a test
            await asyncio.sleep(0.01)


@pytest.fixture
def hub(database: Database, clock: VirtualClock) -> Hub:
    return Hub(database, clock)


async def test_nothing_is_answered_before_the_first_load(hub: Hub) -> None:
    with pytest.raises(UnavailableError):
        hub.index.current()
    await hub.refresher.refresh()
    assert hub.seen() == []
    assert hub.refresher.loaded


async def test_changes_are_taken_over_one_by_one(hub: Hub) -> None:
    hub.put(1, POLICE)
    await hub.refresher.refresh()
    hub.put(2, POLICE)
    hub.put(3)
    assert hub.seen() == [1]
    await hub.refresher.refresh()
    assert hub.seen() == [1, 2]
    hub.put(1)
    hub.put(3, POLICE)
    hub.drop(2)
    await hub.refresher.refresh()
    assert hub.seen() == [3]
    assert hub.source.whole_reads == 1
    assert hub.index.epoch == 6


async def test_many_changes_come_in_parts_and_too_many_as_a_whole(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consentry.cameras.refreshing.AT_ONCE_MAX", 2)
    monkeypatch.setattr("consentry.cameras.refreshing.CHANGES_MAX", 5)
    await hub.refresher.refresh()
    for number in range(5):
        hub.put(number, POLICE)
    await hub.refresher.refresh()
    assert (hub.seen(), hub.source.whole_reads) == ([0, 1, 2, 3, 4], 1)
    for number in range(6):
        hub.drop(number) if number < 5 else hub.put(9, POLICE)
    await hub.refresher.refresh()
    assert (hub.seen(), hub.source.whole_reads) == ([9], 2)


async def test_whoever_is_far_behind_reads_everything_anew(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consentry.cameras.refreshing.KEPT", 3)
    await hub.refresher.refresh()
    for number in range(4):
        hub.put(number, POLICE)
    await hub.refresher.refresh()
    assert (hub.seen(), hub.source.whole_reads) == ([0, 1, 2, 3], 2)


async def test_it_grows_stale_when_the_database_is_cut_and_recovers(hub: Hub) -> None:
    hub.put(1, POLICE)
    await hub.refresher.refresh()
    hub.source.broken = UnavailableError("The database is away.")
    hub.put(1)
    hub.clock.advance(timedelta(seconds=2))
    with pytest.raises(UnavailableError, match="away"):
        await hub.refresher.refresh()
    assert hub.seen() == [1], "two seconds old: still within the bound"
    hub.clock.advance(timedelta(seconds=1.5))
    with pytest.raises(UnavailableError) as caught:
        hub.seen()
    assert caught.value.code == "index_stale"
    hub.source.broken = None
    await hub.refresher.refresh()
    assert hub.seen() == []


async def test_a_hint_is_followed_without_waiting_and_faults_do_not_end_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consentry.cameras.refreshing.CHECK_EVERY_S", 3600)
    await hub.refresher.start()
    try:
        for fault in (UnavailableError("Away."), RuntimeError("A fault.")):
            hub.source.broken = fault
            hub.put(1, POLICE)
            hub.refresher.hint()
            await asyncio.sleep(0.05)
        hub.source.broken = None
        hub.refresher.hint()
        await until(lambda: hub.seen() == [1])
    finally:
        await hub.refresher.stop()


async def test_it_looks_by_itself_too(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consentry.cameras.refreshing.CHECK_EVERY_S", 0.01)
    await hub.refresher.start()
    try:
        hub.put(1, POLICE)
        await until(lambda: hub.seen() == [1])
    finally:
        await hub.refresher.stop()


async def test_the_overlay_is_folded_in_while_changes_go_on(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consentry.cameras.index.OVERLAY_ROWS_MIN", 3)
    await hub.refresher.refresh()
    for number in range(4):
        hub.put(number, POLICE)
    await hub.refresher.refresh()
    await until(lambda: len(hub.index.current().blocks) == 1 and len(hub.seen()) == 4)
    hub.drop(2)
    await hub.refresher.refresh()
    assert hub.seen() == [0, 1, 3]
    await hub.refresher.stop()


async def test_a_rebuild_that_fails_leaves_everything_as_it_was(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.put(1, POLICE)
    await hub.refresher.refresh()

    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr("consentry.cameras.index.Rebuild.build", fail)
        with pytest.raises(MemoryError):
            await hub.refresher.rebuild()
    assert hub.seen() == [1]
    await hub.refresher.rebuild()
    assert hub.seen() == [1]
