"""One sorted set of cameras: coordinates that never change, and facts that change in place.

Rows lie in Morton order; a row's position is its slot. A camera that goes or moves leaves its slot
dead: nobody owns it and nobody is its audience, so no search needs to ask whether it is alive.
"""

import heapq
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .audience import NOBODY, Audiences
from .columns import FACTS, POINT, Bools, Columns, Ints, Windows
from .projection import mercator_x, mercator_y, morton, unit_vectors
from .spans import flattened

UNOWNED: Final = -1
MUTABLE: Final = ("kind", "setting", "health", "night", "bearing", "fov", "reach", "owner")


class Block:
    """Columns in Morton order with their windows, their audiences, and when those change next."""

    def __init__(self, columns: Columns, now_us: int) -> None:
        """`columns` bear the index's own numbers of parties (`Parties.adopt`)."""
        x, y = mercator_x(columns.lon), mercator_y(columns.lat)
        key = morton(x, y)
        # Rows of one place come in order of number, so that the order of loading shows nowhere.
        order = np.lexsort((columns.number, key))
        self.key: Ints = key[order]
        self.columns = taken(columns, order)
        self.x: NDArray[np.int32] = x[order].astype(np.int32)
        self.y: NDArray[np.int32] = y[order].astype(np.int32)
        self.x_before, self.y_before = _running(self.x), _running(self.y)
        self.ux, self.uy, self.uz = unit_vectors(self.columns.lat, self.columns.lon)
        self.owner = self.columns.owner
        self.number = self.columns.number
        self._by_id = np.argsort(self.columns.id, kind="stable")
        self._by_number = np.argsort(self.number, kind="stable")
        self.audiences = Audiences()
        windows = self.columns.windows
        self.audience = self.audiences.of_rows(len(self), windows, _active(windows, now_us))
        self._late: dict[int, Windows] = {}
        self._heap: list[tuple[int, int]] = []
        self._times, self._time_slots = _boundaries(windows)
        self._passed = int(np.searchsorted(self._times, now_us, "right"))
        self.moment_us = int(self._times[self._passed - 1]) if self._passed else 0
        """The last instant at which a window that lies in here began or ended."""

    def __len__(self) -> int:
        return len(self.key)

    @property
    def alive(self) -> Bools:
        alive: Bools = self.owner != UNOWNED
        return alive

    @property
    def late(self) -> int:
        """How many slots have other windows than they were built with."""
        return len(self._late)

    def slots_of_ids(self, ids: NDArray[np.bytes_]) -> Ints:
        """The living slot of each id, or -1."""
        return self._find(self.columns.id, self._by_id, ids)

    def slots_of_numbers(self, numbers: NDArray[np.int32]) -> Ints:
        return self._find(self.number, self._by_number, numbers)

    def kill(self, slots: Ints) -> None:
        """Takes effect at once, for threads that are in the middle of a tile too."""
        self.owner[slots] = UNOWNED
        self.audience[slots] = NOBODY

    def change(self, slots: Ints, columns: Columns, now_us: int) -> None:
        """New facts and windows for living slots; `columns` has a row for each, not moved."""
        windows = columns.windows
        self.audience[slots] = self.audiences.of_rows(len(slots), windows, _active(windows, now_us))
        for name in MUTABLE:
            getattr(self.columns, name)[slots] = getattr(columns, name)
        order = np.argsort(windows.row, kind="stable")
        edges = np.searchsorted(windows.row[order], np.arange(len(slots) + 1))
        for n, slot in enumerate(slots.tolist()):
            held = _windows(windows, order[edges[n] : edges[n + 1]])
            self._late[slot] = replace(held, row=np.zeros(len(held.row), np.int32))
            for at in {*held.starts_us.tolist(), *held.ends_us.tolist()}:
                if at > now_us:
                    heapq.heappush(self._heap, (at, slot))

    def next_us(self) -> int | None:
        """The next instant at which `advance` has something to do."""
        times = self._times[self._passed : self._passed + 1].tolist()
        times += [at for at, _ in self._heap[:1]]
        return min(times, default=None)

    def advance(self, now_us: int) -> bool:
        """Open and close the windows whose time has come; say whether there were any."""
        following = self.next_us()
        if following is None or following > now_us:
            return False
        passed = int(np.searchsorted(self._times, now_us, "right"))
        due = set(self._time_slots[self._passed : passed].tolist()) - self._late.keys()
        if passed > self._passed:
            self.moment_us = max(self.moment_us, int(self._times[passed - 1]))
        self._passed = passed
        while self._heap and self._heap[0][0] <= now_us:
            at, slot = heapq.heappop(self._heap)
            self.moment_us = max(self.moment_us, at)
            due.add(slot)
        slots = np.array(sorted(due), np.int64)
        slots = slots[self.owner[slots] != UNOWNED]
        if len(slots):
            windows = self._windows_of(slots)
            self.audience[slots] = self.audiences.of_rows(
                len(slots), windows, _active(windows, now_us)
            )
        return bool(due)

    def living(self) -> Columns:
        """What is alive, as columns from which another block can be built."""
        slots = np.flatnonzero(self.alive)
        windows = self._windows_of(slots)
        return replace(taken(self.columns, slots), windows=windows)

    def seen_as_points(self, party: int, slots: Ints) -> Bools:
        """Which of these the audience rules would show to a party inside its incident's area."""
        seen: Bools = self.audiences.levels(party)[self.audience[slots]] >= POINT
        return seen

    def _windows_of(self, slots: Ints) -> Windows:
        """The windows of ascending slots, with rows that count along `slots`."""
        held = self.columns.windows
        late = np.array(sorted(self._late), np.int64)
        narrow = slots.astype(np.int32)  # the type of `row`, which would else be copied as a whole
        starts = np.searchsorted(held.row, narrow, "left")
        ends = np.where(np.isin(slots, late), starts, np.searchsorted(held.row, narrow, "right"))
        punctual = _windows(held, flattened(starts, ends))
        place = np.repeat(np.arange(len(slots), dtype=np.int32), ends - starts)
        parts = [replace(punctual, row=place)]
        for slot in late[np.isin(late, slots)].tolist():
            at, one = int(np.searchsorted(slots, slot)), self._late[slot]
            parts.append(replace(one, row=np.full(len(one.row), at, np.int32)))
        return joined_windows(parts)

    def _find(self, held: NDArray[np.generic], order: Ints, wanted: NDArray[np.generic]) -> Ints:
        if not len(self):
            return np.full(len(wanted), -1, np.int64)
        at = np.searchsorted(held, wanted, sorter=order)
        slot = order[np.minimum(at, len(self) - 1)]
        found = (held[slot] == wanted) & (self.owner[slot] != UNOWNED)
        result: Ints = np.where(found, slot, -1)
        return result


