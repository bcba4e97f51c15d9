"""Fixtures for every test: each has its own database, and none speaks to the outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from consentry.infra.db import Database
from tests.kit.chance import VirtualClock
from tests.kit.databases import Databases, postgres_server


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Both dialects: whoever asks for this runs once on each."""
    server = request.getfixturevalue("_postgres") if request.param == "postgres" else None
    made = Databases(server, tmp_path)
    yield made
    made.close()


@pytest.fixture
def database(databases: Databases) -> Database:
    """A fresh database with every table, once on SQLite and once on PostgreSQL."""
    return databases.make()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database, for tests in which the dialect does not matter."""
    made = Databases(None, tmp_path)
    yield made.make()
    made.close()
