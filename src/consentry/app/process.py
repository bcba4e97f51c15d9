"""What a serving process holds: its folder to itself, its socket, and a clean end."""

import fcntl
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

SHUTDOWN_S_MAX: Final = 5
REQUEST_LINE_BYTES_MAX: Final = 64 * 1024
CONNECTIONS_MAX: Final = 2048


class FolderInUseError(Exception):
    """Another process serves this folder."""


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep a data folder to this process. Raises FolderInUseError if another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise FolderInUseError(
            f"Another Consentry is running on {folder}. Stop it first, or give another --data."
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)  # closing releases the lock, as does the end of the process


@dataclass(frozen=True, slots=True)
class Tls:
    certificate: Path
    key: Path


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one. Raises OSError, said by the caller."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


def address(listening: socket.socket, tls: Tls | None = None) -> str:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{port}"


def serve(
    app: FastAPI, listening: socket.socket, on_ready: Callable[[], None], tls: Tls | None = None
) -> None:
    """Serve until SIGINT or SIGTERM; the app's lifespan has ended when this returns."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        limit_concurrency=CONNECTIONS_MAX,
        h11_max_incomplete_event_size=REQUEST_LINE_BYTES_MAX,
        timeout_graceful_shutdown=SHUTDOWN_S_MAX,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    server = _Server(config, on_ready)
    server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Tells when it serves, and swallows the signal that ended it: the end was asked for."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {one: signal.signal(one, self.handle_exit) for one in ENDING}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


ENDING: Final = (signal.SIGINT, signal.SIGTERM)
