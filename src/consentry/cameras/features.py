"""GeoJSON feature by feature, never held whole: a collection, or one feature a line (RFC 8142)."""

import json
from collections.abc import Iterator, Mapping
from io import TextIOBase
from typing import Any, Final

import ijson

from consentry.kernel.errors import Fault, InvalidError

from .encodings import Utf8
from .reading import known_name

DEPTH_MAX: Final = 32
DEPTH_GIVEN_UP: Final = 10_000
"""So deep nobody writes: whoever does is not read to the end."""
VALUES_MAX: Final = 5_000
"""So many values in one feature."""
LINE_CHARS_MAX: Final = 1024 * 1024
BUFFER: Final = 64 * 1024
MESSAGE_SHOWN_MAX: Final = 160

Values = Mapping[str, Any]
Event = tuple[str, Any]


def in_collection(stream: Utf8) -> Iterator[tuple[int, Values | Fault]]:
    """The features of a FeatureCollection. Raises InvalidError where it is not JSON, or not one."""
    found = 0
    try:
        for feature in _Collection(ijson.basic_parse(stream, use_float=True, buf_size=BUFFER)):
            found += 1
            yield found, feature if isinstance(feature, Fault) else _values(feature)
    except ijson.JSONError as error:
        told = f"{error}".splitlines()[0][:MESSAGE_SHOWN_MAX]
        message = f"is not JSON that can be read, after feature {found}: {told}"
        raise InvalidError.of("file", message) from error


def in_lines(text: TextIOBase) -> Iterator[tuple[int, Values | Fault]]:
    row = 0
    while line := text.readline(LINE_CHARS_MAX):
        row += 1
        if len(line) >= LINE_CHARS_MAX and not line.endswith("\n"):
            while (rest := text.readline(LINE_CHARS_MAX)) and not rest.endswith("\n"):
                pass
            limit = f"{LINE_CHARS_MAX} characters"
            yield row, Fault(field="row", message="is too long", limit=limit)
        elif line.strip("\x1e \t\r\n"):
            yield row, _line(line.strip("\x1e \t\r\n"))


def _line(line: str) -> Values | Fault:
    try:
        return _values(json.loads(line, parse_constant=_refuse))
    except RecursionError:
        return Fault(field="row", message="is nested too deep", limit=f"{DEPTH_MAX} levels")
    except ValueError as error:
        told = f"{error}"[:MESSAGE_SHOWN_MAX]
        return Fault(field="row", message=f"is not JSON that can be read: {told}")


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class _Collection:
    """Finds the array of features among the events of a document, and builds one at a time."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[Any]:
        if next(self._events, ("", None))[0] != "start_map":
            raise InvalidError.of("file", "does not begin with an object", "a FeatureCollection")
        found = False
        for event, key in self._events:
            if event == "end_map":
                break
            first = next(self._events)
            if key == "features" and first[0] == "start_array":
                found = True
                yield from self._features()
            elif key == "type" and first[1] != "FeatureCollection":
                raise InvalidError.of("type", "is another one", "FeatureCollection")
            else:
                self._build(first)
        if not found:
            raise InvalidError.of("features", "are missing", "an array")
        for _ in self._events:  # whatever follows is for the parser to refuse
            pass

    def _features(self) -> Iterator[Any]:
        for first in self._events:
            if first[0] == "end_array":
                return
            yield self._build(first)

    def _build(self, first: Event) -> Any:
        """One value, or what is wrong with it; either way its events have been used up."""
        event, value = first
        if event not in {"start_map", "start_array"}:
            return value
        root: Any = {} if event == "start_map" else []
        holders: list[Any] = [root]
        key, depth, count, wrong = "", 1, 0, ""
        while depth:
            event, value = next(self._events)
            count += 1
            if event == "map_key":
                key = value
                continue
            if event.startswith("end_"):
                depth -= 1
                if not wrong:
                    holders.pop()
                continue
            opens = event.startswith("start_")
            depth += opens
            wrong = _excess(depth, count) or wrong
            if wrong:
                continue
            made: Any = ({} if event == "start_map" else []) if opens else value
            _put(holders[-1], key, made)
            if opens:
                holders.append(made)
        return Fault(field="row", message=wrong) if wrong else root


def _put(holder: Any, key: str, value: Any) -> None:
    if isinstance(holder, dict):
        holder[key] = value
    else:
        holder.append(value)


def _excess(depth: int, count: int) -> str:
    if depth > DEPTH_GIVEN_UP:
        raise InvalidError.of("file", "is nested beyond all reason", f"{DEPTH_MAX} levels")
    if depth > DEPTH_MAX:
        return f"is nested deeper than {DEPTH_MAX} levels"
    return f"holds more than {VALUES_MAX} values" if count > VALUES_MAX * 2 else ""


def _values(feature: Any) -> Values | Fault:
    """A feature as values under known names, the place taken from its geometry."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return Fault(field="type", message="is not a Feature", limit="Feature")
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return Fault(field="geometry", message="is not a point", limit="Point")
    place = geometry.get("coordinates")
    if not isinstance(place, list) or not 2 <= len(place) <= 3:
        message = "are not two or three numbers"
        return Fault(field="coordinates", message=message, limit="longitude, latitude")
    given = feature.get("properties")
    if given is not None and not isinstance(given, dict):
        return Fault(field="properties", message="are no object")
    found: dict[str, Any] = {}
    for name, value in (given or {}).items():
        known = known_name(name)
        if known is not None and (known == name or known not in found):
            found[known] = value
    if "reference" not in found and feature.get("id") is not None:
        found["reference"] = feature["id"]
    return found | {"lon": place[0], "lat": place[1]}
