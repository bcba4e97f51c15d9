"""The queue in SQL. Every method works inside the caller's transaction, and none commits."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, delete, insert, or_, select, update
from sqlalchemy.sql.dml import Update

from consentry.infra.db import Transaction
from consentry.kernel.ids import CameraId, GrantId, IdSource, JobId

from .model import (
    ATTEMPTS_MAX,
    ERROR_LENGTH_MAX,
    LEASE,
    OPEN,
    Job,
    JobState,
    LostLeaseError,
    NewJob,
    backoff,
)
from .tables import job

SWEEP_MAX: Final = 100
_OPEN: Final = sorted(state.value for state in OPEN)


class SqlJobs:
    """Made anew in each unit of work."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def add(self, new: NewJob, ids: IdSource) -> JobId:
        """Queue it, or return the open job that has the same key."""
        if new.key is not None:
            held = select(job.c.id).where(job.c.key == new.key, job.c.state.in_(_OPEN))
            found = self._connection.scalar(held)
            if found is not None:
                return JobId(found)
        job_id = JobId(ids())
        row = {
            "id": job_id,
            "queue": new.queue,
            "payload": new.payload,
            "state": JobState.READY.value,
            "run_at": new.run_at,
            "attempts": 0,
            "attempts_max": ATTEMPTS_MAX,
            "key": new.key,
            "grant_id": new.grant_id,
            "camera_id": new.camera_id,
        }
        self._connection.execute(insert(job).values(row))
        return job_id

    def claim(self, queues: Collection[str], owner: str, at: datetime) -> Job | None:
        """Take the longest waiting job that is due. No two workers ever get the same attempt."""
        due = select(job.c.id).where(
            job.c.queue.in_(sorted(queues)), job.c.state == JobState.READY.value, job.c.run_at <= at
        )
        first = due.order_by(job.c.run_at, job.c.id).limit(1).with_for_update(skip_locked=True)
        job_id = self._connection.scalar(first)
        if job_id is None:
            return None
        taken = update(job).where(job.c.id == job_id).values(
            state=JobState.RUN.value,
            owner=owner,
            lease_until=at + LEASE,
            attempts=job.c.attempts + 1,
        )  # fmt: skip
        return _from_row(self._connection.execute(taken.returning(job)).one())

    def find(self, job_id: JobId) -> Job | None:
        row = self._connection.execute(select(job).where(job.c.id == job_id)).one_or_none()
        return None if row is None else _from_row(row)

    def renew(self, held: Job, at: datetime) -> bool:
        """Keep the lease. False: the job is no longer ours, and its work must stop."""
        return self._touch(_mine(held).values(lease_until=at + LEASE))

    def hold(self, held: Job, at: datetime, step: Any = None) -> None:
        """Fence a unit of work: raises LostLeaseError unless the job is still this attempt's.

        The row stays locked until the unit commits, so a cancellation comes before or after it
        and never in between. A step reached earns the job its full number of attempts again.
        """
        values: dict[str, Any] = {"lease_until": at + LEASE}
        if step is not None:
            values |= {"step": step, "attempts_max": held.attempts + ATTEMPTS_MAX}
        self._must(_mine(held).values(values))

    def finish(self, held: Job, at: datetime) -> None:
        """Done. Raises LostLeaseError, whereupon whatever else the unit did is undone."""
        self._must(_mine(held).values(_closed(JobState.DONE, at)))

    def fail(self, held: Job, at: datetime, error: str, *, final: bool = False) -> bool:
        """Put it back with growing pauses, or give it up. False: it was not ours any more."""
        told = error[:ERROR_LENGTH_MAX]
        if final or held.attempts >= self._attempts_max(held):
            return self._touch(_mine(held).values(_closed(JobState.FAILED, at) | {"error": told}))
        return self._touch(_mine(held).values(_again(at + backoff(held.attempts), told)))

    def release(self, held: Job, at: datetime) -> bool:
        """Give it back at once, as a process that ends in order does; counts as no attempt."""
        allowed = {"attempts_max": job.c.attempts_max + 1}
        return self._touch(_mine(held).values(_again(at, None) | allowed))

    def sweep(self, at: datetime) -> list[Job]:
        """Free jobs whose worker fell silent. Returns those that are thereby given up."""
        lapsed = select(job).where(job.c.state == JobState.RUN.value, job.c.lease_until <= at)
        rows = self._connection.execute(
            lapsed.order_by(job.c.lease_until).limit(SWEEP_MAX).with_for_update(skip_locked=True)
        ).all()
        swept = [_from_row(row) for row in rows]
        for one in swept:
            self.fail(one, at, "The worker fell silent.")
        return [one for one in swept if self.given_up(one)]

    def given_up(self, held: Job) -> bool:
        query = select(job.c.state).where(job.c.id == held.id)
        return self._connection.scalar(query) == JobState.FAILED.value

    def cancel(self, job_id: JobId, at: datetime) -> bool:
        return self._cancel(job.c.id == job_id, at) > 0

    def cancel_for(
        self,
        at: datetime,
        *,
        grant_id: GrantId | None = None,
        camera_id: CameraId | None = None,
    ) -> int:
        """End every open job of a grant or a camera, in the transaction that withdraws it."""
        named = [
            column == value
            for column, value in ((job.c.grant_id, grant_id), (job.c.camera_id, camera_id))
            if value is not None
        ]
        return self._cancel(or_(*named), at) if named else 0

    def forget_before(self, bound: datetime) -> int:
        """Delete what was finished before `bound`."""
        return self._connection.execute(delete(job).where(job.c.finished_at < bound)).rowcount

    def _attempts_max(self, held: Job) -> int:
        query = select(job.c.attempts_max).where(job.c.id == held.id)
        return self._connection.scalar(query) or 0

    def _cancel(self, which: ColumnElement[bool], at: datetime) -> int:
        ended = update(job).where(which, job.c.state.in_(_OPEN))
        return self._connection.execute(ended.values(_closed(JobState.CANCELLED, at))).rowcount

    def _touch(self, statement: Update) -> bool:
        return self._connection.execute(statement).rowcount == 1

    def _must(self, statement: Update) -> None:
        if not self._touch(statement):
            raise LostLeaseError


def _mine(held: Job) -> Update:
    return update(job).where(
        job.c.id == held.id, job.c.state == JobState.RUN.value, job.c.attempts == held.attempts
    )


def _closed(state: JobState, at: datetime) -> dict[str, Any]:
    return {"state": state.value, "finished_at": at, "lease_until": None}


def _again(run_at: datetime, error: str | None) -> dict[str, Any]:
    ready = {"state": JobState.READY.value, "run_at": run_at, "lease_until": None, "owner": None}
    return ready if error is None else ready | {"error": error}


def _from_row(row: Row[Any]) -> Job:
    return Job(
        id=JobId(row.id),
        queue=row.queue,
        payload=row.payload,
        state=JobState(row.state),
        run_at=row.run_at,
        attempts=row.attempts,
        attempts_max=row.attempts_max,
        key=row.key,
        owner=row.owner,
        lease_until=row.lease_until,
        step=row.step,
        error=row.error,
        grant_id=None if row.grant_id is None else GrantId(row.grant_id),
        camera_id=None if row.camera_id is None else CameraId(row.camera_id),
    )
