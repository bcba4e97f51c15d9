"""What the log needs from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from .merkle import Tile
from .model import Entry, LoggedAct


class Entries(Protocol):
    """Where acts are written, inside their own transaction."""

    def add(self, entry: Entry, salt: bytes) -> None: ...

    def add_all(self, entries: Sequence[tuple[Entry, bytes]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log has been built. No entry numbered up to `n` is still to come."""

    size: int
    n: int
    note: str


class Pending(NamedTuple):
    n: int
    id: str
    salt: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """Every number drawn so far is at most `n`, by a transaction older than `transaction`."""

    n: int
    transaction: int


class Ledger(Protocol):
    """The log's own tables, as the sequencer and the proofs see them."""

    def head(self) -> Head | None:
        """The head, locked against every other sequencer until the transaction ends."""
        ...

    def begin(self, first: Head) -> None: ...

    def settled(self, mark: Mark | None) -> int:
        """A number up to which every entry has been committed or never will be."""
        ...

    def mark(self) -> Mark | None: ...

    def pending(self, after: int, limit: int) -> Sequence[Pending]:
        """Entries beyond `after` that are not in the tree, by number."""
        ...

    def extend(
        self, position: int, leaves: Sequence[tuple[int, bytes]], tiles: Sequence[Tile]
    ) -> None:
        """Store (n, leaf) from `position` on, and the tiles that are full."""
        ...

    def move(self, old_size: int, new: Head) -> bool:
        """Move the head, only from its old size. False if somebody else has moved it."""
        ...

    def tile(self, level: int, number: int) -> bytes | None: ...

    def leaves(self, start: int, end: int) -> Sequence[bytes]: ...

    def position(self, entry_id: str) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it is stored, with its place in the log; None while it waits for one."""

    n: int
    position: int | None
    salt: bytes
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries an auditor looks for. Empty text and None match all."""

    act: LoggedAct | None = None
    actor_id: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    reference: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a page ends: the list runs from the newest entry to the oldest."""

    at: int
    n: int


@dataclass(frozen=True, slots=True)
class Searched:
    """What one bounded look found. `rest` is where the next one starts; None at the end."""

    found: Sequence[Kept]
    rest: Place | None


class Shelf(Protocol):
    """Entries as a party may read them: those it acted in, and those on what it held."""

    def search(self, party: str, wanted: Filter, before: Place | None, limit: int) -> Searched: ...

    def one(self, party: str, entry_id: str) -> Kept | None: ...

    def between(self, party: str, start: int, end: int) -> Sequence[Kept]:
        """What the party may read of the positions [start, end)."""
        ...

    def remove(self, n: int) -> None:
        """Delete body and salt for good. The leaf stays."""
        ...


@dataclass(frozen=True, slots=True)
class Erasure:
    """Asked for by one person, waiting for a second."""

    entry_id: str
    party: str
    basis: str
    requested_by: str
    requested_at: datetime


class Erasures(Protocol):
    def ask(self, erasure: Erasure) -> None:
        """A later request for the same entry replaces the earlier one."""
        ...

    def asked(self, party: str, entry_id: str) -> Erasure | None: ...

    def settle(self, entry_id: str) -> None: ...
