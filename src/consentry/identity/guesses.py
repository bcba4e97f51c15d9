"""Waiting instead of lock-outs: failed proofs are counted, and each makes the next wait longer.

A try is counted before it is checked and given back when it was right. So many tries at once gain
nothing: each finds those before it already counted.
"""

import hashlib
from dataclasses import replace

from consentry.kernel.clock import Clock

from .model import Tries
from .ports import Guesses
from .rules import Patience, check_patience


class Slowing:
    def __init__(self, guesses: Guesses, clock: Clock) -> None:
        self._guesses = guesses
        self._clock = clock

    def take(self, key: str, patience: Patience) -> None:
        """Count one try. Raises ExhaustedError, and counts nothing, while a wait is running."""
        now = self._clock.now()
        tries = self._guesses.get(key)
        check_patience(tries, patience, now)
        if tries is None or now - tries.last_at >= patience.forget:
            tries = Tries(key=key, failures=0, last_at=now)
        self._guesses.set(replace(tries, failures=tries.failures + 1, last_at=now))

    def give_back(self, key: str) -> None:
        """This try was right; what was wrong before it still counts."""
        tries = self._guesses.get(key)
        if tries is not None:
            self._guesses.set(replace(tries, failures=max(0, tries.failures - 1)))

    def forgive(self, key: str) -> None:
        self._guesses.clear(key)


def key_of(kind: str, name: str) -> str:
    """Names and addresses are not stored, only told apart."""
    return hashlib.sha256(f"{kind}\n{name}".encode()).hexdigest()
