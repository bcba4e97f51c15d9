"""The one byte form of everything that is sealed, signed or logged.

RFC 8785 (JSON Canonicalization Scheme), restricted so that a sorted `JSON.stringify` and
`json.dumps` agree to the byte: ASCII keys, no floats, no nulls, no lone surrogates, integers
below 2**53 in size.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

Json = str | int | bool | Sequence["Json"] | Mapping[str, "Json"]

INTEGER_SIZE_MAX: Final = 2**53 - 1
DEPTH_MAX: Final = 32


def encode(value: Json) -> bytes:
    """The canonical bytes. Raises ValueError, naming the place, for what the form excludes."""
    _check(value, "$", 0)
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def decode(data: bytes) -> Json:
    """Read canonical bytes. Raises ValueError unless re-encoding gives the very same bytes.

    That comparison refuses duplicate keys, spare white space, other number forms and escapes
    in one stroke.
    """
    try:
        value: Json = json.loads(data.decode())
        again = encode(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not canonical JSON: {error}") from error
    if again != data:
        raise ValueError("not canonical JSON: re-encoding gives other bytes")
    return value


def decode_object(data: bytes) -> dict[str, Json]:
    """As `decode`, for bytes that must hold an object."""
    value = decode(data)
    if not isinstance(value, dict):
        raise ValueError("not canonical JSON: an object is expected")
    return value


def _check(value: object, place: str, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise ValueError(f"{place}: deeper than {DEPTH_MAX} levels")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"{place}: a key that is not ASCII text")
            _check(item, f"{place}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{place}[{index}]", depth + 1)
    else:
        _check_leaf(value, place)


def _check_leaf(value: object, place: str) -> None:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError(f"{place}: a lone surrogate")
    elif not isinstance(value, int):  # bool is an int too
        raise ValueError(f"{place}: {type(value).__name__} has no canonical form")
    elif abs(value) > INTEGER_SIZE_MAX:
        raise ValueError(f"{place}: an integer beyond 2^53 - 1")
