"""Work for later, kept beside what it is about: queued, done and cancelled in its transactions."""

from .model import Job, JobState, LostLeaseError, NewJob
from .queue import SqlJobs
from .worker import GivenUp, Handler, Run, Worker

__all__ = [
    "GivenUp",
    "Handler",
    "Job",
    "JobState",
    "LostLeaseError",
    "NewJob",
    "Run",
    "SqlJobs",
    "Worker",
]
