"""Real databases for tests: SQLite in a folder, PostgreSQL from Debian started on a free port."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest
from sqlalchemy import create_engine, text

from consentry.infra.db import Database, metadata

START_S_MAX = 60


def postgres_bin() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def missing(what: str) -> None:
    """Skip for want of something, naming it; in CI that is a failure, since apt or pip has it."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must install it")
    pytest.skip(f"{what} is missing: run `make system`")


@contextmanager
def postgres_server() -> Iterator[str]:
    """A fresh server of our own, as a user of its own, on loopback; yields its base URL."""
    binaries = postgres_bin()
    if binaries is None:
        missing("postgresql")
        return
    folder = Path(mkdtemp(prefix="consentry-pg-"))
    as_user = _own_user(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data, log = folder / "data", folder / "log"
    run = [*as_user, str(binaries / "initdb"), "-D", str(data), "-U", "consentry", "-A", "trust"]
    subprocess.run([*run, "-E", "UTF8", "--no-sync"], check=True, capture_output=True)
    options = f"-h 127.0.0.1 -p {port} -k {folder}"
    control = [*as_user, str(binaries / "pg_ctl"), "-D", str(data)]
    start = [*control, "-w", "-t", str(START_S_MAX), "-l", str(log), "-o", options, "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL)
    try:
        yield f"postgresql+psycopg://consentry@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)
        shutil.rmtree(folder)


def _own_user(folder: Path) -> list[str]:
    """initdb refuses to run as root, so root lends the folder to the user that Debian made."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


class Databases:
    """Makes databases with every table in place, and drops them all at the end of the test."""

    def __init__(self, server: str | None, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._made: list[Database] = []

    def make(self) -> Database:
        database = Database(self.url())
        metadata.create_all(database.engine)
        self._made.append(database)
        return database

    def url(self) -> str:
        """The URL of a new, empty database."""
        name = f"t{os.urandom(6).hex()}"
        if self._server is None:
            return f"sqlite:///{self._folder / name}.db"
        engine = create_engine(f"{self._server}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return f"{self._server}/{name}"

    def close(self) -> None:
        for database in self._made:
            database.close()
