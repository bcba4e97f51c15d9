"""The tree over the log (RFC 6962 hashes, C2SP tiles): roots, proofs, and what checks them.

Pure. A tile holds up to 256 hashes of one level in a row; level L counts in subtrees of 256^L
leaves. A full tile never changes, so only the last tile of each level, the `Frontier`, is kept
while the log grows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
SALT_BYTES: Final = 32
LEAF_BYTES: Final = 1 + HASH_BYTES
LEAF_VERSION: Final = b"\x01"
EMPTY_ROOT: Final = sha256(b"").digest()

_BLOCK_BYTES: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_INNER_PAD: Final = b"\x36" * (_BLOCK_BYTES - SALT_BYTES)
_OUTER_PAD: Final = b"\x5c" * (_BLOCK_BYTES - SALT_BYTES)

Nodes = tuple[tuple[bytes, ...], ...]
"""A tile with every subtree inside it: row r holds the hashes over 2^r of its hashes."""


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def public_leaf(salt: bytes, body: bytes) -> bytes:
    """What the world sees of an entry: `0x01 || HMAC-SHA256(salt, body)`.

    HMAC pads a short key with zeros, so two salts could stand for one: exactly 32 bytes count.
    Spelled out because the library's one-shot HMAC takes three times as long on short texts.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    inner = sha256(salt.translate(_INNER) + _INNER_PAD + body).digest()
    return LEAF_VERSION + sha256(salt.translate(_OUTER) + _OUTER_PAD + inner).digest()


def tree_root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, level by level: an odd last one moves up unchanged."""
    row = list(hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        pairs = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        row = pairs + row[len(row) & ~1 :]
    return row[0]


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile, ready to be stored."""

    level: int
    number: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: of each level, the hashes of its last, unfinished tile."""

    size: int = 0
    rows: tuple[bytes, ...] = ()

    def append(self, hashes: Iterable[bytes]) -> tuple["Frontier", list[Tile]]:
        """The frontier after these leaf hashes, and the tiles that they filled."""
        carried = leaves = b"".join(hashes)
        full: list[Tile] = []
        rows = list(self.rows)
        level, number = 0, self.size // TILE_WIDTH
        while carried:
            if level == len(rows):
                rows.append(b"")
            rows[level], tiles = _cut(level, number, rows[level] + carried)
            full += tiles
            carried = b"".join(map(tile_root, tiles))
            level, number = level + 1, number // TILE_WIDTH
        return Frontier(self.size + len(leaves) // HASH_BYTES, tuple(rows)), full

    def root(self) -> bytes:
        """Fold the peaks from right to left, the smallest first."""
        root: bytes | None = None
        for row in self.rows:
            for peak in reversed(_peaks(row)):
                root = peak if root is None else node_hash(peak, root)
        return EMPTY_ROOT if root is None else root


def _cut(level: int, number: int, row: bytes) -> tuple[bytes, list[Tile]]:
    step = TILE_WIDTH * HASH_BYTES
    count = len(row) // step
    tiles = [Tile(level, number + i, row[i * step : (i + 1) * step]) for i in range(count)]
    return row[count * step :], tiles


def _peaks(row: bytes) -> list[bytes]:
    hashes, peaks, start = split(row), [], 0
    for bit in range(TILE_HEIGHT, -1, -1):
        if len(hashes) >> bit & 1:
            peaks.append(tree_root(hashes[start : start + (1 << bit)]))
            start += 1 << bit
    return peaks


def tile_root(tile: Tile) -> bytes:
    return tree_root(split(tile.hashes))


def split(hashes: bytes) -> list[bytes]:
    return [hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)]


def expand(hashes: bytes) -> Nodes:
    """Every complete subtree inside a tile, full or not."""
    rows = [tuple(split(hashes))]
    while len(rows[-1]) > 1:
        last = rows[-1]
        rows.append(tuple(node_hash(last[i], last[i + 1]) for i in range(0, len(last) - 1, 2)))
    return tuple(rows)


def width_of(size: int, level: int, number: int) -> int:
    """How many hashes the tile has in a tree of `size` leaves; 0 where there is no such tile."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - number * TILE_WIDTH))


