"""Units of work: plain functions, each run in one transaction by a thread of the database's own.

A unit never awaits, so no transaction is ever held open across the outside world. On SQLite one
writer thread serves a bounded queue and commits waiting units together: each stands on its own
savepoint, one that fails takes nothing with it, and none is told of success before the COMMIT
that holds it. PostgreSQL groups commits itself; there a small pool of threads is enough.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from consentry.kernel.errors import ConflictError, ExhaustedError, UnavailableError

from . import once as once_
from .dialect import open_reader, open_writer

WRITE_QUEUE_MAX: Final = 4096
GROUP_MAX: Final = 64
READERS_MAX: Final = 4
POSTGRES_WRITERS_MAX: Final = 8
WAIT_S_MAX: Final = 30.0

S = TypeVar("S")
T = TypeVar("T")


@dataclass(slots=True)
class Transaction:
    """One open transaction, and what is to happen once it has been committed."""

    connection: Connection
    _after: list[Callable[[], None]] = field(default_factory=list)

    @property
    def on_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    def on_commit(self, then: Callable[[], None]) -> None:
        """Run `then` after COMMIT, on a database thread. It must neither block nor raise."""
        self._after.append(then)

    def committed(self) -> None:
        for then in self._after:
            then()


Unit = Callable[[Transaction], Any]


@dataclass(slots=True)
class _Waiting:
    unit: Unit
    future: "Future[Any]"


class Database:
    """All access to one database, named by SQLAlchemy's URL: `sqlite:///…`, `postgresql+psycopg://…`."""

    def __init__(self, url: str) -> None:
        self._writer = open_writer(url)
        self._reader = open_reader(url, READERS_MAX)
        self._readers = ThreadPoolExecutor(READERS_MAX, "db-read")
        self.on_sqlite = self._writer.dialect.name == "sqlite"
        self._writers: _Writers = (
            _GroupWriter(self._writer) if self.on_sqlite else _PoolWriters(self._writer)
        )

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run one unit of work and return its value once it is durable."""
        return await self._wait(self._writers.submit(_keyed(unit)))

    async def read(self, unit: Callable[[Transaction], T]) -> T:
        """Run a unit that only reads, on one consistent snapshot."""
        return await self._wait(self._readers.submit(self._read, unit))

    def write_now(self, unit: Callable[[Transaction], T]) -> T:
        """As `write`, for threads and commands outside the event loop."""
        result: T = self._writers.submit(unit).result()
        return result

    def read_now(self, unit: Callable[[Transaction], T]) -> T:
        return self._read(unit)

    def close(self) -> None:
        self._writers.close()
        self._readers.shutdown()
        self._writer.dispose()
        self._reader.dispose()

    @property
    def engine(self) -> Engine:
        """For migrations and tests alone: whoever uses it stands outside the units of work."""
        return self._writer

    def _read(self, unit: Callable[[Transaction], T]) -> T:
        with _translated(), self._reader.begin() as connection:
            return unit(Transaction(connection))

    async def _wait(self, future: "Future[T]") -> T:
        try:
            async with asyncio.timeout(WAIT_S_MAX):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise UnavailableError("The database did not answer in time. Try again.") from error


class Work(Generic[S]):
    """A service made anew inside each unit of work. The only way a route gets at a service."""

    def __init__(self, database: Database, make: Callable[[Transaction], S]) -> None:
        self._database = database
        self._make = make

    async def write(self, use: Callable[[S], T]) -> T:
        return await self._database.write(lambda tx: use(self._make(tx)))

    async def read(self, use: Callable[[S], T]) -> T:
        return await self._database.read(lambda tx: use(self._make(tx)))

    def write_now(self, use: Callable[[S], T]) -> T:
        return self._database.write_now(lambda tx: use(self._make(tx)))

    def read_now(self, use: Callable[[S], T]) -> T:
        return self._database.read_now(lambda tx: use(self._make(tx)))


def _keyed(unit: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
    """Bind the request's idempotency key to the first unit of work that the request runs."""
    once = once_.current.get()
    if once is None or once.entered:
        return unit
    once.entered = True

    def keyed(tx: Transaction) -> T:
        once_.enter(tx.connection, once)
        return unit(tx)

    return keyed


class _translated:  # noqa: N801 reads as a statement
    """Turn the driver's errors into ours: a broken constraint is a conflict, the rest an outage."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, IntegrityError):
            raise ConflictError("This contradicts what is already stored.") from error
        if isinstance(error, DBAPIError):
            raise UnavailableError("The database could not do this now. Try again.") from error


class _Writers(Protocol):
    def submit(self, unit: Unit) -> "Future[Any]": ...

    def close(self) -> None: ...


class _PoolWriters:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(POSTGRES_WRITERS_MAX, "db-write")

    def submit(self, unit: Unit) -> "Future[Any]":
        return self._pool.submit(self._run, unit)

    def close(self) -> None:
        self._pool.shutdown()

    def _run(self, unit: Unit) -> Any:
        with _translated():
            with self._engine.begin() as connection:
                tx = Transaction(connection)
                value = unit(tx)
            tx.committed()
            return value


class _GroupWriter:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(WRITE_QUEUE_MAX)
        self._thread = threading.Thread(target=self._serve, name="db-write", daemon=True)
        self._thread.start()

    def submit(self, unit: Unit) -> "Future[Any]":
        waiting = _Waiting(unit, Future())
        try:
            self._queue.put_nowait(waiting)
        except queue.Full as error:
            raise ExhaustedError("Too many changes are waiting.", retry_after_s=1) from error
        return waiting.future

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            group, last = self._gather(first)
            self._commit([w for w in group if w.future.set_running_or_notify_cancel()])
            if last:
                return

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        group = [first]
        while len(group) < GROUP_MAX:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                return group, True
            group.append(waiting)
        return group, False

    def _commit(self, group: list[_Waiting]) -> None:
        done: list[tuple[_Waiting, Transaction, Any]] = []
        failed: list[tuple[_Waiting, BaseException]] = []
        try:
            with _translated(), self._engine.begin() as connection:
                for waiting in group:
                    tx = Transaction(connection)
                    try:
                        with _translated(), connection.begin_nested():
                            value = waiting.unit(tx)
                        done.append((waiting, tx, value))
                    except BaseException as error:  # noqa: BLE001 handed to the one who waits
                        failed.append((waiting, error))
        except BaseException as error:  # noqa: BLE001 nothing of the group was committed
            for waiting in group:
                waiting.future.set_exception(error)
            return
        for waiting, tx, value in done:
            tx.committed()
            waiting.future.set_result(value)
        for waiting, reason in failed:
            waiting.future.set_exception(reason)
