"""The registry's jobs: land an uploaded file batch by batch, or take out again what one added."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from signal import SIGXCPU
from typing import Any, Final

import consentry
from consentry.infra.db import Transaction
from consentry.infra.jobs import GivenUp, Handler, Job, Run
from consentry.kernel.errors import Fault

from .imports import Import, ImportState
from .intake import IMPORT_QUEUE, UNDO_QUEUE, Intake
from .landing import trimmed
from .records import Batch, Record
from .rows import unflat
from .spool import Spool

BOOT: Final = Path(__file__).with_name("boot.py")
LINE_BYTES_MAX: Final = 16 * 1024 * 1024
CHECK_S_MAX: Final = 1_200.0
BATCH_S_MAX: Final = 300.0

MakeIntake = Callable[[Transaction], Intake]


class ReaderDiedError(Exception):
    """The reading process ended without a word. The job is tried again, from its last batch."""


class _RefusedError(Exception):
    """The file as a whole cannot be read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class ImportJobs:
    """Handlers for the worker: `Worker(..., jobs.handlers(), given_up=jobs.given_up())`."""

    def __init__(self, make: MakeIntake, spool: Spool) -> None:
        self._make = make
        self._spool = spool

    def handlers(self) -> Mapping[str, Handler]:
        return {IMPORT_QUEUE: self.read_in, UNDO_QUEUE: self.take_out}

    def given_up(self) -> Mapping[str, GivenUp]:
        return {IMPORT_QUEUE: self._abandon, UNDO_QUEUE: self._abandon}

    async def read_in(self, run: Run) -> None:
        import_id: str = run.job.payload["import_id"]
        one = await run.write(lambda tx: self._make(tx).job_of(import_id))
        path = self._spool.path(import_id)
        try:
            if not path.exists():
                raise _RefusedError(Fault(field="file", message="is not there any more"))
            if one.state is ImportState.WAITING:
                one = await self._look_through(run, one, path)
            await self._land(run, one, path)
            await run.finish(lambda tx: self._make(tx).finish(import_id))
        except _RefusedError as refused:
            fault = refused.fault
            await run.finish(lambda tx: self._make(tx).fail(import_id, fault))
        await self._spool.drop(import_id)

    async def take_out(self, run: Run) -> None:
        import_id: str = run.job.payload["import_id"]
        after: str | None = None
        while True:
            after = await self._undo_page(run, import_id, after)
            if after is None:
                return

    async def _undo_page(self, run: Run, import_id: str, after: str | None) -> str | None:
        return await run.write(lambda tx: self._make(tx).undo_page(import_id, after))

    async def _look_through(self, run: Run, one: Import, path: Path) -> Import:
        async with aclosing(_read("check", path, _options(one, 0), CHECK_S_MAX)) as lines:
            async for line in lines:
                return await self._start(run, one.id, **json.loads(line))
        raise ReaderDiedError

    async def _start(self, run: Run, import_id: str, rows: int, notes: Mapping[str, Any]) -> Import:
        return await run.write(lambda tx: self._make(tx).started(import_id, rows, notes))

    async def _land(self, run: Run, one: Import, path: Path) -> None:
        options = _options(one, run.job.step or 0)
        if one.options.check_swapped:
            options["expected"] = await run.read(lambda tx: self._make(tx).expected(one))
        async with aclosing(_read("read", path, options, BATCH_S_MAX)) as lines:
            async for line in lines:
                if line.startswith(b'{"upto"'):
                    await self._land_batch(run, one.id, line)
                else:  # the end: all batches are down
                    return
        raise ReaderDiedError

    async def _land_batch(self, run: Run, import_id: str, line: bytes) -> None:
        """Parsed where it is written, on the database's thread: the loop has others to serve."""
        upto = int(line[len('{"upto":') : line.index(b",")])
        await run.write(lambda tx: self._make(tx).land(import_id, _batch(line)), step=upto)

    def _abandon(self, tx: Transaction, job: Job) -> None:
        import_id = job.payload["import_id"]
        message = "could not be read to the end: the hub tried several times"
        self._make(tx).fail(import_id, Fault(field="file", message=message))
        tx.on_commit(lambda: self._spool.drop_now(import_id))


def _options(one: Import, skip: int) -> dict[str, Any]:
    told = one.options
    return {
        "format": told.format,
        "encoding": one.notes.get("encoding", told.encoding),
        "delimiter": one.notes.get("delimiter", told.delimiter),
        "skip": skip,
        "expected": None,
    }


def _batch(line: bytes) -> Batch:
    told = json.loads(line)
    records = [
        Record(row=row, reference=reference, owner=owner, camera_id=camera_id, details=unflat(flat))
        for row, reference, owner, camera_id, flat in told["records"]
    ]
    return Batch(
        upto=told["upto"],
        rows=told["rows"],
        records=records,
        faults=[trimmed(row, rest) for row, *rest in told["faults"]],
        rejected=told["rejected"],
    )


async def _read(
    mode: str, path: Path, options: Mapping[str, Any], wait_s: float
) -> AsyncGenerator[bytes, None]:
    """The reader's lines. It is killed as soon as nobody listens, or when it takes too long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(BOOT), mode, str(path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LINE_BYTES_MAX,
        env={"PYTHONPATH": str(Path(consentry.__file__).parents[1])},
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 both are pipes
    try:
        process.stdin.write(json.dumps(options).encode())
        process.stdin.close()
        while line := await _line(process.stdout, wait_s):
            if line.startswith(b'{"fault"'):
                raise _RefusedError(Fault(**json.loads(line)["fault"]))
            yield line
        if await process.wait() == -SIGXCPU:
            raise _RefusedError(Fault(field="file", message="takes too long to read"))
    finally:
        if process.returncode is None:
            process.kill()
        await asyncio.shield(process.wait())


async def _line(stream: asyncio.StreamReader, wait_s: float) -> bytes:
    try:
        async with asyncio.timeout(wait_s):
            return await stream.readline()
    except TimeoutError as error:
        limit = f"{wait_s:.0f} s"
        fault = Fault(field="file", message="takes too long to read", limit=limit)
        raise _RefusedError(fault) from error
