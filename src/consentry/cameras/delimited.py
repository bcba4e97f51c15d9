"""CSV row by row. One broken row costs itself and nothing else, however it is broken."""

import csv
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import TextIOBase
from typing import Final

from consentry.kernel.errors import Fault, InvalidError

from .reading import COLUMNS, known_name

DELIMITERS: Final = (",", ";", "\t", "|")
LINE_CHARS_MAX: Final = 64 * 1024
CELL_CHARS_MAX: Final = 10_000
ROW_LINES_MAX: Final = 20
"""A quotation mark that is never closed takes no more lines than this for its own."""
COLUMNS_MAX: Final = 200
NAME_SHOWN_MAX: Final = 60

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Header:
    delimiter: str
    columns: tuple[str | None, ...]
    """The known name of each column; None for one that is left aside."""
    ignored: tuple[str, ...]


class _TooLongError(Exception):
    """This line or row is beyond its bound."""


class _Lines:
    """Lines with a memory: those of a row that failed can be read again as rows of their own."""

    def __init__(self, text: TextIOBase) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._taken: list[str] = []

    def __iter__(self) -> "Iterator[str]":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(LINE_CHARS_MAX)
        if not line:
            raise StopIteration
        self._taken.append(line)
        if len(line) >= LINE_CHARS_MAX and not line.endswith("\n"):
            self._skip_line()
            raise _TooLongError(f"has a line of more than {LINE_CHARS_MAX} characters")
        if len(self._taken) > ROW_LINES_MAX:
            raise _TooLongError("opens a quotation mark that is not closed")
        return line

    def begin_row(self) -> None:
        self._taken.clear()

    def give_back(self) -> None:
        """All lines of the failed row but its first."""
        self._again.extendleft(reversed(self._taken[1:]))

    def _skip_line(self) -> None:
        self._taken[-1:] = ["\n"]
        while (rest := self._text.readline(LINE_CHARS_MAX)) and not rest.endswith("\n"):
            pass


class Rows:
    """Iterates over (row, cells or what is wrong); the header is row 1. Raises InvalidError if
    there is no header to read by."""

    @classmethod
    def of(cls, text: TextIOBase, delimiter: str = "") -> "Rows":
        return cls(_Lines(text), delimiter)

    def __init__(self, lines: _Lines, delimiter: str) -> None:
        csv.field_size_limit(CELL_CHARS_MAX)
        self._lines = lines
        try:
            self.header = _header(lines, delimiter)
        except _TooLongError as error:
            raise InvalidError.of("header", f"{error}") from error
        self._reader = csv.reader(lines, delimiter=self.header.delimiter, strict=True)
        self._row = 1

    def __iter__(self) -> Iterator[tuple[int, Cells | Fault]]:
        while True:
            self._row += 1
            self._lines.begin_row()
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except (_TooLongError, csv.Error) as error:
                self._lines.give_back()
                yield self._row, Fault(field="row", message=_told(error))
                continue
            if any(cell.strip() for cell in cells):
                yield self._row, self._named(cells)

    def _named(self, cells: list[str]) -> Cells | Fault:
        columns = self.header.columns
        if len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
            message = f"has {len(cells)} cells where the header has {len(columns)}"
            return Fault(field="row", message=message, limit=f"{len(columns)} cells")
        pairs = zip(columns, cells, strict=False)
        return {name: cell for name, cell in pairs if name is not None}


def _told(error: Exception) -> str:
    if isinstance(error, _TooLongError):
        return f"{error}"
    if "unexpected end" in f"{error}":
        return "opens a quotation mark that is not closed"
    return f"cannot be read: {error}"


def _header(lines: _Lines, declared: str) -> Header:
    line = next(lines, "").lstrip("\ufeff")
    if line.lower().startswith("sep=") and len(line.strip()) <= len("sep=") + 1:
        declared = declared or line[4:5]  # a spreadsheet's way of naming the delimiter
        line = next(lines, "")
    if declared and declared not in DELIMITERS:
        raise InvalidError.of("delimiter", "is none that is read here", "one of , ; | or a tab")
    if not line.strip():
        raise InvalidError.of("header", "is missing: the file is empty")
    named = [_named(line, one) for one in ([declared] if declared else DELIMITERS)]
    best = max(named, key=lambda header: sum(name is not None for name in header.columns))
    missing = [name for name in ("name", "lat", "lon") if name not in best.columns]
    if missing:
        message = f"has no column for {', '.join(missing)}"
        raise InvalidError.of("header", message, f"columns: {', '.join(COLUMNS)}")
    return best


def _named(line: str, delimiter: str) -> Header:
    try:
        titles = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        titles = []
    if len(titles) > COLUMNS_MAX:
        raise InvalidError.of("header", "has too many columns", f"{COLUMNS_MAX} columns")
    exact = {title.strip().lower() for title in titles}
    columns: list[str | None] = []
    for title in titles:
        known = known_name(title)
        shadowed = known in exact and title.strip().lower() != known
        if known is not None and not shadowed and known in columns:
            raise InvalidError.of("header", f"has two columns for {known}")
        columns.append(None if shadowed else known)
    pairs = zip(titles, columns, strict=True)
    ignored = [title.strip()[:NAME_SHOWN_MAX] for title, known in pairs if known is None]
    return Header(delimiter, tuple(columns), tuple(ignored))
