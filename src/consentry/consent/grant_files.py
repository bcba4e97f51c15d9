"""A grant as an owner writes it, in TOML, JSON or flags, and as the body that will be sealed.

Everything is checked by the reader of sealed bodies, so that a fault names the same field and
limit here as at the hub.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from consentry.kernel.errors import InvalidError

from .bodies import GrantTerms, StatementType, read_body
from .reading import Fields

FILE_BYTES_MAX: Final = 64 * 1024
SESSION_S: Final = 1_800
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS: Final = re.compile(r"^(?P<days>[a-z,-]+) (?P<a>\d\d):(?P<b>\d\d)-(?P<c>\d\d):(?P<d>\d\d)$")
FIELDS: Final = frozenset(
    {"id", "version", "agencies", "kind", "uses", "purposes", "from", "until", "max_session_s"}
    | {"incident_types", "radius_m", "hours", "tz", "masks", "agency_key"}
)
"""What a description may hold. `id` and `version` are filled in unless they are there."""
_LISTS: Final = ("agencies", "uses", "purposes", "incident_types")


def read_file(path: Path) -> dict[str, Any]:
    """Raises InvalidError naming what cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidError.of(str(path), f"cannot be read: {error.strerror}") from error
    if len(data) > FILE_BYTES_MAX:
        raise InvalidError.of(str(path), "is too large", f"{FILE_BYTES_MAX} bytes")
    try:
        text = data.decode()
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError.of(str(path), f"is neither TOML nor JSON: {error}") from error
    if not isinstance(found, dict):
        raise InvalidError.of(str(path), "holds no description: a table is expected")
    return found


def terms_of(described: Mapping[str, Any], *, grant_id: str, version: int) -> GrantTerms:
    """The body to seal. Raises InvalidError naming the field and its limit."""
    unknown = sorted(described.keys() - FIELDS)
    if unknown:
        raise InvalidError.of(unknown[0], "is not a field of a grant", ", ".join(sorted(FIELDS)))
    parts = {name: value for name, value in described.items() if value not in (None, "", [])}
    parts.setdefault("id", grant_id)
    parts.setdefault("version", version)
    parts.setdefault("max_session_s", SESSION_S)
    for written, sealed in (("from", "not_before"), ("until", "not_after")):
        if written not in parts:
            raise InvalidError.of(written, "is missing: every grant has a beginning and an end")
        parts[sealed] = _time(parts.pop(written))
    for name in _LISTS:
        if isinstance(parts.get(name), list):
            parts[name] = sorted(set(map(str, parts[name])))
    if isinstance(parts.get("hours"), list):
        parts["hours"] = [_hours(index, text) for index, text in enumerate(parts["hours"])]
    body = read_body(StatementType.GRANT, Fields(parts))
    if not isinstance(body, GrantTerms):  # read_body gives what it was asked for
        raise InvalidError.of("kind", "is no grant")
    return body


def _time(value: Any) -> Any:
    """TOML has times of its own; they are written in UTC here as everywhere."""
    if hasattr(value, "astimezone"):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


def _hours(index: int, text: Any) -> Any:
    """`mon-fri 08:00-18:00`, `sat,sun 22:00-06:00`; what is already sealed form stays."""
    if not isinstance(text, str):
        return text
    found = _HOURS.match(text.strip().lower())
    if found is None:
        limit = "such as mon-fri 08:00-18:00"
        raise InvalidError.of(f"hours[{index}]", "cannot be read", limit)
    days = sorted({day for part in found["days"].split(",") for day in _days(index, part)})
    start = int(found["a"]) * 60 + int(found["b"])
    end = int(found["c"]) * 60 + int(found["d"])
    return {"days": days, "start_min": start, "end_min": end}


def _days(index: int, part: str) -> list[int]:
    first, _, last = part.partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        raise InvalidError.of(f"hours[{index}]", f"{part!r} names no day", ", ".join(_DAYS))
    a, b = _DAYS.index(first), _DAYS.index(last or first)
    return [day % 7 for day in range(a, b + 1 if b >= a else b + 8)]
