"""A worker in a process of its own, made to be killed: it says each step that it has taken."""

import asyncio
import sys

from sqlalchemy import Column, Integer, String, Table, insert

from consentry.infra.db import Database, Transaction, metadata
from consentry.infra.jobs import Run, Worker
from tests.kit.chance import VirtualClock

STEPS = 8

effect = Table(
    "test_job_effect",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("job_id", String(36), nullable=False),
    Column("step", Integer, nullable=False),
)


async def work(run: Run) -> None:
    """Each step leaves one row; nothing but the queue keeps it from leaving two."""
    for step in range((run.job.step or 0) + 1, STEPS + 1):

        def leave(tx: Transaction, step: int = step) -> None:
            print(f"in {step}", flush=True)  # noqa: T201 the test waits for this line
            tx.connection.execute(insert(effect).values(job_id=run.job.id, step=step))

        await run.write(leave, step=step)
        print(f"after {step}", flush=True)  # noqa: T201 as above


if __name__ == "__main__":
    database = Database(sys.argv[1])
    worker = Worker(
        database, VirtualClock(), {"work": work}, name="victim", told_by=lambda tx: None
    )
    asyncio.run(worker.drain())
    database.close()
