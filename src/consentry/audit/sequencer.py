"""Give committed entries their places: leaves, tiles, a signed head, in one transaction each.

One code path for both dialects. Nothing signed here may leave before its transaction is known to
be committed; when that is in doubt, memory is forgotten and the head is read again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consentry.kernel.errors import UnavailableError

from .merkle import (
    EMPTY_ROOT,
    TILE_HEIGHT,
    TILE_WIDTH,
    Frontier,
    Nodes,
    Tile,
    Tree,
    expand,
    leaf_hash,
    public_leaf,
    tile_root,
)
from .notes import Checkpoint, Note, opened, sign, verifier
from .ports import Head, Ledger, Mark, Pending

if TYPE_CHECKING:  # the verifier imports this package where no database library is
    from consentry.infra.db import Database, Transaction

BATCH_MAX: Final = 1024


class AlteredError(UnavailableError):
    """What is stored does not fit what was signed. Nothing more is written until someone looks."""

    slug = "log_altered"


@dataclass(frozen=True, slots=True)
class Advance:
    """The log as one committed transaction left it."""

    head: Head
    frontier: Frontier
    placed: Sequence[tuple[str, int]] = ()
    """Id and position of each entry that this step placed."""
    tiles: Sequence[Tile] = ()
    backlog: bool = False


class Sequencer:
    """The one writer of leaves, tiles and head. Not for use by several threads at once."""

    def __init__(
        self,
        database: "Database",
        ledger: "Callable[[Transaction], Ledger]",
        origin: str,
        key: Ed25519PrivateKey,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._origin = origin
        self._key = key
        self._verifier = verifier(origin, key)
        self._frontier: Frontier | None = None
        self._mark: Mark | None = None

    def step(self) -> Advance:
        """Place what is pending, at most 1,024 entries, and return the committed head."""
        try:
            advance, mark = self._database.write_now(lambda tx: self._integrate(self._ledger(tx)))
        except BaseException:
            self._frontier = None  # it may have been committed all the same
            raise
        self._frontier, self._mark = advance.frontier, mark
        return advance

    def _integrate(self, ledger: Ledger) -> tuple[Advance, Mark | None]:
        head = ledger.head() or self._begin(ledger)
        frontier = self._frontier
        if frontier is None or frontier.size != head.size:
            frontier = rebuilt(ledger, head.size)
            if frontier.root() != opened(Note.parse(head.note), self._verifier).root:
                raise AlteredError("The stored leaves do not lead to the signed head.")
        settled = ledger.settled(self._mark)
        pending = ledger.pending(head.n, BATCH_MAX)
        if not pending:
            return Advance(head, frontier), self._mark
        backlog = len(pending) == BATCH_MAX
        done = max(head.n, min(settled, pending[-1].n) if backlog else settled)
        advance = self._place(ledger, head, frontier, pending, done)
        renewed = self._mark is None or settled >= self._mark.n
        return advance, ledger.mark() if renewed else self._mark

    def _place(
        self,
        ledger: Ledger,
        head: Head,
        frontier: Frontier,
        pending: Sequence[Pending],
        done: int,
    ) -> Advance:
        leaves = [(entry.n, public_leaf(entry.salt, entry.body)) for entry in pending]
        grown, tiles = frontier.append([leaf_hash(leaf) for _, leaf in leaves])
        ledger.extend(head.size, leaves, tiles)
        note = sign(Checkpoint(self._origin, grown.size, grown.root()), self._key)
        moved = Head(grown.size, done, str(note))
        if not ledger.move(head.size, moved):
            raise UnavailableError("Another sequencer has moved the head of the log.")
        placed = [(entry.id, head.size + i) for i, entry in enumerate(pending)]
        return Advance(moved, grown, placed, tiles, len(pending) == BATCH_MAX)

    def _begin(self, ledger: Ledger) -> Head:
        first = Head(0, 0, str(sign(Checkpoint(self._origin, 0, EMPTY_ROOT), self._key)))
        ledger.begin(first)
        return first


def rebuilt(ledger: Ledger, size: int) -> Frontier:
    """The frontier of a stored tree: its last leaves, and the roots of its last full tiles."""
    start = size - size % TILE_WIDTH
    rows = [b"".join(map(leaf_hash, ledger.leaves(start, size)))]
    level = 1
    while size >> TILE_HEIGHT * level:
        end = size >> TILE_HEIGHT * level
        numbers = range(end - end % TILE_WIDTH, end)
        rows.append(b"".join(_stored_root(ledger, level - 1, number) for number in numbers))
        level += 1
    return Frontier(size, tuple(rows) if size else ())


def _stored_root(ledger: Ledger, level: int, number: int) -> bytes:
    hashes = ledger.tile(level, number)
    if hashes is None:
        raise AlteredError(f"Tile {number} of level {level} is missing.")
    return tile_root(Tile(level, number, hashes))


def stored_tree(ledger: Ledger, size: int) -> Tree:
    """A tree over what is stored, for a log that is not open yet."""
    frontier = rebuilt(ledger, size)

    def nodes(level: int, number: int, _width: int) -> Nodes:
        if number == size // TILE_WIDTH ** (level + 1):
            return expand(frontier.rows[level])
        hashes = ledger.tile(level, number)
        if hashes is None:
            raise AlteredError(f"Tile {number} of level {level} is missing.")
        return expand(hashes)

    return Tree(size, nodes)
