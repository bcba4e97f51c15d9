"""The rows of an import as the reading child and the hub pass them on, and their bounds. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from consentry.kernel.errors import Fault

from .model import Details

FILE_BYTES_MAX: Final = 256 * 1024 * 1024
ROWS_MAX: Final = 1_000_000
BATCH_ROWS: Final = 1_000
"""So many rows are one unit of work: the writer is never held for longer."""


class Format(StrEnum):
    CSV = "csv"
    GEOJSON = "geojson"
    GEOJSON_LINES = "geojsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row that can land, if its owner is known and nothing stands against it."""

    row: int
    details: Details
    reference: str
    owner: str = ""
    """A party by id or name; empty: whoever imports."""
    camera_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    row: int
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Up to `BATCH_ROWS` rows as the reader hands them over: read, or found wrong."""

    upto: int
    """The last row of the file that this batch covers."""
    rows: int
    records: Sequence[Record]
    faults: Sequence[RowFault]
    rejected: int
