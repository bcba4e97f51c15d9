"""Tiles have one name each, as C2SP tlog-tiles writes it."""

import pytest
from hypothesis import given, strategies as st

from consentry.audit.bundles import paths
from consentry.audit.layout import TilePath, bundle, number_path, unbundle

leaves = st.lists(st.binary(min_size=33, max_size=33), max_size=256)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "000"), (67, "067"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067")],
)
def test_numbers_are_split_in_threes(number: int, text: str) -> None:
    assert number_path(number) == text


@given(st.none() | st.integers(0, 6), st.integers(0, 10**15), st.integers(1, 256))
def test_a_path_reads_as_it_was_written(level: int | None, number: int, width: int) -> None:
    path = TilePath(level, number, width)
    assert TilePath.parse(str(path).removeprefix("tile/")) == path


@given(st.text(alphabet="0123456789x/.pentris", max_size=30))
def test_a_path_has_no_second_spelling(text: str) -> None:
    try:
        path = TilePath.parse(text)
    except ValueError:
        return
    assert str(path) == f"tile/{text}"


@given(leaves)
def test_a_bundle_reads_as_it_was_written(some: list[bytes]) -> None:
    assert unbundle(bundle(some)) == some


@pytest.mark.parametrize(
    "data", [b"x", b"\x00\x21" + b"a" * 32, b"\x00\x20" + b"a" * 33, bundle([b"a" * 33] * 257)]
)
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a bundle"):
        unbundle(data)


def test_all_paths_of_a_tree() -> None:
    assert [str(path) for path in paths(300)] == [
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ]
    assert paths(0) == []
