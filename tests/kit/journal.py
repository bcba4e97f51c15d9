"""A journal whose entries a test can read."""

from collections.abc import Sequence

from consentry.audit import Entry, Journal
from consentry.kernel.clock import Clock

from .chance import CountingBytes, CountingIds, VirtualClock


class MemoryEntries:
    """Implements `audit.ports.Entries`."""

    def __init__(self) -> None:
        self.held: list[Entry] = []

    def add(self, entry: Entry, salt: bytes) -> None:
        self.held.append(entry)

    def add_all(self, entries: Sequence[tuple[Entry, bytes]]) -> None:
        self.held += [entry for entry, _ in entries]

    @property
    def acts(self) -> list[str]:
        return [entry.act.value for entry in self.held]


def a_journal(clock: Clock | None = None) -> tuple[Journal, MemoryEntries]:
    entries = MemoryEntries()
    return Journal(entries, clock or VirtualClock(), CountingIds(10_000), CountingBytes()), entries
