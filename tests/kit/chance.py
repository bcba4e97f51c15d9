"""Time and chance that a test can choose."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from consentry.kernel.ids import new_id

from . import NOON


@dataclass(slots=True)
class VirtualClock:
    """Implements `kernel.clock.Clock`; stands still until told otherwise."""

    at: datetime = NOON
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, span: timedelta) -> None:
        self.at += span
        self.seconds += span.total_seconds()


class CountingIds:
    """Valid ids in a fixed order: ...0001, ...0002 and so on."""

    def __init__(self, start: int = 0, at: datetime = NOON) -> None:
        self._count = start
        self._at = at

    def __call__(self) -> str:
        self._count += 1
        return new_id(self._at, self._count.to_bytes(10, "big"))


class CountingBytes:
    """Bytes that never repeat within a test and are the same in every run."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(8, "big").rjust(size, b"\x00")[-size:]
