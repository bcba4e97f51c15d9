"""Time zones as values, read from the pinned `tzdata` package and never from the machine.

A permit never outlives the next transition, and the version of the data stands in its entry.
"""

import importlib
import importlib.resources
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from .model import WINDOW_MAX, Zone

TZDATA_VERSION: Final = str(importlib.import_module("tzdata").IANA_VERSION)  # ships no types
AHEAD: Final = timedelta(days=400)
BEHIND: Final = WINDOW_MAX + timedelta(days=40)
_STEP: Final = timedelta(hours=6)
"""No zone has ever changed its offset twice within six hours."""
_SECOND: Final = timedelta(seconds=1)
ZONES_KEPT: Final = 1024


@lru_cache(1)
def names() -> frozenset[str]:
    """Every zone that a grant may name."""
    return frozenset((importlib.resources.files("tzdata") / "zones").read_text("utf-8").split())


def zone(name: str, now: datetime) -> Zone | None:
    """The zone around `now`: as far back as footage reaches, and over a year ahead."""
    if name not in names():
        return None
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return _zone(name, day.replace(day=1))


@lru_cache(ZONES_KEPT)
def _zone(name: str, month: datetime) -> Zone:
    start, end = month - BEHIND, month + AHEAD
    info = _read(name)
    transitions = [(start, _offset_s(info, start))]
    at = start
    while at < end:
        after = at + _STEP
        if _offset_s(info, after) != transitions[-1][1]:
            change = _first_change(info, at, after)
            transitions.append((change, _offset_s(info, change)))
        at = after
    return Zone(transitions=tuple(transitions), known_until=end)


def _first_change(info: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The exact second between the two at which the offset changes."""
    old = _offset_s(info, before)
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if _offset_s(info, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset_s(info: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(info).utcoffset()
    return 0 if offset is None else offset // _SECOND


def _read(name: str) -> ZoneInfo:
    path = importlib.resources.files("tzdata") / "zoneinfo"
    for part in name.split("/"):
        path /= part
    with path.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)
