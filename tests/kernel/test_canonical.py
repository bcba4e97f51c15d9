"""The one byte form, against an independent implementation of RFC 8785 and its own round trip."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given, strategies as st

from consentry.kernel.canonical import (
    DEPTH_MAX,
    INTEGER_SIZE_MAX,
    Json,
    decode,
    decode_object,
    encode,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys = st.text(st.characters(min_codepoint=0, max_codepoint=127), max_size=12)
leaves = texts | st.booleans() | st.integers(-INTEGER_SIZE_MAX, INTEGER_SIZE_MAX)
values: st.SearchStrategy[Any] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
)


@given(values)
def test_the_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(values)
def test_what_is_encoded_is_read_back(value: Any) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (1.0, "float"),
        (None, "NoneType"),
        (2**53, "beyond"),
        (-(2**53), "beyond"),
        ("\ud800", "surrogate"),
        ({"ä": 1}, "ASCII"),
        ({1: 1}, "ASCII"),
        ({"a": [{"b": 0.5}]}, r"\$\.a\[0\]\.b"),
        (b"x", "bytes"),
    ],
)
def test_what_the_form_excludes_is_refused_by_name(value: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        encode(value)


def test_depth_is_bounded() -> None:
    value: Json = 1
    for _ in range(DEPTH_MAX):
        value = [value]
    assert decode(encode(value)) == value
    with pytest.raises(ValueError, match="deeper"):
        encode([value])


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'"\\u0061"',
        b"1e3",
        b"1.0",
        b"-0",
        b"null",
        b"NaN",
        b"\xff",
        b"",
        b"[" * 100_000,
        json.dumps("ä").encode(),
    ],
)
def test_only_the_very_same_bytes_are_read(data: bytes) -> None:
    with pytest.raises(ValueError, match="not canonical JSON"):
        decode(data)


def test_an_object_can_be_demanded() -> None:
    assert decode_object(b'{"a":1}') == {"a": 1}
    with pytest.raises(ValueError, match="object"):
        decode_object(b"[]")
