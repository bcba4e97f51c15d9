"""All confirmed cameras in memory: one large block, a small one over it, swapped as one reference.

The small block, the overlay, takes cameras that are new or have moved. When it grows past a
hundredth of the large one, both are built anew in a thread while changes go on being applied and
are replayed onto the result. The index only shows; opening anything reads the rows themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from consentry.kernel.clock import Clock, to_micros
from consentry.kernel.errors import UnavailableError
from consentry.kernel.ids import CameraId, PartyId

from .block import Block, joined, taken
from .columns import Columns, Ints, Windows, columns_of_rows
from .parties import Parties

OVERLAY_SHARE_MAX: Final = 0.01
OVERLAY_ROWS_MIN: Final = 4096
"""Below this many a rebuild saves nothing."""
UNCHECKED_S_MAX: Final = 3.0


@dataclass(frozen=True, slots=True)
class View:
    """What one search or tile is answered from: taken once, however long the answer takes."""

    blocks: tuple[Block, ...]
    parties: Parties
    epoch: int
    moment_us: int
    cells: dict[int, object] = field(default_factory=dict, compare=False)
    """By party, as `clusters` keeps them while this view is current."""
    tiles: dict[object, object] = field(default_factory=dict, compare=False)

    @property
    def size(self) -> int:
        return sum(len(block) for block in self.blocks)


@dataclass(slots=True)
class Rebuild:
    """A block in the making, and what has changed since it was begun."""

    blocks: tuple[Block, ...]
    since: list[tuple[list[CameraId], Columns]] = field(default_factory=list)

    def build(self, now_us: int) -> Block:
        """Runs in a thread, beside changes: those are replayed by `CameraIndex.adopt`."""
        return Block(joined([block.living() for block in self.blocks]), now_us)


class CameraIndex:
    """One per process. All methods but `Rebuild.build` belong to the thread of the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parties = Parties()
        self._checked: float | None = None
        self._rebuild: Rebuild | None = None
        self._base = self._overlay = Block(_nothing(), 0)
        self._view = View((self._base,), self._parties, 0, 0)

    @property
    def epoch(self) -> int:
        """The newest change of the registry or of consent that is applied here."""
        return self._view.epoch

    def current(self) -> View:
        """The view to answer from. Raises UnavailableError when it may be older than 3 s."""
        if self._checked is None or self._clock.monotonic() - self._checked > UNCHECKED_S_MAX:
            raise UnavailableError(
                "The camera index can't tell whether it is up to date. Try again in a moment.",
                slug="index_stale",
            )
        self.advance()
        return self._view

    def checked(self, at: float) -> None:
        """Note that nothing was missed as of this reading of the monotonic clock."""
        self._checked = at

    def prepared(self, columns: Columns) -> Block:
        """A block for `load`. Pure but for the numbers of parties: meant for a thread."""
        return Block(self._parties.adopt(columns), self.now_us())

    def load(self, base: Columns | Block, epoch: int) -> None:
        """Replace everything by these columns."""
        self._base = base if isinstance(base, Block) else self.prepared(base)
        self._overlay = Block(_nothing(), self.now_us())
        self._rebuild = None
        self._publish(epoch)

    def apply(self, camera_ids: Sequence[CameraId], columns: Columns, epoch: int) -> None:
        """Take over the named cameras as `columns` has them now; those it lacks are gone."""
        ours = self._parties.adopt(columns)
        if self._rebuild is not None:
            self._rebuild.since.append((list(camera_ids), ours))
        self._take(camera_ids, ours)
        self._publish(epoch)

    def advance(self) -> None:
        """Open and close the windows whose time has come."""
        now_us = self.now_us()
        moved = [block.advance(now_us) for block in (self._base, self._overlay)]
        if any(moved):
            self._publish(self.epoch)

    def wants_rebuild(self) -> bool:
        rows = len(self._overlay) + self._base.late
        bound = max(OVERLAY_ROWS_MIN, OVERLAY_SHARE_MAX * len(self._base))
        return self._rebuild is None and rows > bound

    def begin_rebuild(self) -> Rebuild:
        self._rebuild = Rebuild((self._base, self._overlay))
        return self._rebuild

    def adopt(self, rebuild: Rebuild, block: Block) -> bool:
        """Swap in the new block with what changed meanwhile. False if `load` came between."""
        if self._rebuild is not rebuild:
            return False
        self._base, self._overlay = block, Block(_nothing(), self.now_us())
        self._rebuild = None
        for camera_ids, columns in rebuild.since:
            self._take(camera_ids, columns)
        self.advance()
        self._publish(self.epoch)
        return True

    def abandon(self, rebuild: Rebuild) -> None:
        """Give up a rebuild that failed; the old blocks still hold everything."""
        if self._rebuild is rebuild:
            self._rebuild = None

    def _take(self, camera_ids: Sequence[CameraId], columns: Columns) -> None:
        ids = np.array(list(dict.fromkeys(camera_ids)), "S36").reshape(-1)
        rows = _rows_of(columns, ids)
        slots = self._base.slots_of_ids(ids)
        stays = (slots >= 0) & (rows >= 0)
        stays[stays] = _same_place(self._base, slots[stays], columns, rows[stays])
        self._base.kill(slots[(slots >= 0) & ~stays])
        if stays.any():
            changed = taken(columns, rows[stays])
            self._base.change(slots[stays], changed, self.now_us())
        over = self._overlay.slots_of_ids(ids)
        self._overlay.kill(over[over >= 0])
        added = rows[(rows >= 0) & ~stays]
        if len(added) or (over >= 0).any():
            fresh = joined([self._overlay.living(), taken(columns, added)])
            self._overlay = Block(fresh, self.now_us())

    def _publish(self, epoch: int) -> None:
        blocks = (self._base, self._overlay) if len(self._overlay) else (self._base,)
        moment_us = max(block.moment_us for block in blocks)
        self._view = View(blocks, self._parties, epoch, moment_us)

    def now_us(self) -> int:
        return to_micros(self._clock.now())


def _rows_of(columns: Columns, ids: "np.ndarray[tuple[int], np.dtype[np.bytes_]]") -> Ints:
    """The row of each id in `columns`, or -1."""
    place = {one: row for row, one in enumerate(columns.id.tolist())}
    return np.array([place.get(one, -1) for one in ids.tolist()], np.int64)


def _same_place(
    block: Block, slots: Ints, columns: Columns, rows: Ints
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    held = block.columns
    same: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        (held.lat[slots] == columns.lat[rows])
        & (held.lon[slots] == columns.lon[rows])
        & (held.number[slots] == columns.number[rows])
    )
    return same


def _nothing() -> Columns:
    return columns_of_rows([], (), Windows.none())


__all__ = ["CameraIndex", "Columns", "PartyId", "Rebuild", "View"]
