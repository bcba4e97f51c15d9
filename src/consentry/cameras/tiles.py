"""Map tiles of what one viewer may see: authorise, then cluster, then encode, in that order.

Layer `cameras` holds points (id: `Camera.number`; `lvl`: 2 another's, 3 one's own), `clusters`
groups of such points (id: how many), `counted` the cells of `clusters.CountedCells` (likewise).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from .block import Block
from .clusters import counted_cells
from .columns import OWN, POINT, Bools, Ints
from .index import View
from .model import KINDS, Kind
from .mvt import layer, tagged, untagged
from .projection import BITS, cell_key
from .search import Viewer
from .shapes import slots_within

ZOOM_MAX: Final = 16
CLUSTERED_BELOW: Final = 14
POINTS_MAX: Final = 2_000
"""A tile below z14 with more points than this shows clusters."""
BIN_BITS: Final = 6
TILE_BITS: Final = 12
LEVELS: Final = (POINT, OWN)
CACHED_BELOW: Final = 8
KEPT_MAX: Final = 512


Places = TypeVar("Places", Ints, NDArray[np.int32])


@dataclass(frozen=True, slots=True)
class Tile:
    z: int
    x: int
    y: int

    @property
    def span(self) -> tuple[int, int]:
        """The Morton keys of this tile, half-open."""
        cell = cell_key(self.x, self.y)
        shift = 2 * (BITS - self.z)
        return cell << shift, (cell + 1) << shift

    def local(self, places: Places) -> Places:
        """Rows or columns of the map as rows or columns of a tile of this zoom."""
        within: Places = (places >> (BITS - TILE_BITS - self.z)) & ((1 << TILE_BITS) - 1)
        return within


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that a tile shows, in places of 0 to 4095."""

    number: NDArray[np.int32]
    x: NDArray[np.int32]
    y: NDArray[np.int32]
    own: Bools
    cluster: tuple[Ints, Ints, Ints]
    """How many, x, y."""
    counted: tuple[Ints, Ints, Ints]

    @property
    def shows_others(self) -> bool:
        """Whether a camera of somebody else is told apart."""
        return not bool(self.own.all())


