"""What the index is loaded from: one row per confirmed camera, one array per fact.

The registry's store fills these, and so do simulations and benches. Drafts and removed cameras are
not in it at all: what is not loaded can't be shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from consentry.kernel.ids import CameraId, PartyId

HIDDEN: Final = 0
COUNTED: Final = 1
POINT: Final = 2
OWN: Final = 3
"""What a party may see of a camera, least first. OWN comes of ownership and is never granted."""

FOREVER_US: Final = 2**63 - 1
ALWAYS_US: Final = -(2**63)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Who else may see which row, from when until when (microseconds since 1970, half-open).

    Parallel arrays in any order, one element per camera, party and span.
    """

    row: NDArray[np.int32]
    party: NDArray[np.int32]
    """Index into `Columns.parties`."""
    level: NDArray[np.uint8]
    """COUNTED or POINT."""
    starts_us: Ints
    ends_us: Ints

    @classmethod
    def none(cls) -> "Windows":
        return cls.of([])

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, int, int]]) -> "Windows":
        """From tuples (row, party, level, starts_us, ends_us)."""
        table = np.array(rows, np.int64).reshape(-1, 5)
        return cls(
            row=table[:, 0].astype(np.int32),
            party=table[:, 1].astype(np.int32),
            level=table[:, 2].astype(np.uint8),
            starts_us=table[:, 3].copy(),
            ends_us=table[:, 4].copy(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """`n` cameras in any order. NaN where a bearing, a view or a reach is not known."""

    id: NDArray[np.bytes_]
    """`S36`, as ASCII."""
    number: NDArray[np.int32]
    """`Camera.number`, 0 to 2**28 - 1, each at most once."""
    lat: Floats
    lon: Floats
    owner: NDArray[np.int32]
    """Index into `parties`."""
    parties: tuple[PartyId, ...]
    """Every party that a row or a window names."""
    kind: NDArray[np.uint8]
    """Index into `model.KINDS`; `setting` and `health` likewise into theirs."""
    setting: NDArray[np.uint8]
    health: NDArray[np.uint8]
    night: Bools
    bearing: NDArray[np.float32]
    fov: NDArray[np.float32]
    reach: NDArray[np.float32]
    """Metres within which it shows something of use."""
    windows: Windows

    def __len__(self) -> int:
        return len(self.number)


class ColumnSource(Protocol):
    """The registry as columns, read inside one transaction. Its store implements this."""

    def all_columns(self) -> Columns: ...

    def columns_of(self, camera_ids: Sequence[CameraId]) -> Columns:
        """Those of the named cameras that are confirmed now; the others are simply absent."""
        ...


FACTS: Final = (
    "id", "number", "lat", "lon", "owner", "kind", "setting", "health", "night",
    "bearing", "fov", "reach",
)  # fmt: skip
TYPES: Final[dict[str, Any]] = {
    "id": np.dtype("S36"),
    "number": np.int32,
    "lat": np.float64,
    "lon": np.float64,
    "owner": np.int32,
    "kind": np.uint8,
    "setting": np.uint8,
    "health": np.uint8,
    "night": np.bool_,
    "bearing": np.float32,
    "fov": np.float32,
    "reach": np.float32,
}


def columns_of_rows(
    rows: Sequence[Sequence[Any]],
    parties: Sequence[PartyId],
    windows: Windows,
) -> Columns:
    """From tuples in the order of `FACTS`, `owner` as an index into `parties`."""
    turned = list(zip(*rows, strict=True)) or [()] * len(FACTS)
    facts = {
        name: np.array(values, TYPES[name]) for name, values in zip(FACTS, turned, strict=True)
    }
    return Columns(**facts, parties=tuple(parties), windows=windows)