def _running(values: NDArray[np.int32]) -> Ints:
    """Sums of all before each value, and of all: any run of values is then one subtraction."""
    sums = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


def joined(parts: list[Columns]) -> Columns:
    """Several columns as one; all bear the same numbers of parties."""
    offsets = np.cumsum([0, *(len(part) for part in parts)])
    windows = [
        replace(part.windows, row=(part.windows.row + offset).astype(np.int32))
        for part, offset in zip(parts, offsets, strict=False)
    ]
    facts = {name: np.concatenate([getattr(part, name) for part in parts]) for name in FACTS}
    return Columns(**facts, parties=(), windows=joined_windows(windows))


def joined_windows(parts: list[Windows]) -> Windows:
    fields = ("row", "party", "level", "starts_us", "ends_us")
    return Windows(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in fields})


def taken(columns: Columns, rows: Ints) -> Columns:
    """Copies of the named rows in that order, with their windows sorted by row."""
    place = np.full(len(columns), -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    windows = columns.windows
    row = place[windows.row] if len(columns) else windows.row
    keep = np.flatnonzero(row >= 0)
    keep = keep[np.argsort(row[keep], kind="stable")]
    facts = {name: getattr(columns, name)[rows] for name in FACTS}
    return Columns(
        **facts, parties=columns.parties, windows=replace(_windows(windows, keep), row=row[keep])
    )


def _windows(windows: Windows, rows: Ints) -> Windows:
    return Windows(
        row=windows.row[rows],
        party=windows.party[rows],
        level=windows.level[rows],
        starts_us=windows.starts_us[rows],
        ends_us=windows.ends_us[rows],
    )


def _active(windows: Windows, now_us: int) -> Bools:
    active: Bools = (windows.starts_us <= now_us) & (now_us < windows.ends_us)
    return active


def _boundaries(windows: Windows) -> tuple[Ints, Ints]:
    """Every instant at which a window begins or ends, in order, and whose it is."""
    times = np.concatenate([windows.starts_us, windows.ends_us])
    slots = np.concatenate([windows.row, windows.row]).astype(np.int64)
    order = np.argsort(times, kind="stable")
    return times[order], slots[order]
