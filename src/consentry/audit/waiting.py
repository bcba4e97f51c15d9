"""Those who wait for the place of an entry, and the threads and loops between them."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

POLL_S: Final = 0.010
"""An entry that another process placed is found no later than this."""
QUIET_S: Final = 0.100
"""So long the own sequencer gets before anyone asks the database."""
RECENT_MAX: Final = 16_384

_Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[int]"]
LookUp = Callable[[str], Awaitable[int | None]]


class Waiting:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, int] = OrderedDict()
        self._waiters: dict[str, list[_Waiter]] = {}

    def release(self, placed: Sequence[tuple[str, int]]) -> None:
        """Tell all who wait for these entries. From any thread."""
        due: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[int], int]]] = {}
        with self._lock:
            for entry_id, position in placed:
                self._recent[entry_id] = position
                for loop, future in self._waiters.pop(entry_id, ()):
                    due.setdefault(loop, []).append((future, position))
            while len(self._recent) > RECENT_MAX:
                self._recent.popitem(last=False)
        for loop, futures in due.items():
            with suppress(RuntimeError):  # that loop has been closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, futures)

    async def position(self, entry_id: str, look_up: LookUp) -> int:
        """Wait, without end, for the place of an entry."""
        future = self._enter(entry_id)
        if isinstance(future, int):
            return future
        try:
            pause = QUIET_S
            while not (await asyncio.wait({future}, timeout=pause))[0]:
                position = await look_up(entry_id)
                if position is not None:
                    return position
                pause = POLL_S
            return future.result()
        finally:
            self._leave(entry_id, future)

    def _enter(self, entry_id: str) -> "asyncio.Future[int] | int":
        loop = asyncio.get_running_loop()
        with self._lock:
            known = self._recent.get(entry_id)
            if known is not None:
                return known
            future: asyncio.Future[int] = loop.create_future()
            self._waiters.setdefault(entry_id, []).append((loop, future))
            return future

    def _leave(self, entry_id: str, future: "asyncio.Future[int]") -> None:
        with self._lock:
            left = [w for w in self._waiters.get(entry_id, ()) if w[1] is not future]
            if left:
                self._waiters[entry_id] = left
            else:
                self._waiters.pop(entry_id, None)


def _resolve(futures: Sequence[tuple["asyncio.Future[int]", int]]) -> None:
    for future, position in futures:
        if not future.done():
            future.set_result(position)
