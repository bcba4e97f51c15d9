"""Strict reading: what is of another kind is refused by name, whatever it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from consentry.consent.bodies import GrantTerms
from consentry.consent.masks import Masks
from consentry.consent.model import Kind, Use
from consentry.consent.reading import Fields
from consentry.consent.statements import encode_statement, parse_statement
from consentry.kernel.errors import InvalidError

from .hubs import a_fresh_camera, a_statement, an_id
from .test_statements import FULL, RING, changed

ODD: list[Any] = [
    None,
    True,
    5,
    "x",
    [],
    {},
    [None],
    [5],
    [True],
    ["x"],
    [["x"]],
    [{}],
    [5, "x"],
    ["x", 5],
]
"""Every kind of value, where another kind is asked for."""


def asks(name: str, *args: Any) -> Callable[[Fields], Any]:
    return lambda fields: getattr(fields, name)("f", *args)


@pytest.mark.parametrize(
    ("read", "allowed"),
    [
        (asks("object"), [{}]),
        (asks("objects", 2), [[], [{}]]),
        (asks("text", 9), ["x"]),
        (asks("id"), []),
        (asks("ids", 2), []),
        (asks("hash"), []),
        (asks("signature"), []),
        (asks("hashes", 2), [[]]),
        (asks("integer", 0, 9), [5]),
        (asks("flag"), [True]),
        (asks("time"), []),
        (asks("word", Use), []),
        (asks("words", Use), []),
        (asks("integers", 0, 9), [[5]]),
    ],
)
def test_what_is_of_another_kind_is_refused(
    read: Callable[[Fields], Any], allowed: list[Any]
) -> None:
    for value in ODD:
        fields = Fields({"f": value})
        if repr(value) in map(repr, allowed):
            read(fields)
            continue
        with pytest.raises(InvalidError) as caught:
            read(fields)
        assert caught.value.faults[0].field.startswith("f")


def test_what_is_no_object_at_all_is_told_too() -> None:
    with pytest.raises(InvalidError) as caught:
        Fields("x")
    assert caught.value.faults[0].field == "$"
    with pytest.raises(InvalidError) as caught:
        Fields("x", "body")
    assert caught.value.faults[0].field == "body"


def test_every_one_of_a_list_is_looked_at() -> None:
    good, hash_ = an_id(1), "a" * 64
    for name, value, args in (
        ("ids", [good, "x"], (5,)),
        ("ids", ["0", good], (5,)),
        ("hashes", [hash_, "x"], (5,)),
        ("words", ["live", "x"], (Use,)),
        ("words", ["face", "live"], (Use,)),
        ("integers", [-1, 0], (0, 6)),
        ("integers", [6, 7], (0, 6)),
        ("integers", [0, True], (0, 6)),
    ):
        with pytest.raises(InvalidError):
            getattr(Fields({"f": value}), name)("f", *args)
    assert Fields({"f": [0, 1, 2, 3, 4, 5, 6]}).integers("f", 0, 6) == (0, 1, 2, 3, 4, 5, 6)


def limit(value: list[Any], least: int, most: int) -> str | None:
    with pytest.raises(InvalidError) as caught:
        Fields({"f": value}).integers("f", least, most)
    return caught.value.faults[0].limit


def test_a_list_of_numbers_is_no_longer_than_its_range() -> None:
    assert limit([1, 2, 3, 4], 1, 3) == "at most 3"
    assert limit([2, 3, 4], 1, 3) == "1 to 3"


def test_what_cannot_be_put_in_order_is_told_as_that() -> None:
    with pytest.raises(InvalidError, match="rising order"):
        Fields({"f": [1, "live"]}).words("f", Use)


def test_a_schedule_with_its_hours_is_read() -> None:
    terms = replace(FULL, kind=Kind.SCHEDULE)
    statement = a_statement(a_fresh_camera(), terms)
    read = parse_statement(encode_statement(statement)).body
    assert isinstance(read, GrantTerms)
    assert read.kind is Kind.SCHEDULE


def test_a_grant_holds_at_most_21_stretches_of_hours() -> None:
    hour = {"days": [1], "start_min": 0, "end_min": 60}
    read = parse_statement(changed("body.hours", [hour] * 21)).body
    assert isinstance(read, GrantTerms)
    assert len(read.hours) == 21
    with pytest.raises(InvalidError, match=r"body\.hours"):
        parse_statement(changed("body.hours", [hour] * 22))


def test_a_corner_of_a_mask_is_two_numbers() -> None:
    corners: list[Any] = ["ab", ["a", 1], [1, "a"], [1], [1, 2, 3], {}, 5]
    for corner in corners:
        with pytest.raises(InvalidError, match="rings"):
            parse_statement(
                changed("body.polygons", [[[0, 0], [1, 1], corner]], Masks(polygons=(RING,)))
            )
