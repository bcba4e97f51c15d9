"""Read an import in a process of its own, which may be killed and may use only so much.

`check` looks through the whole file before anything lands and tells what it is, on one line of
JSON. `read` hands over batches, one a line. It opens that file and writes to standard output; it
needs neither the database nor the network.
"""

import json
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any, Final, TextIO

from consentry.kernel.errors import Fault, InvalidError
from consentry.kernel.geo import Point

from . import delimited, features, reading
from .encodings import Utf8, detect, open_text
from .records import BATCH_ROWS, ROWS_MAX, Format
from .rows import flat

MEMORY_BYTES_MAX: Final = 1024 * 1024 * 1024
CPU_S_MAX: Final = 1_200
PLACES_MAX: Final = 1_000
PLACES_MIN: Final = 5
"""The middle of so many places tells where a file's cameras are; fewer tell nothing."""

Row = tuple[int, Mapping[str, Any] | Fault]


def main(mode: str, path: Path, options: Mapping[str, Any], out: TextIO) -> None:
    try:
        if mode == "check":
            _say(out, _check(path, options))
        else:
            for batch in _batches(path, options):
                _say(out, batch)
            _say(out, {"end": True})
    except InvalidError as error:
        _say(out, {"fault": _told(error.faults[0])})
    except MemoryError:
        limit = f"{MEMORY_BYTES_MAX} bytes of memory"
        fault = Fault(field="file", message="takes too much memory to read", limit=limit)
        _say(out, {"fault": _told(fault)})


def _check(path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    notes: dict[str, Any] = {"encoding": detect(path, options["encoding"])}
    places: list[Point] = []
    count = 0
    for row, values in _rows(path, {**options, **notes}, notes):
        count += 1
        if count > ROWS_MAX:
            raise InvalidError.of("file", "has too many rows", f"{ROWS_MAX} rows")
        if count <= PLACES_MAX and not isinstance(values, Fault):
            with suppress(InvalidError):
                places.append(reading.read(row, values).details.place)
    if len(places) >= PLACES_MIN:
        notes["middle"] = [median(one.lat for one in places), median(one.lon for one in places)]
    return {"rows": count, "notes": notes}


def _rows(path: Path, options: Mapping[str, Any], notes: dict[str, Any]) -> Iterator[Row]:
    """Every row of the file with its number there; what is found out is added to the notes."""
    with open_text(path, options["encoding"]) as text:
        if options["format"] == Format.GEOJSON:
            yield from features.in_collection(Utf8(text))
        elif options["format"] == Format.GEOJSON_LINES:
            yield from features.in_lines(text)
        else:
            rows = delimited.Rows.of(text, options["delimiter"])
            header = rows.header
            notes.update(delimiter=header.delimiter, ignored=list(header.ignored))
            yield from rows


class _Gathered:
    """The batch under way."""

    def __init__(self) -> None:
        self.upto = self.rows = self.rejected = 0
        self.records: list[Any] = []
        self.faults: list[Any] = []

    def add(self, row: int, values: Mapping[str, Any] | Fault, expected: Point | None) -> None:
        self.upto = row
        self.rows += 1
        if isinstance(values, Fault):
            self.refuse(row, [values])
            return
        try:
            one = reading.read(row, values, expected)
        except InvalidError as error:
            self.refuse(row, error.faults)
            return
        details = flat(one.details)
        self.records.append([row, one.reference, one.owner, one.camera_id, details])

    def refuse(self, row: int, faults: Any) -> None:
        self.rejected += 1
        self.faults += [[row, *_told(fault).values()] for fault in faults]


def _batches(path: Path, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    expected = None if options["expected"] is None else Point(*options["expected"])
    batch = _Gathered()
    for row, values in _rows(path, options, {}):
        if row <= options["skip"]:
            continue
        batch.add(row, values, expected)
        if batch.rows == BATCH_ROWS:
            yield vars(batch)
            batch = _Gathered()
    if batch.rows:
        yield vars(batch)


def _told(fault: Fault) -> dict[str, str | None]:
    return {"field": fault.field, "message": fault.message, "limit": fault.limit}


def _say(out: TextIO, value: Mapping[str, Any]) -> None:
    out.write(json.dumps(value, separators=(",", ":")) + "\n")
    out.flush()


def confine() -> None:
    """Bounds that the kernel holds, whatever a file does to the parsers."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S_MAX, CPU_S_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has no file to write
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    confine()
    main(sys.argv[1], Path(sys.argv[2]), json.load(sys.stdin), sys.stdout)
