"""Uploads on their way to be read: bounded each and together, whole or not there at all."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from consentry.kernel.errors import ExhaustedError, InvalidError, UnavailableError

from .records import FILE_BYTES_MAX

SPOOL_BYTES_MAX: Final = 4 * FILE_BYTES_MAX
"""All uploads together, those under way included."""
DISK_FREE_MIN: Final = 512 * 1024 * 1024
"""The database and the log need room more than an upload does."""
UPLOADS_MAX: Final = 4
WRITE_AT_ONCE: Final = 1024 * 1024
CHUNK_S_MAX: Final = 30.0
UPLOAD_S_MAX: Final = 3_600.0
PART: Final = ".part"


@dataclass(frozen=True, slots=True)
class Spooled:
    id: str
    bytes: int
    sha256: str


class Spool:
    """A folder of uploads, each under the id of its import."""

    def __init__(
        self, folder: Path, *, bytes_max: int = FILE_BYTES_MAX, total_max: int = SPOOL_BYTES_MAX
    ) -> None:
        self._folder = folder
        self._bytes_max = bytes_max
        self._total_max = total_max
        self._uploads = 0
        self._held = 0
        """Bytes in the folder, counted here so that no upload waits for a walk through it."""

    def open(self, keep: Collection[str] = ()) -> None:
        """At start: make the folder, and remove whatever no open import waits for."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self._folder.iterdir():
            if path.name not in keep:
                path.unlink()
        self._held = sum(path.stat().st_size for path in self._folder.iterdir())

    def path(self, import_id: str) -> Path:
        return self._folder / import_id

    async def receive(
        self, import_id: str, body: AsyncIterator[bytes], length: int | None
    ) -> Spooled:
        """Take an upload in. Whatever ends it early, nothing of it stays on the disk."""
        if length is not None and length > self._bytes_max:
            raise self._too_large()
        async with self._place(import_id) as part:
            spooled = await self._write(import_id, part, body)
            if spooled.bytes == 0:
                raise InvalidError.of("file", "is empty", f"1 to {self._bytes_max} bytes")
            await asyncio.to_thread(_settle, part, self.path(import_id))
        return spooled

    async def drop(self, import_id: str) -> None:
        """Remove an upload that was read, cancelled or given up. Harmless when it is gone."""
        await asyncio.to_thread(self.drop_now, import_id)

    def drop_now(self, import_id: str) -> None:
        self._held -= _remove(self.path(import_id))

    @asynccontextmanager
    async def _place(self, import_id: str) -> AsyncIterator[Path]:
        if self._uploads >= UPLOADS_MAX:
            raise ExhaustedError("Too many uploads at once.", retry_after_s=30)
        self._uploads += 1
        part = self.path(import_id).with_suffix(PART)
        try:
            yield part
        finally:
            self._uploads -= 1
            self._held -= await asyncio.shield(asyncio.to_thread(_remove, part))

    async def _write(self, import_id: str, part: Path, body: AsyncIterator[bytes]) -> Spooled:
        digest, size, waiting = hashlib.sha256(), 0, bytearray()
        file = await asyncio.to_thread(_create, part)
        try:
            async with asyncio.timeout(UPLOAD_S_MAX):
                async for chunk in _patiently(body):
                    waiting += chunk
                    size += len(chunk)
                    if size > self._bytes_max:
                        raise self._too_large()
                    if len(waiting) >= WRITE_AT_ONCE:
                        await self._flush(file, digest, waiting)
                await self._flush(file, digest, waiting)
        except TimeoutError as error:
            raise UnavailableError("The upload came too slowly. Try again.") from error
        finally:
            await asyncio.to_thread(file.close)
        return Spooled(import_id, size, digest.hexdigest())

    async def _flush(self, file: BinaryIO, digest: "hashlib._Hash", waiting: bytearray) -> None:
        if self._held + len(waiting) > self._total_max:
            message = f"All uploads together may hold {self._total_max} bytes. Try again later."
            raise ExhaustedError(message, retry_after_s=60)
        self._held += len(waiting)
        if await asyncio.to_thread(_append, file, digest, bytes(waiting)) < DISK_FREE_MIN:
            raise UnavailableError("The disk of this hub is nearly full.")
        waiting.clear()

    def _too_large(self) -> InvalidError:
        return InvalidError.of("file", "is too large", f"{self._bytes_max} bytes", slug="too_large")


async def _patiently(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Each chunk in good time: a client that stalls gives its place free."""
    while True:
        async with asyncio.timeout(CHUNK_S_MAX):
            try:
                chunk = await anext(body)
            except StopAsyncIteration:
                return
        yield chunk


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _append(file: BinaryIO, digest: "hashlib._Hash", data: bytes) -> int:
    """How many bytes the disk has left."""
    digest.update(data)
    file.write(data)
    state = os.fstatvfs(file.fileno())
    return state.f_bavail * state.f_frsize


def _settle(part: Path, whole: Path) -> None:
    """Durable under its own name before anyone is told of it."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.rename(whole)
    folder = os.open(whole.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(path: Path) -> int:
    """How many bytes that freed."""
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size
