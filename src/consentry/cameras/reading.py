"""One record of an import, CSV row or GeoJSON feature alike, turned into a camera's details.

Whatever the file says arrives here as plain values under the file's own names. Pure: it runs in
the reading child, and nothing that it refuses ever reaches the database.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, TypeVar

from consentry.kernel.errors import Fault, InvalidError
from consentry.kernel.geo import Point

from . import rules
from .model import Details, Kind, Setting
from .records import Record

COLUMNS: Final = (
    "camera_id", "reference", "owner", "name", "lat", "lon", "kind", "setting", "address", "floor",
    "height_m", "bearing_deg", "fov_deg", "range_m", "night_vision",
)  # fmt: skip
"""What an import reads and an export writes, in this order."""
ALIASES: Final[Mapping[str, str]] = {
    "id": "reference",
    "ref": "reference",
    "external_id": "reference",
    "title": "name",
    "latitude": "lat",
    "y": "lat",
    "longitude": "lon",
    "lng": "lon",
    "long": "lon",
    "x": "lon",
    "type": "kind",
    "height": "height_m",
    "bearing": "bearing_deg",
    "azimuth": "bearing_deg",
    "heading": "bearing_deg",
    "direction": "bearing_deg",
    "fov": "fov_deg",
    "field_of_view": "fov_deg",
    "range": "range_m",
    "night": "night_vision",
    "level": "floor",
}
OWNER_LENGTH_MAX: Final = 120
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins so; an export puts an apostrophe before it."""
QUOTED_SIGNS: Final = frozenset({*FORMULA_SIGNS, "'"})
SHOWN_MAX: Final = 40
"""So much of a value that cannot be read is repeated in the report."""

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_YES = frozenset({"true", "yes", "y", "1"})
_NO = frozenset({"false", "no", "n", "0"})

Word = TypeVar("Word", bound=StrEnum)


def known_name(name: str) -> str | None:
    """The column that a file's own column means, whatever its case and spacing."""
    word = re.sub(r"[\s\-]+", "_", name.strip().lower())
    return word if word in COLUMNS else ALIASES.get(word)


def read(row: int, values: Mapping[str, Any], expected: Point | None = None) -> Record:
    """A record from values under known names. Raises InvalidError with everything wrong."""
    reader = _Reader(values)
    place = reader.place()
    texts = {name: reader.text(name, length) for name, length in _TEXTS.items()}
    probe = Details(
        name=texts.pop("name"),
        place=place or Point(0, 0),
        kind=reader.word("kind", Kind, Kind.FIXED),
        setting=reader.word("setting", Setting, Setting.BUSINESS),
        address=texts.pop("address"),
        floor=reader.floor(),
        night_vision=reader.flag("night_vision"),
        height_m=reader.number("height_m"),
        bearing_deg=reader.number("bearing_deg"),
        fov_deg=reader.number("fov_deg"),
        range_m=reader.number("range_m"),
    )
    details = reader.checked(probe, expected if place else None)
    reference = texts.pop("reference") or texts["camera_id"] or _fingerprint(details)
    return Record(row=row, details=details, reference=reference, **texts)


_TEXTS: Final = {
    "name": rules.NAME_LENGTH_MAX,
    "address": rules.ADDRESS_LENGTH_MAX,
    "reference": rules.REFERENCE_LENGTH_MAX,
    "owner": OWNER_LENGTH_MAX,
    "camera_id": rules.REFERENCE_LENGTH_MAX,
}


class _Reader:
    """Reads field by field and collects what is wrong instead of stopping at the first."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.faults: list[Fault] = []

    def text(self, name: str, length_max: int) -> str:
        value = self._values.get(name)
        if value is None:
            return ""
        if isinstance(value, bool | float | int):
            value = f"{value}"
        if not isinstance(value, str):
            self._wrong(name, "is not text")
            return ""
        value = value.strip()
        if value.startswith("'") and value[1:2] in QUOTED_SIGNS:
            value = value[1:]
        fault = rules.text_fault(name, value, length_max, required=False)
        if fault is not None and name not in {"name", "address"}:  # those two are checked later
            self.faults.append(fault)
            return ""
        return value

    def number(self, name: str) -> float | None:
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            return self._number_in(name, value.strip())
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(name, "is not a number")
            return None
        try:
            return float(value)
        except OverflowError:
            self._wrong(name, "is far too large")
            return None

    def _number_in(self, name: str, text: str) -> float | None:
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            self._wrong(name, f"{text[:SHOWN_MAX]!r} is not a number")
            return None
        if name not in {"lat", "lon"} and _THOUSANDS.fullmatch(text):
            self._wrong(name, f"{text!r} can be read in two ways: write it without a comma")
            return None
        return float(text.replace(",", "."))

    def place(self) -> Point | None:
        before = len(self.faults)
        lat, lon = self.number("lat"), self.number("lon")
        if len(self.faults) > before:
            return None
        for name, value, bound in (("lat", lat, 90), ("lon", lon, 180)):
            if value is None:
                self._wrong(name, "is missing", f"-{bound} to {bound}")
        if lat is None or lon is None:
            return None
        try:
            return rules.place(lat, lon)
        except InvalidError as error:
            self.faults += error.faults
            return None

    def floor(self) -> int | None:
        value = self.number("floor")
        limit = f"{rules.FLOOR_MIN} to {rules.FLOOR_MAX}"
        if value is None:
            return None
        if not rules.FLOOR_MIN <= value <= rules.FLOOR_MAX:
            self._wrong("floor", "is outside", limit)
            return None
        if value != int(value):
            self._wrong("floor", "is not a whole number", limit)
            return None
        return int(value)

    def word(self, name: str, kind: type[Word], otherwise: Word) -> Word:
        value = self._values.get(name)
        if value is None or value == "":
            return otherwise
        word = re.sub(r"[\s\-]+", "_", f"{value}".strip().lower())
        if word in kind.__members__.values():
            return kind(word)
        shown = f"{value}"[:SHOWN_MAX]
        self._wrong(name, f"{shown!r} is not one of these", ", ".join(kind))
        return otherwise

    def flag(self, name: str) -> bool:
        value = f"{self._values.get(name) or ''}".strip().lower()
        if value not in _YES | _NO | {""}:
            self._wrong(name, f"{value[:SHOWN_MAX]!r} is neither yes nor no", "yes, no")
        return value in _YES

    def checked(self, details: Details, expected: Point | None) -> Details:
        """What the rules make of it. Raises InvalidError with these faults and theirs."""
        try:
            tidy = rules.checked(details, expected)
        except InvalidError as error:
            told = {fault.field for fault in self.faults}
            rest = [fault for fault in error.faults if fault.field not in told]
            raise InvalidError(*self.faults, *rest) from error
        if self.faults:
            raise InvalidError(*self.faults)
        return tidy

    def _wrong(self, field: str, message: str, limit: str | None = None) -> None:
        self.faults.append(Fault(field=field, message=message, limit=limit))


def _fingerprint(details: Details) -> str:
    """A name for a row that has none: the same row read again is the same camera."""
    place = f"{details.place.lat!r} {details.place.lon!r}"
    told = (details.name, place, details.kind, details.floor, details.bearing_deg)
    return "row:" + sha256(repr(told).encode()).hexdigest()[:32]
