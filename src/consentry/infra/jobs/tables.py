"""The queue. Done and given-up jobs stay until forgotten, so that a doctor can show them."""

from sqlalchemy import Column, Index, Integer, String, Table, text

from consentry.infra.db import Instant, JsonText, metadata

from .model import ERROR_LENGTH_MAX, KEY_LENGTH_MAX, QUEUE_LENGTH_MAX

READY = text("state = 'ready'")
RUNNING = text("state = 'run'")
OPEN = text("state IN ('ready', 'run')")

job = Table(
    "job",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("queue", String(QUEUE_LENGTH_MAX), nullable=False),
    Column("payload", JsonText, nullable=False),
    Column("state", String(10), nullable=False),
    Column("run_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempts_max", Integer, nullable=False),
    Column("key", String(KEY_LENGTH_MAX)),
    Column("owner", String(80)),
    Column("lease_until", Instant),
    Column("step", JsonText),
    Column("error", String(ERROR_LENGTH_MAX)),
    Column("grant_id", String(36)),
    Column("camera_id", String(36)),
    Column("finished_at", Instant),
)
Index(
    "ix_job_ready", job.c.queue, job.c.run_at, job.c.id,
    sqlite_where=READY, postgresql_where=READY,
)  # fmt: skip
Index("ix_job_lease", job.c.lease_until, sqlite_where=RUNNING, postgresql_where=RUNNING)
Index("ix_job_key", job.c.key, unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
Index("ix_job_grant", job.c.grant_id, sqlite_where=OPEN, postgresql_where=OPEN)
Index("ix_job_camera", job.c.camera_id, sqlite_where=OPEN, postgresql_where=OPEN)
Index("ix_job_finished", job.c.finished_at)
