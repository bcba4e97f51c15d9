"""The queue under what it was built for: kills, lost leases, two workers, withdrawal."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from consentry.infra.db import Database, Transaction
from consentry.infra.jobs import Job, JobState, LostLeaseError, NewJob, Run, SqlJobs, Worker
from consentry.infra.jobs.model import (
    ATTEMPTS_MAX,
    BACKOFF_MAX,
    DRIFT_MAX,
    LEASE,
    backoff,
)
from consentry.infra.jobs.worker import database_clock
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import CameraId, GrantId, JobId
from tests.kit import DAY, HOUR, NOON
from tests.kit.chance import CountingIds, VirtualClock
from tests.kit.databases import Databases

from .job_victim import STEPS, effect, work

pytestmark = pytest.mark.anyio
SECOND = timedelta(seconds=1)


def put(database: Database, start: int = 0, **changes: Any) -> JobId:
    new = replace(NewJob(queue="work", run_at=NOON), **changes)
    return database.write_now(lambda tx: SqlJobs(tx).add(new, CountingIds(start)))


def claim(database: Database, at: datetime = NOON, owner: str = "me") -> Job | None:
    return database.write_now(lambda tx: SqlJobs(tx).claim(["work"], owner, at))


def claimed(database: Database, at: datetime = NOON) -> Job:
    job = claim(database, at)
    assert job is not None
    return job


def found(database: Database, job_id: JobId) -> Job:
    job = database.read_now(lambda tx: SqlJobs(tx).find(job_id))
    assert job is not None
    return job


def effects(database: Database) -> list[int]:
    query = select(effect.c.step).order_by(effect.c.n)
    return database.read_now(lambda tx: list(tx.connection.scalars(query)))


def a_worker(database: Database, clock: VirtualClock, handler: Any = work, **more: Any) -> Worker:
    return Worker(database, clock, {"work": handler}, name="me", told_by=lambda tx: None, **more)


def test_jobs_come_when_due_in_order_and_once(database: Database) -> None:
    late = put(database, 10, run_at=NOON + HOUR)
    second = put(database, 20, run_at=NOON)
    first = put(database, 30, run_at=NOON - HOUR, payload={"id": "x"})
    put(database, 40, queue="other")
    job = claimed(database)
    assert (job.id, job.payload, job.attempts, job.owner) == (first, {"id": "x"}, 1, "me")
    assert (job.state, job.lease_until) == (JobState.RUN, NOON + LEASE)
    assert claimed(database).id == second
    assert claim(database) is None
    assert claimed(database, NOON + HOUR).id == late
    assert database.read_now(lambda tx: SqlJobs(tx).find(JobId("none"))) is None


def test_a_key_admits_one_open_job_and_another_when_that_is_done(database: Database) -> None:
    first = put(database, 10, key="import 1")
    assert put(database, 20, key="import 1") == first
    job = claimed(database)
    assert put(database, 30, key="import 1") == first, "a running job is open too"
    database.write_now(lambda tx: SqlJobs(tx).finish(job, NOON))
    assert put(database, 40, key="import 1") != first


def test_two_workers_at_once_never_get_the_same_job(database: Database) -> None:
    for number in range(20):
        put(database, number * 10)

    async def both() -> list[Job | None]:
        units: list[Callable[[Transaction], Job | None]] = [
            lambda tx: SqlJobs(tx).claim(["work"], "me", NOON) for _ in range(30)
        ]
        return await asyncio.gather(*map(database.write, units))

    jobs = [job for job in asyncio.run(both()) if job is not None]
    assert len(jobs) == len({job.id for job in jobs}) == 20


def test_a_lapsed_lease_fences_the_first_worker_out(database: Database) -> None:
    put(database)
    first = claimed(database)
    later = NOON + LEASE
    assert database.write_now(lambda tx: SqlJobs(tx).sweep(later - SECOND)) == []
    assert claim(database, later - SECOND) is None
    database.write_now(lambda tx: SqlJobs(tx).sweep(later))
    assert claim(database, later) is None, "it pauses before the next attempt"
    second = claimed(database, later + backoff(1))
    assert (second.id, second.attempts) == (first.id, 2)

    def step(tx: Transaction) -> None:
        SqlJobs(tx).hold(first, later, 1)
        tx.connection.execute(insert(effect).values(job_id=first.id, step=1))

    for late in (step, lambda tx: SqlJobs(tx).finish(first, later)):
        with pytest.raises(LostLeaseError):
            database.write_now(late)
    assert not database.write_now(lambda tx: SqlJobs(tx).renew(first, later))
    assert not database.write_now(lambda tx: SqlJobs(tx).fail(first, later, "late"))
    assert not database.write_now(lambda tx: SqlJobs(tx).release(first, later))
    assert effects(database) == []
    database.write_now(lambda tx: SqlJobs(tx).finish(second, later))
    assert found(database, first.id).state is JobState.DONE


def test_an_effect_before_the_fence_is_undone_with_it(database: Database) -> None:
    job_id = put(database)
    job = claimed(database)
    database.write_now(lambda tx: SqlJobs(tx).cancel(job_id, NOON))

    def leave_then_ask(tx: Transaction) -> None:
        tx.connection.execute(insert(effect).values(job_id=job_id, step=1))
        SqlJobs(tx).hold(job, NOON)

    with pytest.raises(LostLeaseError):
        database.write_now(leave_then_ask)
    assert effects(database) == []


def test_a_renewed_lease_is_not_swept(database: Database) -> None:
    put(database)
    job = claimed(database)
    assert database.write_now(lambda tx: SqlJobs(tx).renew(job, NOON + LEASE))
    database.write_now(lambda tx: SqlJobs(tx).sweep(NOON + LEASE + SECOND))
    assert found(database, job.id).state is JobState.RUN


def test_a_job_that_gets_nowhere_is_given_up(database: Database) -> None:
    job_id = put(database)
    at = NOON
    for attempt in range(1, ATTEMPTS_MAX + 1):
        job = claimed(database, at)
        assert job.attempts == attempt
        database.write_now(lambda tx, job=job, at=at: SqlJobs(tx).fail(job, at, "no " * 999))  # type: ignore[misc]
        at += BACKOFF_MAX
    left = found(database, job_id)
    assert (left.state, claim(database, at)) == (JobState.FAILED, None)
    assert left.error is not None
    assert left.error.startswith("no no")


def test_a_step_forward_earns_fresh_attempts(database: Database) -> None:
    put(database)
    at = NOON
    for step in range(ATTEMPTS_MAX + 2):
        job = claimed(database, at)
        assert job.step == (step or None)

        def forward_and_fail(
            tx: Transaction, job: Job = job, at: datetime = at, step: int = step
        ) -> None:
            SqlJobs(tx).hold(job, at, step + 1)
            SqlJobs(tx).fail(job, at, "again")

        database.write_now(forward_and_fail)
        at += BACKOFF_MAX
    assert claimed(database, at).step == ATTEMPTS_MAX + 2


def test_a_final_failure_is_not_tried_again(database: Database) -> None:
    put(database)
    job = claimed(database)
    database.write_now(lambda tx: SqlJobs(tx).fail(job, NOON, "never", final=True))
    assert found(database, job.id).state is JobState.FAILED


@pytest.mark.parametrize("running", [False, True])
def test_withdrawing_a_grant_ends_its_jobs_in_the_same_transaction(
    database: Database, running: bool
) -> None:
    grant, camera = GrantId("grant"), CameraId("camera")
    ids = [
        put(database, 10, grant_id=grant),
        put(database, 20, camera_id=camera),
        put(database, 30),
    ]
    job = claimed(database) if running else None

    def withdraw(tx: Transaction) -> int:
        return SqlJobs(tx).cancel_for(NOON, grant_id=grant, camera_id=camera)

    assert database.write_now(withdraw) == 2
    states = [found(database, job_id).state for job_id in ids]
    assert states == [JobState.CANCELLED, JobState.CANCELLED, JobState.READY]
    assert database.write_now(lambda tx: SqlJobs(tx).cancel_for(NOON)) == 0, "nothing named: none"
    assert not database.write_now(lambda tx: SqlJobs(tx).cancel(ids[0], NOON))
    if job is not None:
        with pytest.raises(LostLeaseError):
            database.write_now(lambda tx: SqlJobs(tx).finish(job, NOON))


def test_finished_jobs_are_forgotten_after_a_while(database: Database) -> None:
    job_id, waiting = put(database, 10), put(database, 20, run_at=NOON + HOUR)
    job = claimed(database)
    database.write_now(lambda tx: SqlJobs(tx).finish(job, NOON))
    assert database.write_now(lambda tx: SqlJobs(tx).forget_before(NOON)) == 0
    assert database.write_now(lambda tx: SqlJobs(tx).forget_before(NOON + DAY)) == 1
    assert database.read_now(lambda tx: SqlJobs(tx).find(job_id)) is None
    assert found(database, waiting).state is JobState.READY


def test_pauses_double_up_to_a_ceiling() -> None:
    pauses = [backoff(attempt) for attempt in (1, 2, 3, 10**6)]
    assert pauses == [2 * SECOND, 4 * SECOND, 8 * SECOND, BACKOFF_MAX]


async def test_the_worker_does_each_step_once(database: Database, clock: VirtualClock) -> None:
    job_id = put(database)
    await a_worker(database, clock).drain()
    assert effects(database) == list(range(1, STEPS + 1))
    assert found(database, job_id).state is JobState.DONE


async def test_a_failing_handler_goes_on_from_its_last_step(
    database: Database, clock: VirtualClock
) -> None:
    async def stumble(run: Run) -> None:
        def leave(tx: Transaction) -> None:
            tx.connection.execute(insert(effect).values(job_id=run.job.id, step=1))

        if run.job.step is None:
            await run.write(leave, step=1)
            raise InvalidError.of("place", "is nowhere")

    job_id = put(database)
    worker = a_worker(database, clock, stumble)
    await worker.drain()
    left = found(database, job_id)
    assert (left.state, left.error) == (JobState.READY, "place: is nowhere")
    clock.advance(backoff(1))
    await worker.drain()
    assert found(database, job_id).state is JobState.DONE
    assert effects(database) == [1]


async def test_whoever_queued_it_is_told_that_it_was_given_up(
    sqlite: Database, clock: VirtualClock
) -> None:
    async def never(run: Run) -> None:
        raise RuntimeError("the secret is 42")

    told: list[JobId] = []
    job_id = put(sqlite)
    given_up = {"work": lambda tx, job: told.append(job.id)}
    worker = a_worker(sqlite, clock, never, given_up=given_up)
    for _ in range(ATTEMPTS_MAX + 1):
        await worker.drain()
        clock.advance(BACKOFF_MAX)
    assert told == [job_id]
    assert found(sqlite, job_id).error == "RuntimeError", "what went wrong inside stays inside"


async def test_the_sweep_tells_too(sqlite: Database, clock: VirtualClock) -> None:
    told: list[JobId] = []
    job_id = put(sqlite)
    worker = a_worker(sqlite, clock, given_up={"work": lambda tx, job: told.append(job.id)})
    for _ in range(ATTEMPTS_MAX):
        claimed(sqlite, clock.now())
        clock.advance(BACKOFF_MAX)
        await worker.sweep()
        clock.advance(BACKOFF_MAX)
    assert told == [job_id]


async def test_an_orderly_end_gives_the_job_back_at_once(
    sqlite: Database, clock: VirtualClock
) -> None:
    begun = asyncio.Event()

    async def linger(run: Run) -> None:
        begun.set()
        await asyncio.Event().wait()

    job_id = put(sqlite)
    for attempt in range(1, ATTEMPTS_MAX + 3):
        begun.clear()
        running = asyncio.create_task(a_worker(sqlite, clock, linger).run())
        await begun.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        left = found(sqlite, job_id)
        assert (left.state, left.run_at, left.attempts) == (JobState.READY, NOON, attempt)


async def test_the_loop_takes_what_comes_when_it_is_woken(
    sqlite: Database, clock: VirtualClock
) -> None:
    worker = a_worker(sqlite, clock)
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0)
    job_id = put(sqlite)
    worker.wake()
    while found(sqlite, job_id).state is not JobState.DONE:  # noqa: ASYNC110 the pytest timeout bounds it
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert effects(sqlite) == list(range(1, STEPS + 1))


async def test_a_clock_that_is_off_runs_no_jobs(sqlite: Database, clock: VirtualClock) -> None:
    job_id = put(sqlite)
    for told in (NOON - DRIFT_MAX - SECOND, NOON + DRIFT_MAX + SECOND):

        def elsewhere(tx: Transaction, told: datetime = told) -> datetime:
            return told

        await Worker(sqlite, clock, {"work": work}, name="me", told_by=elsewhere).drain()
        assert found(sqlite, job_id).state is JobState.READY


def test_only_a_database_elsewhere_keeps_another_clock(database: Database) -> None:
    told = database.read_now(database_clock)
    assert (told is None) is database.on_sqlite
    assert told is None or told.tzinfo is not None


@pytest.mark.parametrize("moment", ["in 1", "after 1", "in 4", "after 7", f"in {STEPS}"])
def test_kill_nine_at_any_step_leaves_each_effect_once(databases: Databases, moment: str) -> None:
    database = databases.make()
    job_id = put(database)
    command = [sys.executable, "-m", "tests.infra.job_victim", url_of(database)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": "src"}
    ) as victim:
        assert victim.stdout is not None
        for line in victim.stdout:
            if line.strip() == moment:
                break
        victim.kill()
    done = len(effects(database))
    assert found(database, job_id).state is JobState.RUN
    assert (found(database, job_id).step or 0) == done, "a step and its mark stand or fall together"
    clock = VirtualClock(NOON + LEASE)
    worker = a_worker(database, clock)

    async def recover() -> None:
        while found(database, job_id).state is JobState.RUN:  # PostgreSQL notices a death late
            await worker.sweep()
        clock.advance(backoff(1))
        await worker.drain()

    asyncio.run(recover())
    assert effects(database) == list(range(1, STEPS + 1))
    assert found(database, job_id).state is JobState.DONE


def url_of(database: Database) -> str:
    with database.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return database.engine.url.render_as_string(hide_password=False)
