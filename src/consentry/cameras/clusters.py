"""Counts instead of places, for the cameras of others beyond an incident's area.

A z13 cell with at least five tells how many. Smaller ones wait for their neighbours: what is left
of a parent's cells is counted together, higher and higher up, until it holds five. These atoms are
all that is ever disclosed: a lower zoom adds atoms up and draws the sum at a cell's centre, and no
filter or incident changes them. So no two answers differ by a group of fewer than five.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from .columns import COUNTED, Ints
from .index import View
from .projection import BITS, unmorton

CELL_ZOOM: Final = 13
TOGETHER_MIN: Final = 5
CELLS_PER_TILE_ZOOM: Final = 3
"""A tile shows sums of cells this many zooms deeper, never deeper than z13."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Counted cells in Morton order of their centres."""

    key: Ints
    """Of the centre, in the full 28 bits an axis."""
    zoom: Ints
    count: Ints

    def of_tile(self, first: int, last: int) -> "Counts":
        """Those whose centre's key lies in [first, last)."""
        a, b = np.searchsorted(self.key, (first, last))
        return Counts(self.key[a:b], self.zoom[a:b], self.count[a:b])

    def places(self) -> tuple[Ints, Ints]:
        return unmorton(self.key)


class CountedCells:
    """What one party may know of the numbers of others' cameras, for one view of the index."""

    def __init__(self, atoms: Counts) -> None:
        self.atoms = atoms
        self._by_zoom: dict[int, Counts] = {CELL_ZOOM: atoms}

    def for_tile_zoom(self, zoom: int) -> Counts:
        cell_zoom = min(CELL_ZOOM, zoom + CELLS_PER_TILE_ZOOM)
        if cell_zoom not in self._by_zoom:
            self._by_zoom[cell_zoom] = _added_up(self.atoms, cell_zoom)
        return self._by_zoom[cell_zoom]


def counted_cells(view: View, party: int) -> CountedCells:
    """Kept with the view: the next change of the index makes it anew."""
    known = view.cells.get(party)
    if not isinstance(known, CountedCells):
        known = CountedCells(atoms_of(_cells(view, party)))
        view.cells[party] = known
    return known


def atoms_of(cells: Ints) -> Counts:
    """From the z13 cell of every camera, in any order."""
    cell, count = np.unique(cells, return_counts=True)
    shown: list[tuple[int, Ints, Ints]] = []
    for zoom in range(CELL_ZOOM, -1, -1):
        enough = count >= TOGETHER_MIN
        shown.append((zoom, cell[enough], count[enough]))
        cell, count = _summed(cell[~enough] >> 2, count[~enough])
    return _at_centres(shown)


def _cells(view: View, party: int) -> Ints:
    """The z13 cell of each camera that the party may count and does not own."""
    parts = []
    for block in view.blocks:
        levels = block.audiences.levels(party)
        if levels.any():
            counted = (levels[block.audience] >= COUNTED) & (block.owner != party)
            parts.append(block.key[counted] >> (2 * (BITS - CELL_ZOOM)))
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _added_up(atoms: Counts, zoom: int) -> Counts:
    coarse = atoms.zoom < zoom
    cell = atoms.key[~coarse] >> (2 * (BITS - zoom))
    summed, count = _summed(cell, atoms.count[~coarse])
    kept = Counts(atoms.key[coarse], atoms.zoom[coarse], atoms.count[coarse])
    return _at_centres([(zoom, summed, count)], kept)


def _summed(cell: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Add up the counts of equal cells, which come in order."""
    if not len(cell):
        return cell, count
    first = np.flatnonzero(np.append(True, cell[1:] != cell[:-1]))
    return cell[first], np.add.reduceat(count, first)


def _at_centres(shown: list[tuple[int, Ints, Ints]], kept: Counts | None = None) -> Counts:
    # The centre of a cell is the corner of its last quarter: both next bits set, the rest clear.
    keys = [((cell << 2) | 3) << (2 * (BITS - zoom - 1)) for zoom, cell, _ in shown]
    zooms = [np.full(len(cell), zoom, np.int64) for zoom, cell, _ in shown]
    counts = [count for _, _, count in shown]
    if kept is not None:
        keys, zooms, counts = [*keys, kept.key], [*zooms, kept.zoom], [*counts, kept.count]
    key, zoom, count = (np.concatenate(part) for part in (keys, zooms, counts))
    order = np.argsort(key, kind="stable")
    return Counts(key[order], zoom[order], count[order])
