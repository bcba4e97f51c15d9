"""Find cameras by circle, by polygon, or the nearest: only those that the viewer may see as points.

One's own are found everywhere, those of others inside the incident's area alone. Whatever lies
elsewhere can't be told from what is not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from consentry.kernel.errors import InvalidError
from consentry.kernel.geo import Area, Point
from consentry.kernel.ids import PartyId

from .block import Block
from .columns import Bools, Floats, Ints
from .index import View
from .model import KINDS, Kind
from .shapes import (
    REACH_M_MAX,
    Disc,
    Ring,
    Shape,
    chord_squares,
    extent_m,
    metres,
    shape_of,
)
from .spans import flattened

HITS_MAX: Final = 5_000
NEAREST_MAX: Final = 512
RADIUS_M_MIN: Final = 1.0
AREA_KM2_MAX: Final = 3.0
NEAREST_START_M: Final = 200.0
AREA_ROUNDING: Final = 1.001
"""An area of exactly three square kilometres passes, however it was computed."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and the area of the incident they look for, if any."""

    party: PartyId
    area: Disc | Ring | None = None

    @classmethod
    def of(cls, party: PartyId, area: Area | None) -> "Viewer":
        """Raises InvalidError for an area that is too large to be shown."""
        if area is None:
            return cls(party)
        if area.area_km2 > AREA_KM2_MAX * AREA_ROUNDING:
            limit = f"{AREA_KM2_MAX:g} square kilometres"
            raise InvalidError.of("incident_id", "has too large an area", limit)
        return cls(party, shape_of(area))


@dataclass(frozen=True, slots=True)
class Found:
    """Hits by distance, nearest first; of equals the lower number first."""

    blocks: tuple[Block, ...]
    slot: Ints
    """Slots of the first block, and those of each further one counted on from there."""
    square: Floats
    own: Bools
    truncated: bool = False

    def __len__(self) -> int:
        return len(self.slot)

    @property
    def distance_m(self) -> Floats:
        return metres(self.square)

    @property
    def number(self) -> NDArray[np.int32]:
        return self.fact("number")

    def fact(self, name: str) -> NDArray[Any]:
        """One column of the hits, in their order."""
        if len(self.blocks) == 1:
            only: NDArray[Any] = getattr(self.blocks[0].columns, name)[self.slot]
            return only
        held = [getattr(block.columns, name) for block in self.blocks]
        out = np.empty(len(self.slot), held[0].dtype)
        first = 0
        for column in held:
            here = (self.slot >= first) & (self.slot < first + len(column))
            out[here] = column[self.slot[here] - first]
            first += len(column)
        return out

    def taken(self, rows: Ints | Bools | slice, *, truncated: bool = False) -> "Found":
        return Found(self.blocks, self.slot[rows], self.square[rows], self.own[rows], truncated)

    def first(self, count: int) -> "Found":
        return self if len(self) <= count else self.taken(slice(count), truncated=True)


def circle(
    view: View, viewer: Viewer, disc: Disc, kinds: Sequence[Kind] = (), limit: int = HITS_MAX
) -> Found:
    """All within the circle, at most `limit` of the nearest."""
    return _collected(view, viewer, disc, disc.centre, kinds).first(limit)


def polygon(
    view: View,
    viewer: Viewer,
    ring: Ring,
    towards: Point,
    kinds: Sequence[Kind] = (),
) -> Found:
    """All within the polygon, nearest to `towards` first."""
    return _collected(view, viewer, ring, towards, kinds).first(HITS_MAX)


def nearest(
    view: View, viewer: Viewer, towards: Point, count: int, kinds: Sequence[Kind] = ()
) -> Found:
    """The nearest `count`, none farther than `REACH_M_MAX`."""
    radius_m = NEAREST_START_M
    while True:
        found = circle(view, viewer, Disc(towards, radius_m), kinds, count)
        if len(found) >= count or radius_m >= REACH_M_MAX:
            return found
        radius_m = min(radius_m * 2, REACH_M_MAX)


def by_number(view: View, viewer: Viewer, number: int) -> Found:
    """The one camera of this number, or none: unknown and invisible are the same."""
    parts = []
    for block in view.blocks:
        slots = block.slots_of_numbers(np.array([number], np.int32))
        slots = slots[slots >= 0]
        seen, own = visible(block, view, viewer, slots)
        parts.append((slots[seen], np.zeros(int(seen.sum())), own[seen]))
    return _sorted(view, parts)


def candidates(view: View, shape: Shape) -> int:
    """How many rows a search of this shape has to look at."""
    spans = [shape.box.spans(block) for block in view.blocks]
    return int(sum((ends - starts).sum() for starts, ends in spans))


def checked_ring(vertices: tuple[tuple[float, float], ...]) -> Ring:
    """Raises InvalidError for a ring that is not simple or reaches too far."""
    ring = Ring.of(vertices)
    if extent_m(ring.box) > 2 * REACH_M_MAX:
        raise InvalidError.of("polygon", "reaches too far", f"{2 * REACH_M_MAX:g} m a side")
    return ring


def visible(block: Block, view: View, viewer: Viewer, slots: Ints) -> tuple[Bools, Bools]:
    """Which slots the viewer sees as points, and which of them are their own."""
    party = view.parties.number(viewer.party)
    own: Bools = block.owner[slots] == party
    if viewer.area is None:
        return own, own
    seen = block.seen_as_points(party, slots) & ~own
    if not seen.any():
        return own, own
    seen[seen] = viewer.area.holds(block, slots[seen])
    return seen | own, own


def _collected(
    view: View, viewer: Viewer, shape: Shape, towards: Point, kinds: Sequence[Kind]
) -> Found:
    parts = [_of_block(block, view, viewer, shape, towards) for block in view.blocks]
    found = _sorted(view, parts)
    return _of_kinds(found, kinds) if kinds else found


def _sorted(view: View, parts: Sequence[tuple[Ints, Floats, Bools]]) -> Found:
    found = Found(view.blocks, *parts[0])
    if len(parts) > 1:
        firsts = np.cumsum([0, *(len(block) for block in view.blocks)])
        slot = [part[0] + first for part, first in zip(parts, firsts, strict=False)]
        square, own = (np.concatenate([part[n] for part in parts]) for n in (1, 2))
        found = Found(view.blocks, np.concatenate(slot), square, own)
    order = np.argsort(found.square)
    ordered = found.square[order]
    if (ordered[1:] == ordered[:-1]).any():
        order = np.lexsort((found.number, found.square))
    return found.taken(order)


def _of_block(
    block: Block, view: View, viewer: Viewer, shape: Shape, towards: Point
) -> tuple[Ints, Floats, Bools]:
    slots = flattened(*shape.box.spans(block))
    if isinstance(shape, Disc):
        square = shape.squares(block, slots)
        held = np.flatnonzero(square <= shape.square_max)
        slots, square = slots[held], square[held]
    else:
        slots = slots[shape.holds(block, slots)]
        square = chord_squares(towards, block, slots)
    seen, own = visible(block, view, viewer, slots)
    if seen.all():
        return slots, square, own
    return slots[seen], square[seen], own[seen]


def _of_kinds(found: Found, kinds: Sequence[Kind]) -> Found:
    return found.taken(np.isin(found.fact("kind"), [KINDS.index(kind) for kind in kinds]))
