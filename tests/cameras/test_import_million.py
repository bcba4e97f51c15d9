"""A file of a million rows: everything lands, in bounded memory. Run by `make campaign`."""

import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from consentry.cameras.imports import Options
from consentry.cameras.jobs import ImportJobs
from consentry.cameras.records import ROWS_MAX, Format
from consentry.cameras.spool import Spool
from consentry.cameras.store import SqlColumns
from consentry.cameras.tables import camera
from consentry.infra.db import Database
from consentry.infra.jobs import Worker
from tests.kit.chance import VirtualClock

from .desk import enrol
from .hub import ADMIN, Hub

pytestmark = [pytest.mark.anyio, pytest.mark.campaign, pytest.mark.timeout(3600)]
HEAD = "reference,name,lat,lon,kind,setting,bearing_deg,fov_deg,range_m,address\n"


def lines(rows: int) -> Iterator[bytes]:
    yield HEAD.encode()
    for start in range(0, rows, 10_000):
        yield "".join(
            f"C{n},Camera {n},{53 + n % 997 / 1e4:.4f},{9 + n % 1009 / 1e4:.4f},fixed,public,"
            f"{n % 360},90,40,Some Street {n % 97}\n"
            for n in range(start, min(start + 10_000, rows))
        ).encode()


def peak_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


@pytest.mark.parametrize("rows", [ROWS_MAX, ROWS_MAX + 1])
async def test_a_million_rows_land_and_one_more_is_refused_whole(
    sqlite: Database, clock: VirtualClock, tmp_path: Path, rows: int
) -> None:
    hub, spool = Hub(sqlite, clock), Spool(tmp_path / "uploads")
    spool.open()
    sqlite.write_now(enrol)
    jobs = ImportJobs(hub.make_intake, spool)
    worker = Worker(sqlite, clock, jobs.handlers(), name="me", told_by=lambda tx: None)

    async def body() -> AsyncIterator[bytes]:
        for chunk in lines(rows):
            yield chunk

    before = peak_kib()
    options = Options(format=Format.CSV)
    spooled = await spool.receive(hub.ids(), body(), None)
    started = time.perf_counter()
    one = sqlite.write_now(lambda tx: hub.make_intake(tx).begin(ADMIN, spooled, options))
    await worker.drain()
    tell(f"{rows} rows, {spooled.bytes} bytes", started, before)
    after = sqlite.read_now(lambda tx: hub.make_intake(tx).get(ADMIN, one.id))
    query = select(func.count()).select_from(camera)
    count = sqlite.read_now(lambda tx: tx.connection.scalar(query))
    if rows > ROWS_MAX:
        assert (after.state, after.error is None, count) == ("failed", False, 0)
        return
    assert (after.state, after.counts.added, count) == ("done", ROWS_MAX, ROWS_MAX)
    started, before = time.perf_counter(), peak_kib()
    columns = sqlite.read_now(lambda tx: SqlColumns(tx).all_columns())
    tell("columns of all", started, before)
    assert len(columns) == ROWS_MAX


def tell(what: str, started: float, before: int) -> None:
    """A figure for whoever reads the campaign's output."""
    took = time.perf_counter() - started
    sys.stdout.write(f"{what}: {took:.1f} s, peak memory {before} -> {peak_kib()} KiB\n")
