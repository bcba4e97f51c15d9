"""Parties as small numbers, the same for every block of one index."""

from dataclasses import replace
from threading import Lock
from typing import Final

import numpy as np

from consentry.kernel.ids import PartyId

from .columns import Columns

STRANGER: Final = -2
"""A party that owns nothing and is granted nothing."""


class Parties:
    """Only ever grows. Blocks are built in threads, so numbers are given out under a lock."""

    def __init__(self) -> None:
        self._names: list[PartyId] = []
        self._numbers: dict[PartyId, int] = {}
        self._lock = Lock()

    def number(self, party: PartyId) -> int:
        return self._numbers.get(party, STRANGER)

    def name(self, number: int) -> PartyId:
        return self._names[number]

    def adopt(self, columns: Columns) -> Columns:
        """The same columns, with our numbers for its parties."""
        ours = np.array([self._intern(party) for party in columns.parties] or [0], np.int32)
        windows = replace(columns.windows, party=ours[columns.windows.party])
        return replace(columns, owner=ours[columns.owner], parties=(), windows=windows)

    def _intern(self, party: PartyId) -> int:
        with self._lock:
            if party not in self._numbers:
                self._names.append(party)
                self._numbers[party] = len(self._names) - 1
            return self._numbers[party]
