"""One hub for each module of these tests: it is the same for all of them."""

from collections.abc import AsyncIterator

import pytest

from tests.api.world import World, a_world


@pytest.fixture(scope="module")
async def world(
    anyio_backend: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    async with a_world(tmp_path_factory.mktemp("hub")) as made:
        yield made
