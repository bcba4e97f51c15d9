"""Who else may see a camera, as one small number per camera.

An audience is a set of "party -> level", kept as a node of a trie: its parent's set and one pair
more. A party's level of every audience is then one table, and authorising a thousand cameras is
one look-up in it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .columns import Bools, Ints, Windows

NOBODY: Final = 0
AUDIENCES_MAX: Final = 1 << 16
_LEVELS: Final = 4

Levels = NDArray[np.uint8]
Nodes = NDArray[np.uint16]


class Audiences:
    """The audiences of one block. Full means nobody: a set without a number is shown to none."""

    def __init__(self) -> None:
        self._children: dict[tuple[int, int], int] = {}
        self._parent = [NOBODY]
        self._pair = [-1]
        self._levels: dict[int, Levels] = {}
        self.refused = 0

    def __len__(self) -> int:
        return len(self._parent)

    def of_rows(self, count: int, windows: Windows, active: Bools) -> Nodes:
        """The audience of each of `count` rows, made of the windows that are active."""
        row, party, level = windows.row[active], windows.party[active], windows.level[active]
        order = np.lexsort((level, party, row))
        row, pair = row[order], party[order].astype(np.int64) * _LEVELS + level[order]
        # Of two windows for one party the wider counts: it is sorted last.
        last = np.ones(len(row), np.bool_)
        last[:-1] = (row[1:] != row[:-1]) | (pair[1:] // _LEVELS != pair[:-1] // _LEVELS)
        row, pair = row[last], pair[last]
        node = np.zeros(count, np.int64)
        first = np.searchsorted(row, row, "left")
        rank = np.arange(len(row)) - first
        for step in range(int(rank.max(initial=-1)) + 1):
            now = rank == step
            node[row[now]] = self._step(node[row[now]], pair[now])
        return node.astype(np.uint16)

    def levels(self, party: int) -> Levels:
        """What this party may see of each audience, at best."""
        known = self._levels.get(party)
        if known is None or len(known) < len(self._parent):
            known = self._extend(party, known)
            self._levels[party] = known
        return known

    def _step(self, node: Ints, pair: Ints) -> Ints:
        """Follow one more pair from each node. Full audiences lead to nobody, and stay there."""
        code = node * (1 << 40) + pair
        distinct, where = np.unique(code, return_inverse=True)
        there = [self._child(int(c) >> 40, int(c) & ((1 << 40) - 1)) for c in distinct]
        return np.array(there, np.int64)[where]

    def _child(self, node: int, pair: int) -> int:
        found = self._children.get((node, pair))
        if found is not None:
            return found
        if len(self._parent) >= AUDIENCES_MAX:
            self.refused += 1
            return NOBODY
        made = len(self._parent)
        self._children[node, pair] = made
        self._pair.append(pair)
        self._parent.append(node)
        return made

    def _extend(self, party: int, known: Levels | None) -> Levels:
        levels = known.tolist() if known is not None else [0]
        for node in range(len(levels), len(self._parent)):
            owner, level = divmod(self._pair[node], _LEVELS)
            inherited = levels[self._parent[node]]
            levels.append(max(inherited, level) if owner == party else inherited)
        return np.array(levels, np.uint8)
