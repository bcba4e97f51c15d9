"""Time as history is written: it stands where it is put, and every id is of that time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from consentry.kernel.ids import Randomness, new_id


@dataclass(slots=True)
class StagedClock:
    """Implements `kernel.clock.Clock`."""

    at: datetime
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def move_to(self, instant: datetime) -> None:
        """Forward only: a log whose entries run backwards would look tampered with."""
        if instant < self.at:
            raise ValueError("staged time does not run backwards")
        self.seconds += (instant - self.at).total_seconds()
        self.at = instant

    def advance(self, seconds: float) -> None:
        self.move_to(self.at + timedelta(seconds=seconds))


@dataclass(slots=True)
class StagedIds:
    """Ids of the staged time. Implements `kernel.ids.IdSource`."""

    clock: StagedClock
    randomness: Randomness

    def __call__(self) -> str:
        return new_id(self.clock.now(), self.randomness(10))
