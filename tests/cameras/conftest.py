"""Desks for the tests of imports."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consentry.infra.db import Database
from tests.kit.chance import VirtualClock

from .desk import Desk, a_desk


@pytest.fixture
async def desk(database: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_desk(database, clock, tmp_path) as made:
        yield made


@pytest.fixture
async def lite(sqlite: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Desk]:
    """As `desk`, where the dialect does not matter."""
    async with a_desk(sqlite, clock, tmp_path) as made:
        yield made
