"""When a checkpoint becomes public: so much later that the count of entries tells no secret."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from consentry.kernel.clock import Clock

from .notes import Checkpoint, Note

STEPS: Final = 60
"""A waiting checkpoint gives way to a newer one until this part of the delay has passed."""


@dataclass(slots=True)
class _Due:
    opened_s: float
    due_s: float
    note: str
    size: int


class Publication:
    """Takes each released checkpoint, and shows the newest that is old enough."""

    def __init__(self, note: str, clock: Clock, delay: timedelta) -> None:
        self.note = note
        self.size = Checkpoint.parse(Note.parse(note).text).size if note else 0
        self._clock = clock
        self._delay_s = delay.total_seconds()
        self._queue: deque[_Due] = deque()
        self._lock = threading.Lock()

    def offer(self, note: str, size: int) -> None:
        now = self._clock.monotonic()
        with self._lock:
            last = self._queue[-1] if self._queue else None
            if last and now - last.opened_s < self._delay_s / STEPS:
                last.due_s, last.note, last.size = now + self._delay_s, note, size
            else:
                self._queue.append(_Due(now, now + self._delay_s, note, size))
        self.turn()

    def turn(self) -> bool:
        """Show what has become due; whether anything changed."""
        changed = False
        with self._lock:
            while self._queue and self._queue[0].due_s <= self._clock.monotonic():
                due = self._queue.popleft()
                if due.size >= self.size:
                    self.note, self.size, changed = due.note, due.size, True
        return changed
