"""An entry as bytes, version 1: canonical JSON, absent parts left out. Pure.

`encode` writes the same bytes as `canonical.encode(document(entry))`, several times faster: every
act of the hub passes here inside its own transaction.
"""

from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Final

from consentry.kernel import canonical
from consentry.kernel.canonical import Json
from consentry.kernel.clock import from_micros, from_text, to_micros, to_text
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import EntryId

from .model import Actor, Entry, LoggedAct, Subject

VERSION: Final = 1
BODY_BYTES_MAX: Final = 64 * 1024
_FIELDS: Final = frozenset(
    {"v", "id", "at", "act", "actor", "on", "decision", "reference", "purpose", "reason"}
    | {"changes", "ticket"}
)


def encode(entry: Entry) -> bytes:
    """The entry's bytes. Raises InvalidError for what has no canonical form or is too large."""
    actor, on = entry.actor, entry.on
    seconds = to_micros(entry.at) // 1_000_000
    try:
        text = (
            f'{{"act":"{entry.act.value}","actor":{{{_text("agency", actor.agency)}'
            f'"id":{quoted(actor.id)},"kind":{quoted(actor.kind)}'
            f"{_more('role', actor.role)}{_more('session', actor.session)}}}"
            f',"at":"{_second(seconds)}"{_object("changes", entry.changes)}'
            f'{_more("decision", entry.decision)},"id":{quoted(entry.id)}'
            f',"on":{{"id":{quoted(on.id)},"kind":{quoted(on.kind)}'
            f"{_more('party', on.party)}{_more('title', on.title)}}}"
            f"{_more('purpose', entry.purpose)}{_more('reason', entry.reason)}"
            f"{_more('reference', entry.reference)}{_object('ticket', entry.ticket)}"
            f',"v":{VERSION}}}'
        )
        body = text.encode()
    except ValueError as error:  # a lone surrogate, or a ticket with a null in it
        raise InvalidError.of("entry", f"has no canonical form: {error}") from error
    if len(body) > BODY_BYTES_MAX:
        raise InvalidError.of("entry", "is too large", f"{BODY_BYTES_MAX} bytes")
    return body


def document(entry: Entry) -> dict[str, Json]:
    """The entry as JSON values."""
    parts: dict[str, Json] = {
        "v": VERSION,
        "id": entry.id,
        "at": to_text(entry.at),
        "act": entry.act.value,
        "actor": _present(
            {"kind": entry.actor.kind, "id": entry.actor.id},
            {
                "role": entry.actor.role,
                "agency": entry.actor.agency,
                "session": entry.actor.session,
            },
        ),
        "on": _present(
            {"kind": entry.on.kind, "id": entry.on.id},
            {"title": entry.on.title, "party": entry.on.party},
        ),
    }
    words = {name: getattr(entry, name) for name in ("decision", "reference", "purpose", "reason")}
    return _present(parts, words | {"changes": entry.changes, "ticket": entry.ticket})


def decode(body: bytes) -> Entry:
    """Read an entry's bytes. Raises ValueError unless they are canonical and of version 1."""
    parts = canonical.decode_object(body)
    if parts.get("v") != VERSION or not parts.keys() <= _FIELDS:
        raise ValueError("not an entry of version 1")
    try:
        entry = _entry(parts)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an entry of version 1: {error}") from error
    if encode(entry) != body:
        raise ValueError("not an entry of version 1: a part is present and empty, or unknown")
    return entry


def _entry(parts: Mapping[str, Json]) -> Entry:
    words = {
        name: str(parts.get(name, "")) for name in ("decision", "reference", "purpose", "reason")
    }
    return Entry(
        id=EntryId(str(parts["id"])),
        at=from_text(str(parts["at"])),
        act=LoggedAct(str(parts["act"])),
        actor=Actor(**_words(parts["actor"])),
        on=Subject(**_words(parts["on"])),
        changes=_words(parts.get("changes", {})),
        ticket=dict(_mapping(parts.get("ticket", {}))),
        **words,
    )


def _mapping(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise TypeError("an object is expected")
    return value


def _words(value: Json) -> dict[str, str]:
    return {name: str(word) for name, word in _mapping(value).items()}


def _present(parts: dict[str, Json], more: Mapping[str, Json]) -> dict[str, Json]:
    return parts | {name: value for name, value in more.items() if value}


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    """Acts come many to a second, and writing it out is a third of the whole encoding."""
    return to_text(from_micros(seconds * 1_000_000))


def _text(name: str, value: str) -> str:
    return f'"{name}":{quoted(value)},' if value else ""


def _more(name: str, value: str) -> str:
    return f',"{name}":{quoted(value)}' if value else ""


def _object(name: str, value: Mapping[str, Json]) -> str:
    return f',"{name}":{canonical.encode(value).decode()}' if value else ""
