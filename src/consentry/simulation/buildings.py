"""Blocks, plots and footprints, each with an address; and the parks between them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from .chance import stream
from .names import PARKS
from .streets import (
    ACROSS_MAX,
    ALONG_MAX,
    ALONG_MIN,
    HALF_WIDTHS_M,
    MAJOR_EVERY,
    MIDDLE_EVERY,
    Ints,
    crossing,
    in_park,
)
from .terrain import BLOCK_DEPTH_M, BLOCK_LENGTH_M, Flags, Floats, bend, on_land

EMPTY_SHARE: Final = 0.07
COLUMNS_MAX: Final = 4
ROWS: Final = 2
HOME, SHOP, FLATS, CIVIC = 0, 1, 2, 3
CENTRE_M: Final = 1500.0


@dataclass(frozen=True)
class Buildings:
    """Columns, one row a building. The first two corners are the side that faces the street."""

    corners: Floats
    """(n, 4, 2) metres, going round."""
    line: Ints
    """The line along which the building stands and by which it is numbered."""
    number: Ints
    use: Ints
    floors: Ints

    def __len__(self) -> int:
        return len(self.line)

    @cached_property
    def centre(self) -> Floats:
        middle: Floats = self.corners.mean(axis=1)
        return middle

    @cached_property
    def door(self) -> Floats:
        """The middle of the front, where doorbells and shopfront cameras hang."""
        middle: Floats = self.corners[:, :2].mean(axis=1)
        return middle

    @cached_property
    def facing(self) -> Floats:
        """Compass bearing from the front to the street."""
        east, north = (self.door - self.centre).T
        bearing: Floats = np.degrees(np.arctan2(east, north)) % 360
        return bearing

    @cached_property
    def facade(self) -> Floats:
        """Compass bearing along the front."""
        east, north = (self.corners[:, 1] - self.corners[:, 0]).T
        bearing: Floats = np.degrees(np.arctan2(east, north)) % 360
        return bearing


def raise_buildings(seed: int) -> Buildings:
    chance = stream(seed, "buildings")
    i, j = _blocks()
    columns = chance.integers(3, COLUMNS_MAX + 1, size=i.size)
    column = np.tile(np.arange(COLUMNS_MAX).repeat(ROWS), i.size)
    row = np.tile(np.tile(np.arange(ROWS), COLUMNS_MAX), i.size)
    i, j, columns = (part.repeat(COLUMNS_MAX * ROWS) for part in (i, j, columns))
    kept = (column < columns) & (chance.random(i.size) >= EMPTY_SHARE)
    i, j, columns, column, row = (part[kept] for part in (i, j, columns, column, row))
    corners = _footprints(chance, i, j, column / columns, (column + 1) / columns, row)
    dry = on_land(corners[..., 0], corners[..., 1]).all(axis=1)
    line = (j + row)[dry]
    number = ((i + ACROSS_MAX) * 10 + column * 2 + 2 - row)[dry]
    use, floors = _uses(chance, corners[dry].mean(axis=1), line)
    return Buildings(corners[dry], line, number, use, floors)


def park_outlines() -> list[tuple[str, Floats]]:
    """Name and ring of each park, a pavement's width inside its streets."""
    rings = []
    for name, west, east, south, north in PARKS:
        u = np.array([west, east]) * BLOCK_LENGTH_M + np.array([9, -9])
        v = np.array([south, north]) * BLOCK_DEPTH_M + np.array([9, -9])
        rings.append((name, _ring(u, v)))
    return rings


def _ring(u: Floats, v: Floats, steps: int = 12) -> Floats:
    """A rectangle of the ruled grid as it lies once bent: its sides follow the streets."""
    along, up = np.linspace(u[0], u[1], steps), np.linspace(v[0], v[1], steps)
    us = np.concatenate([along, np.full(steps, u[1]), along[::-1], np.full(steps, u[0])])
    vs = np.concatenate([np.full(steps, v[0]), up, np.full(steps, v[1]), up[::-1]])
    return np.stack(bend(us, vs), axis=1)


def _blocks() -> tuple[Ints, Ints]:
    i, j = np.meshgrid(
        np.arange(-ACROSS_MAX, ACROSS_MAX), np.arange(ALONG_MIN, ALONG_MAX), indexing="ij"
    )
    dry: Flags = ~in_park(i, j)
    for right in (0, 1):
        for up in (0, 1):
            dry &= on_land(*crossing(i + right, j + up))
    return i[dry], j[dry]


def _footprints(
    chance: np.random.Generator, i: Ints, j: Ints, west: Floats, east: Floats, row: Ints
) -> Floats:
    """Rectangles of the ruled grid, bent with it. Row 0 fronts the street south, row 1 north."""
    half = np.array(HALF_WIDTHS_M)
    left, right = half[_ranks(i)], half[_ranks(i + 1)]
    low, high = half[_ranks(j)], half[_ranks(j + 1)]
    span = BLOCK_LENGTH_M - left - right
    gap = chance.uniform(1.2, 4.5, size=(2, i.size))
    u0 = i * BLOCK_LENGTH_M + left + west * span + gap[0]
    u1 = i * BLOCK_LENGTH_M + left + east * span - gap[1]
    depth = (BLOCK_DEPTH_M - low - high) * chance.uniform(0.27, 0.44, size=i.size)
    garden = chance.uniform(0.6, 5.0, size=i.size)
    front = np.where(row == 0, j * BLOCK_DEPTH_M + low + garden, 0)
    front = np.where(row == 1, (j + 1) * BLOCK_DEPTH_M - high - garden, front)
    back = front + np.where(row == 0, depth, -depth)
    us, vs = np.stack([u0, u1, u1, u0], axis=1), np.stack([front, front, back, back], axis=1)
    return np.stack(bend(us, vs), axis=-1)


def _ranks(lines: Ints) -> Ints:
    ranks: Ints = (lines % MIDDLE_EVERY == 0).astype(np.int64) + (lines % MAJOR_EVERY == 0)
    return ranks


def _uses(chance: np.random.Generator, centre: Floats, line: Ints) -> tuple[Ints, Ints]:
    """Shops line the greater streets and thicken towards the centre; homes fill the rest."""
    inner = np.clip(1 - np.hypot(centre[:, 0], centre[:, 1]) / CENTRE_M, 0, 1)
    busy = np.array([0.03, 0.16, 0.34])[_ranks(line)]
    draw = chance.random(len(line))
    shop = draw < busy + 0.3 * inner
    flats = ~shop & (draw > 0.86 - 0.35 * inner)
    civic = ~shop & ~flats & (chance.random(len(line)) < 0.012)
    use = np.select([shop, flats, civic], [SHOP, FLATS, CIVIC], HOME)
    floors = 1 + chance.poisson(0.7 + 4.5 * inner**2 + 1.6 * (use == FLATS))
    return use, floors
