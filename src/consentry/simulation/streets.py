"""Streets of the city: a bent lattice, its ranks and names, and the graph that units drive on.

Lines "along" run west to east, lines "across" south to north; a crossing is (across, along).
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .chance import stream
from .names import (
    ACROSS,
    ALONG,
    PARKS,
    STREET_WORDS,
    SUFFIXES_ACROSS,
    SUFFIXES_ALONG,
)
from .terrain import BLOCK_DEPTH_M, BLOCK_LENGTH_M, Flags, Floats, bend, in_river, in_sea, on_land

ACROSS_MAX: Final = 30
ALONG_MIN: Final = -19
ALONG_MAX: Final = 33
MAJOR_EVERY: Final = 6
MIDDLE_EVERY: Final = 3
MINOR, MIDDLE, MAJOR = 0, 1, 2
HALF_WIDTHS_M: Final = (6.0, 8.0, 11.5)
"""From the middle of the road to the building line, by rank."""
SPEEDS_MPS: Final = (7.0, 10.0, 13.5)
CORNER_S: Final = 2.0
"""What a crossing costs a unit on its way."""

Ints = NDArray[np.int64]


def rank(line: int) -> int:
    if line % MAJOR_EVERY == 0:
        return MAJOR
    return MIDDLE if line % MIDDLE_EVERY == 0 else MINOR


@dataclass(frozen=True, slots=True)
class Street:
    """One line of the grid as it stands: its runs are broken where there is water or a park."""

    name: str
    rank: int
    line: int
    along: bool
    runs: tuple[tuple[int, ...], ...]
    """Chains of crossings, by number."""


@dataclass(frozen=True)
class Streets:
    """The street graph. Edges are pairs of crossings; each is listed once, `a < b`."""

    x: Floats
    y: Floats
    across: Ints
    along: Ints
    a: Ints
    b: Ints
    edge_rank: Ints
    edge_street: Ints
    bridge: Flags
    streets: tuple[Street, ...]

    @cached_property
    def length_m(self) -> Floats:
        return np.hypot(self.x[self.a] - self.x[self.b], self.y[self.a] - self.y[self.b])

    @cached_property
    def travel_s(self) -> Floats:
        spans: Floats = self.length_m / np.asarray(SPEEDS_MPS)[self.edge_rank] + CORNER_S
        return spans

    @cached_property
    def ways(self) -> list[list[tuple[int, int]]]:
        """For each crossing: (next crossing, edge)."""
        out: list[list[tuple[int, int]]] = [[] for _ in range(len(self.x))]
        for edge, (a, b) in enumerate(zip(self.a.tolist(), self.b.tolist(), strict=True)):
            out[a].append((b, edge))
            out[b].append((a, edge))
        return out

    @cached_property
    def number_of(self) -> dict[tuple[int, int], int]:
        pairs = zip(self.across.tolist(), self.along.tolist(), strict=True)
        return {pair: number for number, pair in enumerate(pairs)}

    @cached_property
    def name_of_line(self) -> dict[tuple[bool, int], str]:
        return {(street.along, street.line): street.name for street in self.streets}

    def corner_name(self, crossing: int) -> str:
        along = self.name_of_line[(True, int(self.along[crossing]))]
        return f"{along} / {self.name_of_line[(False, int(self.across[crossing]))]}"

    def nearest(self, x: float, y: float) -> int:
        return int(np.argmin((self.x - x) ** 2 + (self.y - y) ** 2))

    def route(self, start: int, goal: int) -> tuple[list[int], float]:
        """The quickest way as crossings, both ends included, and its seconds (Dijkstra)."""
        best = {start: 0.0}
        before: dict[int, int] = {}
        queue = [(0.0, start)]
        while queue:
            spent, here = heapq.heappop(queue)
            if here == goal:
                return _trace(before, start, goal), spent
            if spent > best[here]:
                continue
            for there, edge in self.ways[here]:
                then = spent + float(self.travel_s[edge])
                if then < best.get(there, np.inf):
                    best[there], before[there] = then, here
                    heapq.heappush(queue, (then, there))
        raise LookupError(f"no way from crossing {start} to {goal}")


def _trace(before: dict[int, int], start: int, goal: int) -> list[int]:
    path = [goal]
    while path[-1] != start:
        path.append(before[path[-1]])
    return path[::-1]


def lay_streets(seed: int) -> Streets:
    """Every street of the city, as one connected graph."""
    i, j = np.meshgrid(
        np.arange(-ACROSS_MAX, ACROSS_MAX + 1), np.arange(ALONG_MIN, ALONG_MAX + 1), indexing="ij"
    )
    x, y = crossing(i, j)
    edges = _edges(i, j, x, y)
    kept = _connected(edges, i.size)
    numbers = np.cumsum(kept) - 1
    edges = edges[kept[edges[:, 0]]]
    a, b = numbers[edges[:, 0]], numbers[edges[:, 1]]
    across, along = i.ravel()[kept], j.ravel()[kept]
    xs, ys = x.ravel()[kept], y.ravel()[kept]
    lines, line_of = _lines(across, along, a, b)
    names = _names(seed, lines)
    mid_x, mid_y = (xs[a] + xs[b]) / 2, (ys[a] + ys[b]) / 2
    wet = in_river(mid_x, mid_y) | in_river(xs[a], ys[a]) | in_river(xs[b], ys[b])
    return Streets(
        x=xs,
        y=ys,
        across=across,
        along=along,
        a=a,
        b=b,
        edge_rank=np.array([rank(lines[k][1]) for k in line_of]),
        edge_street=line_of,
        bridge=wet,
        streets=_streets(lines, names, line_of, a, b),
    )


def crossing(i: Ints, j: Ints) -> tuple[Floats, Floats]:
    """Where these lines cross, in metres."""
    return bend(i.astype(np.float64) * BLOCK_LENGTH_M, j.astype(np.float64) * BLOCK_DEPTH_M)


def in_park(i: Ints, j: Ints) -> Flags:
    """Whether the block whose south-west crossing is (i, j) belongs to a park."""
    inside = np.zeros(np.broadcast(i, j).shape, dtype=np.bool_)
    for _, west, east, south, north in PARKS:
        inside |= (i >= west) & (i < east) & (j >= south) & (j < north)
    return inside


def _edges(i: Ints, j: Ints, x: Floats, y: Floats) -> Ints:
    """All pieces of street from one crossing to the next that may be built, as flat pairs."""
    number = np.arange(i.size).reshape(i.shape)
    land = on_land(x, y)
    wet = in_river(x, y, 30.0) & ~in_sea(x, y, 250.0)
    spans = wet & (j % MAJOR_EVERY == 0)
    east = _open(land, spans, x, y, (slice(None, -1), slice(1, None)))
    # A street along the border of a park stays; one with park on both sides goes.
    east &= ~(in_park(i, j) & in_park(i, j - 1))[:-1]
    ok = land[:, :-1] & land[:, 1:] & ~_wet_middle(x[:, :-1], x[:, 1:], y[:, :-1], y[:, 1:])
    ok &= ~(in_park(i, j) & in_park(i - 1, j))[:, :-1]
    pairs = [
        np.stack([number[:-1][east], number[1:][east]], axis=1),
        np.stack([number[:, :-1][ok], number[:, 1:][ok]], axis=1),
    ]
    return _without_stubs(np.concatenate(pairs), wet.ravel())


def _open(land: Flags, spans: Flags, x: Floats, y: Floats, cut: tuple[slice, slice]) -> Flags:
    """Pieces running east: on dry land, or on a bridge that stands with at least one foot in it."""
    first, second = cut
    dry = land[first] & land[second]
    dry &= ~_wet_middle(x[first], x[second], y[first], y[second])
    bridge = (spans[first] | spans[second]) & (land | spans)[first] & (land | spans)[second]
    return dry | bridge


def _wet_middle(x0: Floats, x1: Floats, y0: Floats, y1: Floats) -> Flags:
    return in_river((x0 + x1) / 2, (y0 + y1) / 2, 8.0)


def _without_stubs(edges: Ints, wet: Flags) -> Ints:
    """Take away bridges that do not arrive: pieces that end in the water."""
    while True:
        degree = np.bincount(edges.ravel(), minlength=wet.size)
        stub = wet & (degree == 1)
        kept = ~(stub[edges[:, 0]] | stub[edges[:, 1]])
        if kept.all():
            return edges
        edges = edges[kept]


def _connected(edges: Ints, count: int) -> Flags:
    """The crossings of the largest connected part, by label propagation."""
    label = np.arange(count)
    while True:
        lowest = np.minimum(label[edges[:, 0]], label[edges[:, 1]])
        after = label.copy()
        np.minimum.at(after, edges[:, 0], lowest)
        np.minimum.at(after, edges[:, 1], lowest)
        after = after[after]
        if np.array_equal(after, label):
            break
        label = after
    used = np.bincount(edges.ravel(), minlength=count) > 0
    largest = np.argmax(np.bincount(label[used], minlength=count))
    kept: Flags = used & (label == largest)
    return kept


def _lines(across: Ints, along: Ints, a: Ints, b: Ints) -> tuple[list[tuple[bool, int]], Ints]:
    """The lines in use as (runs along?, number), and for each edge the index of its line."""
    is_along = along[a] == along[b]
    keys = np.where(is_along, along[a] * 2 + 1, across[a] * 2)
    found, line_of = np.unique(keys, return_inverse=True)
    return [(bool(key & 1), int(key >> 1)) for key in found.tolist()], line_of


def _names(seed: int, lines: Sequence[tuple[bool, int]]) -> list[str]:
    chance = stream(seed, "street names")
    taken = {name.rsplit(" ", 1)[0] for name in (*ALONG.values(), *ACROSS.values())}
    words = [word for word in chance.permutation(STREET_WORDS).tolist() if word not in taken]
    names = []
    for along, line in lines:
        given = (ALONG if along else ACROSS).get(line)
        suffixes = (SUFFIXES_ALONG if along else SUFFIXES_ACROSS)[rank(line)]
        names.append(given or f"{words.pop()} {suffixes[int(chance.integers(len(suffixes)))]}")
    return names


def _streets(
    lines: Sequence[tuple[bool, int]], names: Sequence[str], line_of: Ints, a: Ints, b: Ints
) -> tuple[Street, ...]:
    out = []
    for index, ((along, line), name) in enumerate(zip(lines, names, strict=True)):
        mine = np.flatnonzero(line_of == index)
        mine = mine[np.argsort(a[mine], kind="stable")]
        runs = _runs(a[mine].tolist(), b[mine].tolist())
        out.append(Street(name, rank(line), line, along, runs))
    return tuple(out)


def _runs(starts: Sequence[int], ends: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Join pieces that follow one another into chains."""
    runs: list[list[int]] = []
    for start, end in zip(starts, ends, strict=True):
        if runs and runs[-1][-1] == start:
            runs[-1].append(end)
        else:
            runs.append([start, end])
    return tuple(tuple(run) for run in runs)
