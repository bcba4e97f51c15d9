"""Vector tiles (MVT 2) of points, written as one array of bytes a layer.

Protobuf lets a number take more bytes than it needs. With every number at its greatest width all
features are equally long, and a layer of thousands is a few array operations.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

EXTENT: Final = 4096
ID_MAX: Final = 2**28 - 1
_LAYER, _NAME, _FEATURE, _KEY, _VALUE, _EXTENT, _VERSION = 0x1A, 0x0A, 0x12, 0x1A, 0x22, 0x28, 0x78
_POINT: Final = (0x18, 1, 0x22, 5, 9)
"""Type point; five bytes of geometry; one `MoveTo`."""

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.signedinteger[Any]]


def layer(name: str, features: Bytes, key: str = "", values: Sequence[int] = ()) -> bytes:
    """A layer of features, with the one attribute that `tagged` refers to, if any."""
    attribute = _text(_KEY, key) if values else b""
    ends = b"".join(bytes((_VALUE, 2, 0x28)) + _varint(value) for value in values)
    tail = bytes((_EXTENT, *_varint(EXTENT), _VERSION, 2))
    body = _text(_NAME, name) + features.tobytes() + attribute + ends + tail
    return bytes((_LAYER,)) + _varint(len(body)) + body


def tagged(number: Numbers, x: Numbers, y: Numbers, value: Numbers) -> Bytes:
    """Points with an id and one attribute: the index of its value among the layer's."""
    rows = np.empty((len(number), 20), np.uint8)
    rows[:, :3] = 0x12, 18, 0x08
    _pad(rows[:, 3:7], number)
    rows[:, 7:10] = 0x12, 2, 0
    rows[:, 10] = value
    rows[:, 11:16] = _POINT
    _pad(rows[:, 16:18], x << 1)  # zigzag, for numbers that are never negative
    _pad(rows[:, 18:20], y << 1)
    return rows


def untagged(number: Numbers, x: Numbers, y: Numbers) -> Bytes:
    rows = np.empty((len(number), 16), np.uint8)
    rows[:, :3] = 0x12, 14, 0x08
    _pad(rows[:, 3:7], np.minimum(number, ID_MAX))
    rows[:, 7:12] = _POINT
    _pad(rows[:, 12:14], x << 1)
    _pad(rows[:, 14:16], y << 1)
    return rows


def _pad(out: Bytes, values: Numbers) -> None:
    """Write varints as wide as `out` has columns, seven bits in each."""
    width = out.shape[1]
    for place in range(width):
        more = 0x80 if place < width - 1 else 0
        out[:, place] = (values >> (7 * place)) & 0x7F | more


def _text(tag: int, text: str) -> bytes:
    return bytes((tag,)) + _varint(len(text.encode())) + text.encode()


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
