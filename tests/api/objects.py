"""Ids of things that exist, by the names under which requests speak of them."""

from typing import Any

from tests.api.rows import ROWS
from tests.api.walk import mounted
from tests.api.world import EVERYONE, OURS, THEIRS, World


async def fill(world: World) -> dict[str, list[Any]]:
    """Make what every row is about, on both sides, and gather the values by name."""
    found: dict[str, list[Any]] = {}
    held = {one.name for one in mounted(world.hub.app)}
    for row in (row for name, row in ROWS.items() if name in held):
        for side in (OURS, THEIRS):
            if row.session:
                world.begin_session(world.name(side, EVERYONE))
            for name, value in (await row.about(world, side, EVERYONE)).items():
                if isinstance(value, str | int):
                    found.setdefault(name.removeprefix("q_"), []).append(value)
    return found