@dataclass(frozen=True, slots=True)
class Encoded:
    """A tile as it is sent; empty where there is nothing to show."""

    body: bytes
    shows_others: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What a tile shows of one block, in Morton order."""

    key: Ints
    x: NDArray[np.int32]
    y: NDArray[np.int32]
    number: NDArray[np.int32]
    own: Bools
    before: tuple[Ints, Ints] | None = None
    """Running sums of x and y, one longer than the rows; none where some are left out."""


def tile(view: View, viewer: Viewer, at: Tile, kinds: Sequence[Kind] = ()) -> Encoded:
    """The encoded tile. Of low zooms each is kept for as long as the view is current."""
    if at.z >= CACHED_BELOW:
        return encoded(contents(view, viewer, at, kinds))
    named = (at, viewer, tuple(kinds))
    kept = view.tiles.get(named)
    if not isinstance(kept, Encoded):
        kept = encoded(contents(view, viewer, at, kinds))
        if len(view.tiles) < KEPT_MAX:
            view.tiles[named] = kept
    return kept


def contents(view: View, viewer: Viewer, at: Tile, kinds: Sequence[Kind] = ()) -> Contents:
    parts = [_shown(block, view, viewer, at, kinds) for block in view.blocks]
    none = np.zeros(0, np.int64)
    cluster = (none, none, none)
    if at.z < CLUSTERED_BELOW and sum(len(part.key) for part in parts) > POINTS_MAX:
        parts, cluster = _clustered(parts, at)
    points = parts[0] if len(parts) == 1 else _in_order(parts)
    return Contents(
        number=points.number,
        x=at.local(points.x),
        y=at.local(points.y),
        own=points.own,
        cluster=cluster,
        counted=_counted(view, viewer, at),
    )


def encoded(held: Contents) -> Encoded:
    parts = []
    if len(held.number):
        value = held.own.astype(np.int64)  # 0 and 1 are the places of POINT and OWN in LEVELS
        features = tagged(held.number, held.x, held.y, value)
        parts.append(layer("cameras", features, "lvl", LEVELS))
    for name, counts in (("clusters", held.cluster), ("counted", held.counted)):
        if len(counts[0]):
            parts.append(layer(name, untagged(*counts)))
    return Encoded(b"".join(parts), shows_others=held.shows_others)


def rows_of(view: View, at: Tile) -> int:
    """How many rows a tile has to look at."""
    first, last = at.span
    return int(sum(np.diff(block.key.searchsorted((first, last)))[0] for block in view.blocks))


def _shown(block: Block, view: View, viewer: Viewer, at: Tile, kinds: Sequence[Kind]) -> Part:
    start, end = (int(edge) for edge in block.key.searchsorted(at.span))
    party = view.parties.number(viewer.party)
    own: Bools = block.owner[start:end] == party
    shown = own
    if viewer.area is not None:
        # Few cameras lie inside an incident's area: found by place, not by looking at the slice.
        near = slots_within(viewer.area, block)
        near = near[(near >= start) & (near < end)]
        shown = own.copy()
        shown[near[block.seen_as_points(party, near)] - start] = True
    if kinds:
        wanted = [KINDS.index(kind) for kind in kinds]
        shown = shown & np.isin(block.columns.kind[start:end], wanted)
    if shown.all():
        all_of, one_more = slice(start, end), slice(start, end + 1)
        before = block.x_before[one_more], block.y_before[one_more]
        return _part(block, all_of, own, before)
    rows = np.flatnonzero(shown)
    return _part(block, rows + start, own[rows], None)


def _part(block: Block, rows: slice | Ints, own: Bools, before: tuple[Ints, Ints] | None) -> Part:
    return Part(block.key[rows], block.x[rows], block.y[rows], block.number[rows], own, before)


def _clustered(parts: list[Part], at: Tile) -> tuple[list[Part], tuple[Ints, Ints, Ints]]:
    """Points that are alone in their bin, and the count and centroid of every other bin."""
    shift = 2 * (BITS - at.z - BIN_BITS)
    bounds = at.span[0] + (np.arange((1 << 2 * BIN_BITS) + 1, dtype=np.int64) << shift)
    edges = [part.key.searchsorted(bounds) for part in parts]
    count = sum((np.diff(edge) for edge in edges), np.zeros(len(bounds) - 1, np.int64))
    lone, many = count == 1, np.flatnonzero(count > 1)
    x, y = (
        sum(_sums(part, axis, edge)[many] for part, edge in zip(parts, edges, strict=True))
        // count[many]
        for axis in (0, 1)
    )
    alone = [
        _rows(part, edge[:-1][lone & (np.diff(edge) == 1)])
        for part, edge in zip(parts, edges, strict=True)
    ]
    return alone, (count[many], at.local(x), at.local(y))


def _sums(part: Part, axis: int, edges: Ints) -> Ints:
    """The sum of x (axis 0) or y (axis 1) in each bin."""
    if part.before is not None:
        return np.diff(part.before[axis][edges])
    sums = np.zeros(len(edges) - 1, np.int64)
    held = np.flatnonzero(np.diff(edges))
    if len(held):
        # Empty bins are left out, so each held one ends where the next begins.
        places = (part.x, part.y)[axis]
        sums[held] = np.add.reduceat(places, edges[held], dtype=np.int64)
    return sums


def _in_order(parts: list[Part]) -> Part:
    joined = Part(
        key=np.concatenate([part.key for part in parts]),
        x=np.concatenate([part.x for part in parts]),
        y=np.concatenate([part.y for part in parts]),
        number=np.concatenate([part.number for part in parts]),
        own=np.concatenate([part.own for part in parts]),
    )
    return _rows(joined, np.lexsort((joined.number, joined.key)))


def _rows(part: Part, rows: Ints) -> Part:
    return Part(part.key[rows], part.x[rows], part.y[rows], part.number[rows], part.own[rows])


def _counted(view: View, viewer: Viewer, at: Tile) -> tuple[Ints, Ints, Ints]:
    cells = counted_cells(view, view.parties.number(viewer.party))
    here = cells.for_tile_zoom(at.z).of_tile(*at.span)
    x, y = here.places()
    return here.count, at.local(x), at.local(y)
