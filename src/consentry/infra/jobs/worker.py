"""The loop that works a queue off: claim, keep the lease, do it in fenced steps, sweep the lost.

It runs as one task inside the hub. What a handler changes goes through `Run.write`, so that each
step and the mark that it was reached are committed together, or not at all.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import func, select

from consentry.infra.db import Database, Transaction
from consentry.kernel.clock import Clock
from consentry.kernel.errors import ConsentryError

from .model import DRIFT_MAX, POLL_EVERY_S, RENEW_EVERY_S, SWEEP_EVERY_S, Job, LostLeaseError
from .queue import SqlJobs

SLOTS: Final = 2
"""So many jobs at once in one process."""

T = TypeVar("T")
log = structlog.get_logger()


class Run:
    """One attempt at a job, as its handler sees it."""

    def __init__(self, database: Database, clock: Clock, job: Job) -> None:
        self._database = database
        self._clock = clock
        self.job = job
        self.finished = False

    async def write(self, unit: Callable[[Transaction], T], *, step: Any = None) -> T:
        """One unit of work, undone if the job is no longer ours; `step` is kept with it."""

        def fenced(tx: Transaction) -> T:
            SqlJobs(tx).hold(self.job, self._clock.now(), step)
            return unit(tx)

        return await self._database.write(fenced)

    async def read(self, unit: Callable[[Transaction], T]) -> T:
        return await self._database.read(unit)

    async def finish(self, unit: Callable[[Transaction], T]) -> T:
        """The last step and the end of the job, in one transaction."""

        def fenced(tx: Transaction) -> T:
            SqlJobs(tx).finish(self.job, self._clock.now())
            return unit(tx)

        value = await self._database.write(fenced)
        self.finished = True
        return value


Handler = Callable[[Run], Awaitable[None]]
GivenUp = Callable[[Transaction, Job], None]
DatabaseClock = Callable[[Transaction], datetime | None]


def database_clock(tx: Transaction) -> datetime | None:
    """The time a shared database keeps; None where database and worker share one machine."""
    if tx.on_sqlite:
        return None
    return tx.connection.scalar(select(func.clock_timestamp()))


def _nothing_more(tx: Transaction) -> None:
    """For a handler whose last step was its last change."""


class Worker:
    """Handlers by queue. `given_up` is told, in the same transaction, of a job that failed."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handlers: Mapping[str, Handler],
        *,
        name: str,
        given_up: Mapping[str, GivenUp] | None = None,
        told_by: DatabaseClock = database_clock,
    ) -> None:
        self._database = database
        self._clock = clock
        self._handlers = handlers
        self._name = name
        self._given_up = given_up or {}
        self._told_by = told_by
        self._hint = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._sweep_at = float("-inf")

    def wake(self) -> None:
        """A job was added: look now. For the event loop's own thread."""
        self._hint.set()

    async def run(self) -> None:
        """Until cancelled; then whatever is under way is given back."""
        try:
            while True:
                self._hint.clear()
                with contextlib.suppress(TimeoutError):
                    await self._turn()
                    async with asyncio.timeout(POLL_EVERY_S):
                        await self._hint.wait()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def drain(self) -> None:
        """Do what is due now and return: for commands and tests."""
        while await self._begin():
            await asyncio.gather(*self._running)

    async def sweep(self) -> int:
        """Free the jobs of workers that fell silent."""

        def unit(tx: Transaction) -> int:
            lost = SqlJobs(tx).sweep(self._clock.now())
            for job in lost:
                self._tell(tx, job)
            return len(lost)

        return await self._database.write(unit)

    async def _turn(self) -> None:
        try:
            if self._clock.monotonic() - self._sweep_at >= SWEEP_EVERY_S:
                self._sweep_at = self._clock.monotonic()
                await self.sweep()
            while len(self._running) < SLOTS and await self._begin():
                pass
        except ConsentryError as error:  # the database is away: look again at the next turn
            log.warning("jobs_wait", reason=error.detail)

    async def _begin(self) -> bool:
        job = await self._database.write(self._claim)
        if job is None:
            return False
        task = asyncio.create_task(self._attempt(job))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return True

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._hint.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job_left", exc_info=error)  # its lease runs out, and the sweep finds it

    def _claim(self, tx: Transaction) -> Job | None:
        now, told = self._clock.now(), self._told_by(tx)
        if told is not None and abs(now - told) > DRIFT_MAX:
            log.error("jobs_refused", reason="clock_drift", seconds=(now - told).total_seconds())
            return None
        return SqlJobs(tx).claim(self._handlers.keys(), self._name, now)

    async def _attempt(self, job: Job) -> None:
        run = Run(self._database, self._clock, job)
        work = asyncio.ensure_future(self._handlers[job.queue](run))
        keeping = asyncio.create_task(self._keep(job, work))
        try:
            await work
            if not run.finished:
                await run.finish(_nothing_more)
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await asyncio.shield(self._release(job))
        except LostLeaseError:
            log.info("job_lost", job_id=job.id, queue=job.queue)
        except Exception as error:  # the worker's outermost loop
            log.warning("job_failed", job_id=job.id, queue=job.queue, exc_info=error)
            await self._fail(job, error)
        finally:
            keeping.cancel()

    async def _keep(self, job: Job, work: "asyncio.Future[None]") -> None:
        """Renew the lease as long as the work goes on; stop the work once the job is not ours."""
        while not work.done():
            await asyncio.sleep(RENEW_EVERY_S)
            try:
                mine = await self._database.write(
                    lambda tx: SqlJobs(tx).renew(job, self._clock.now())
                )
            except ConsentryError as error:  # its steps are fenced, so nothing is lost by trying on
                log.warning("job_not_renewed", job_id=job.id, reason=error.detail)
                continue
            if not mine:
                work.cancel()
                return

    async def _release(self, job: Job) -> None:
        """Harmless where the job is not ours any more: then there is nothing to release."""
        await self._database.write(lambda tx: SqlJobs(tx).release(job, self._clock.now()))

    async def _fail(self, job: Job, error: Exception) -> None:
        told = error.detail if isinstance(error, ConsentryError) else type(error).__name__

        def unit(tx: Transaction) -> None:
            jobs = SqlJobs(tx)
            if jobs.fail(job, self._clock.now(), told) and jobs.given_up(job):
                self._tell(tx, job)

        await self._database.write(unit)

    def _tell(self, tx: Transaction, job: Job) -> None:
        tell = self._given_up.get(job.queue)
        if tell is not None:
            tell(tx, job)
