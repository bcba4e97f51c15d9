"""Keep the index in step with the database: on a hint at once, and else every second."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Final

import structlog

from consentry.infra.db import Database, Transaction
from consentry.infra.db.epochs import CAMERAS, KEPT, changed_since, current
from consentry.kernel.clock import Clock
from consentry.kernel.errors import ConsentryError
from consentry.kernel.ids import CameraId

from .columns import Columns, ColumnSource
from .index import CameraIndex

CHECK_EVERY_S: Final = 1.0
CHANGES_MAX: Final = 50_000
"""With more changes than this, everything is read anew."""
AT_ONCE_MAX: Final = 100
"""So many changes are applied before others get their turn on the event loop."""

log = structlog.get_logger()

Changes = list[tuple[list[CameraId], Columns]]


class IndexRefresher:
    """One per process. `start` loads the index before it returns."""

    def __init__(
        self,
        index: CameraIndex,
        database: Database,
        source: Callable[[Transaction], ColumnSource],
        clock: Clock,
    ) -> None:
        self._index = index
        self._database = database
        self._source = source
        self._clock = clock
        self._hint = asyncio.Event()
        self._turn = asyncio.Lock()
        self._loaded = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def loaded(self) -> bool:
        return self._loaded

    async def start(self) -> None:
        await self.refresh()
        self._spawn(self._keep())

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hint(self) -> None:
        """Look now. For the event loop's thread; others use `loop.call_soon_threadsafe`."""
        self._hint.set()

    async def refresh(self) -> None:
        """Take over what has changed. On failure the index stays as it was, and grows stale."""
        async with self._turn:
            asked = self._clock.monotonic()
            if not self._loaded:
                await self._load()
            else:
                await self._catch_up()
            self._index.advance()
            self._index.checked(asked)
        if self._index.wants_rebuild():
            self._spawn(self.rebuild())

    async def rebuild(self) -> None:
        """Fold the overlay into a new block, in a thread, while changes go on."""
        making = self._index.begin_rebuild()
        try:
            block = await asyncio.to_thread(making.build, self._index.now_us())
            self._index.adopt(making, block)
        finally:
            self._index.abandon(making)

    async def _keep(self) -> None:
        while True:
            with suppress(TimeoutError):  # the second is over: look without a hint
                await asyncio.wait_for(self._hint.wait(), CHECK_EVERY_S)
            self._hint.clear()
            try:
                await self.refresh()
            except ConsentryError as error:
                log.warning("index_not_checked", reason=error.detail)
            except Exception:  # must outlive any fault: meanwhile the index refuses as stale
                log.exception("index_not_checked")

    async def _load(self) -> None:
        def read(tx: Transaction) -> tuple[int, Columns]:
            # The epoch first: what commits between the two reads is then read twice, never missed.
            return current(tx, CAMERAS), self._source(tx).all_columns()

        epoch, columns = await self._database.read(read)
        block = await asyncio.to_thread(self._index.prepared, columns)
        self._index.load(block, epoch)
        self._loaded = True

    async def _catch_up(self) -> None:
        applied = self._index.epoch
        epoch, changes = await self._database.read(lambda tx: self._changes(tx, applied))
        if changes is None:
            await self._load()
            return
        for n, (camera_ids, columns) in enumerate(changes, 1):
            # Only with the last part is the epoch reached.
            self._index.apply(camera_ids, columns, epoch if n == len(changes) else applied)
            await asyncio.sleep(0)

    def _changes(self, tx: Transaction, applied: int) -> tuple[int, Changes | None]:
        epoch = current(tx, CAMERAS)
        if epoch == applied:
            return epoch, []
        if not applied <= epoch <= applied + KEPT:
            return epoch, None
        ids = [CameraId(key) for key in changed_since(tx, CAMERAS, applied, CHANGES_MAX + 1)]
        if len(ids) > CHANGES_MAX:
            return epoch, None
        source = self._source(tx)
        parts = [_part(source, ids[n : n + AT_ONCE_MAX]) for n in range(0, len(ids), AT_ONCE_MAX)]
        return epoch, parts or [_part(source, [])]

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _part(source: ColumnSource, camera_ids: Sequence[CameraId]) -> tuple[list[CameraId], Columns]:
    return list(camera_ids), source.columns_of(camera_ids)
