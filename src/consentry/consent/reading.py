"""Read sealed objects strictly: every field of its form and within its bound, none unknown.

What is wrong is told by the field's path and its limit.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final, NoReturn, TypeVar

from consentry.kernel.canonical import Json
from consentry.kernel.clock import from_text
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import is_id

Word = TypeVar("Word", bound=StrEnum)

HASH: Final = re.compile(r"\A[0-9a-f]{64}\Z")
SIGNATURE: Final = re.compile(r"\A[0-9a-f]{128}\Z")


class Fields:
    """One object while it is read. `end` refuses what was not asked for."""

    def __init__(self, value: Json, path: str = "") -> None:
        if not isinstance(value, Mapping):
            raise InvalidError.of(path or "$", "must be an object")
        self._values = value
        self._path = path
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        return name in self._values

    def end(self) -> None:
        unknown = sorted(self._values.keys() - self._read)
        if unknown:
            raise InvalidError.of(self._at(unknown[0]), "is not a known field")

    def object(self, name: str) -> "Fields":
        return Fields(self._value(name), self._at(name))

    def objects(self, name: str, most: int) -> list["Fields"]:
        path = self._at(name)
        items = self._list(name, most)
        return [Fields(item, f"{path}[{index}]") for index, item in enumerate(items)]

    def text(self, name: str, most: int, *, least: int = 1) -> str:
        value = self._value(name)
        if not isinstance(value, str):
            self._refuse(name, "must be text")
        if not least <= len(value) <= most:
            self._refuse(name, "is too short or too long", f"{least} to {most} characters")
        return value

    def id(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str) or not is_id(value):
            self._refuse(name, "must be an identity", "a UUID of version 7 in lower case")
        return value

    def ids(self, name: str, most: int) -> frozenset[str]:
        """At least one."""
        values = self._sorted(name, most)
        if not values or not all(isinstance(v, str) and is_id(v) for v in values):
            self._refuse(name, "must list identities", f"1 to {most} UUIDs of version 7")
        return frozenset(str(v) for v in values)

    def hash(self, name: str) -> str:
        return self._hex(name, HASH, "64 hexadecimal digits in lower case")

    def signature(self, name: str) -> str:
        return self._hex(name, SIGNATURE, "128 hexadecimal digits in lower case")

    def hashes(self, name: str, most: int) -> tuple[str, ...]:
        values = self._list(name, most)
        if not all(isinstance(v, str) and HASH.match(v) for v in values):
            self._refuse(name, "must list hashes", "64 hexadecimal digits each")
        return tuple(str(v) for v in values)

    def integer(self, name: str, least: int, most: int) -> int:
        value = self._value(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self._refuse(name, "must be a whole number", f"{least} to {most}")
        return value

    def flag(self, name: str) -> bool:
        value = self._value(name)
        if not isinstance(value, bool):
            self._refuse(name, "must be true or false")
        return value

    def time(self, name: str) -> datetime:
        value = self._value(name)
        try:
            return from_text(value if isinstance(value, str) else "")
        except ValueError:
            self._refuse(name, "must be a time in UTC", "of the form 2026-11-20T15:00:00Z")

    def word(self, name: str, words: type[Word]) -> Word:
        value = self._value(name)
        found = {w.value: w for w in words}.get(value if isinstance(value, str) else "")
        if found is None:
            self._refuse(name, "is not one of the known words", ", ".join(w.value for w in words))
        return found

    def words(self, name: str, words: type[Word], *, least: int = 1) -> frozenset[Word]:
        """In rising order, each once."""
        known = {w.value: w for w in words}
        values = self._sorted(name, len(known))
        if len(values) < least or not all(isinstance(v, str) and v in known for v in values):
            self._refuse(name, "must list known words", ", ".join(known))
        return frozenset(known[str(v)] for v in values)

    def integers(self, name: str, least: int, most: int) -> tuple[int, ...]:
        """At least one, in rising order, each once."""
        values = self._sorted(name, most - least + 1)
        whole = tuple(v for v in values if isinstance(v, int) and not isinstance(v, bool))
        if not values or len(whole) != len(values) or not least <= min(whole) <= max(whole) <= most:
            self._refuse(name, "must list whole numbers", f"{least} to {most}")
        return whole

    def raw(self, name: str) -> Json:
        return self._value(name)

    def refuse(self, name: str, message: str, limit: str | None = None) -> NoReturn:
        self._refuse(name, message, limit)

    def _hex(self, name: str, form: re.Pattern[str], limit: str) -> str:
        value = self._value(name)
        if not isinstance(value, str) or not form.match(value):
            self._refuse(name, "must be hexadecimal", limit)
        return value

    def _sorted(self, name: str, most: int) -> Sequence[Json]:
        """One set has one byte form: in order, nothing twice."""
        values = self._list(name, most)
        try:
            rising = all(a < b for a, b in pairwise(values))  # type: ignore[operator]  # raises where they cannot
        except TypeError:
            rising = False
        if not rising:
            self._refuse(name, "must be in rising order, each once")
        return values

    def _list(self, name: str, most: int) -> Sequence[Json]:
        value = self._value(name)
        if not isinstance(value, list) or len(value) > most:
            self._refuse(name, "must be a list", f"at most {most}")
        return value

    def _value(self, name: str) -> Json:
        self._read.add(name)
        if name not in self._values:
            self._refuse(name, "is missing")
        return self._values[name]

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def _refuse(self, name: str, message: str, limit: str | None = None) -> NoReturn:
        raise InvalidError.of(self._at(name), message, limit)
