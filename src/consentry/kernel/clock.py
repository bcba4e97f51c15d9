"""Time as something one is given, and its one written form."""

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"
_MICROSECOND: Final = timedelta(microseconds=1)


class Clock(Protocol):
    def now(self) -> datetime:
        """The current instant, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, from an arbitrary start."""
        ...


def to_text(instant: datetime) -> str:
    """The sealed form, whole seconds in UTC: `2026-11-20T15:00:00Z`. Fractions are cut off."""
    return instant.astimezone(UTC).strftime(_FORM)


def from_text(text: str) -> datetime:
    """Read the sealed form, and nothing else. Raises ValueError."""
    instant = datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    if to_text(instant) != text:  # strptime also takes `2026-1-2T3:4:5Z`; years below 1000 differ
        raise ValueError(f"{text!r} is not of the form 2026-11-20T15:00:00Z")
    return instant


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970, exact: what the database stores."""
    return (instant - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
