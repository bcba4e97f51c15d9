"""A job as a value, and the bounds of the queue."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from consentry.kernel.ids import CameraId, GrantId, JobId

LEASE: Final = timedelta(seconds=60)
RENEW_EVERY_S: Final = 20.0
SWEEP_EVERY_S: Final = 10.0
POLL_EVERY_S: Final = 1.0
DRIFT_MAX: Final = timedelta(seconds=2)
"""A process whose clock is farther off the database's than this runs no jobs."""
ATTEMPTS_MAX: Final = 5
"""So often a job is begun without getting a step further before it is given up."""
BACKOFF_FIRST: Final = timedelta(seconds=2)
BACKOFF_MAX: Final = timedelta(minutes=10)
ERROR_LENGTH_MAX: Final = 500
KEY_LENGTH_MAX: Final = 120
QUEUE_LENGTH_MAX: Final = 40


class JobState(StrEnum):
    READY = "ready"
    RUN = "run"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN: Final = frozenset({JobState.READY, JobState.RUN})


class LostLeaseError(Exception):
    """The job is no longer this worker's: cancelled, or taken over after its lease ran out.

    Raised inside the unit of work, which is thereby undone: no effect of two workers can stand.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What is to be done. `payload` holds ids and never content; `key` allows one open job."""

    queue: str
    run_at: datetime
    payload: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    grant_id: GrantId | None = None
    camera_id: CameraId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands. `attempts` is the fence: it names one worker's hold on it."""

    id: JobId
    queue: str
    payload: dict[str, Any]
    state: JobState
    run_at: datetime
    attempts: int
    attempts_max: int
    key: str | None = None
    owner: str | None = None
    lease_until: datetime | None = None
    step: Any = None
    error: str | None = None
    grant_id: GrantId | None = None
    camera_id: CameraId | None = None


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling, with a ceiling."""
    doublings = max(0, min(attempts - 1, 20))
    return min(BACKOFF_FIRST * (1 << doublings), BACKOFF_MAX)