class Tree:
    """A tree of fixed size over tiles that are fetched as needed: gives proofs."""

    def __init__(self, size: int, nodes: Callable[[int, int, int], Nodes]) -> None:
        """`nodes(level, number, width)` is the expanded tile."""
        self.size = size
        self._nodes = nodes
        self._tails: dict[int, bytes] = {}

    def root(self) -> bytes:
        return self._range(0, self.size) if self.size else EMPTY_ROOT

    def inclusion(self, position: int) -> list[bytes]:
        """The hashes that lead from the leaf to the root (RFC 6962, 2.1.1)."""
        if not 0 <= position < self.size:
            raise ValueError(f"position {position} is outside a tree of {self.size}")
        proof, low, high = [], 0, self.size
        while high - low > 1:
            middle = low + _split_at(high - low)
            if position < middle:
                proof.append(self._range(middle, high))
                high = middle
            else:
                proof.append(self._range(low, middle))
                low = middle
        return proof[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """The hashes that show the tree of `old` leaves as a part of this one (RFC 6962, 2.1.2)."""
        if not 0 <= old <= self.size:
            raise ValueError(f"size {old} is outside a tree of {self.size}")
        if old in (0, self.size):
            return []
        proof, low, high, whole = [], 0, self.size, True
        while old != high:
            middle = low + _split_at(high - low)
            if old <= middle:
                proof.append(self._range(middle, high))
                high = middle
            else:
                proof.append(self._range(low, middle))
                low, whole = middle, False
        if not whole:
            proof.append(self._range(low, high))
        return proof[::-1]

    def _range(self, low: int, high: int) -> bytes:
        """The hash over [low, high), where low is a multiple of the next power of two."""
        if high == self.size and low in self._tails:
            return self._tails[low]
        count = high - low
        if count & (count - 1) == 0:
            value = self._node(count.bit_length() - 1, low)
        else:
            middle = low + _split_at(count)
            value = node_hash(self._range(low, middle), self._range(middle, high))
        if high == self.size:
            self._tails[low] = value
        return value

    def _node(self, bits: int, low: int) -> bytes:
        level, row = divmod(bits, TILE_HEIGHT)
        index = low >> bits
        number = index >> (TILE_HEIGHT - row)
        nodes = self._nodes(level, number, width_of(self.size, level, number))
        return nodes[row][index & ((1 << (TILE_HEIGHT - row)) - 1)]


def _split_at(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def root_from_inclusion(leaf: bytes, position: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that the proof leads to. Raises ValueError if it cannot belong to such a leaf."""
    if not 0 <= position < size:
        raise ValueError(f"position {position} is outside a tree of {size}")
    root, index, last = leaf, position, size - 1
    for step in proof:
        if last == 0:
            raise ValueError("the inclusion proof is too long")
        if index & 1 or index == last:
            root = node_hash(step, root)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            root = node_hash(root, step)
        index, last = index >> 1, last >> 1
    if last:
        raise ValueError("the inclusion proof is too short")
    return root


def includes(leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf hash at `position` to the root of `size` leaves."""
    try:
        return root_from_inclusion(leaf, position, size, proof) == root
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Root:
    """A tree as a checkpoint names it."""

    size: int
    hash: bytes


def extends(old: Root, new: Root, proof: Sequence[bytes]) -> bool:
    """Whether `new` holds every leaf of `old` in its place (RFC 9162, 2.1.4.2)."""
    if not 0 <= old.size <= new.size:
        return False
    if old.size == 0:
        return old.hash == EMPTY_ROOT and not proof
    if old.size == new.size:
        return old.hash == new.hash and not proof
    return _climb(old, new, proof)


def _climb(old: Root, new: Root, proof: Sequence[bytes]) -> bool:
    steps = list(proof)
    if old.size & (old.size - 1) == 0:
        steps.insert(0, old.hash)
    if not steps:
        return False
    index, last = old.size - 1, new.size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            second = node_hash(second, step)
        index, last = index >> 1, last >> 1
    return last == 0 and first == old.hash and second == new.hash
