"""One import as a value: what was asked for, how far it is, what was wrong with which row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from consentry.audit import Actor
from consentry.kernel.errors import Fault
from consentry.kernel.ids import JobId, PartyId

from .records import Format

FAULTS_KEPT_MAX: Final = 10_000
OPEN_IMPORTS_MAX: Final = 4
"""Of one party at a time."""


class ImportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"


OPEN: Final = frozenset({ImportState.WAITING, ImportState.RUNNING, ImportState.UNDOING})
UNDOABLE: Final = frozenset({ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to read a file. Empty text: find out."""

    format: Format
    source: str = "import"
    encoding: str = ""
    delimiter: str = ""
    dry_run: bool = False
    check_swapped: bool = True
    """Refuse rows that would lie among the others with latitude and longitude swapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows by what became of them."""

    rows_read: int = 0
    added: int = 0
    proposed: int = 0
    """Added as drafts, for other owners to confirm."""
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    faults: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    id: str
    party_id: PartyId
    actor: Actor
    options: Options
    state: ImportState
    job_id: JobId
    bytes: int
    sha256: str
    created_at: datetime
    finished_at: datetime | None = None
    rows_total: int | None = None
    """Known once the whole file has been looked through."""
    counts: Counts = Counts()
    removed: int = 0
    error: Fault | None = None
    """Why the file as a whole could not be read."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What was found out about the file: its encoding, its delimiter, columns left aside."""
