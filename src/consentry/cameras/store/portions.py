"""Long lists of values, asked for in several statements."""

from collections.abc import Collection
from typing import Any, Final

LOOKUP_MAX: Final = 500
"""So many values in one IN list."""


def portions(values: Collection[Any]) -> list[list[Any]]:
    held = list(values)
    return [held[start : start + LOOKUP_MAX] for start in range(0, len(held), LOOKUP_MAX)]
