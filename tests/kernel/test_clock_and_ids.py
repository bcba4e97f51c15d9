"""Instants and identities keep their one written form."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from consentry.kernel.clock import EPOCH, from_micros, from_text, to_micros, to_text
from consentry.kernel.ids import is_id, new_id

START = datetime(1000, 1, 1, tzinfo=UTC)
MICROS = (datetime(9999, 12, 31, tzinfo=UTC) - START) // timedelta(microseconds=1)
instants = st.integers(0, MICROS).map(lambda n: START + timedelta(microseconds=n))
since_1970 = st.integers(0, 2**47 - 1).map(lambda n: EPOCH + timedelta(milliseconds=n))


@given(instants)
def test_microseconds_are_exact(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant


@given(instants)
def test_text_keeps_whole_seconds(instant: datetime) -> None:
    assert from_text(to_text(instant)) == instant.replace(microsecond=0)


def test_text_is_utc_whatever_the_zone() -> None:
    local = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=2)))
    assert to_text(local) == "2026-03-29T01:30:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-1-2T3:4:5Z",
        "2026-11-20 15:00:00Z",
        "2026-11-20T15:00:00+00:00",
        "2026-02-30T00:00:00Z",
    ],
)
def test_no_other_form_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_text(text)


@given(since_1970, st.binary(min_size=10, max_size=10))
def test_ids_are_valid_and_sort_by_time(at: datetime, noise: bytes) -> None:
    earlier, later = new_id(at, noise), new_id(at + timedelta(milliseconds=2), bytes(10))
    assert is_id(earlier)
    assert earlier < later


@pytest.mark.parametrize("text", ["", "x", "00000000-0000-4000-8000-000000000000", "A" * 36])
def test_other_text_is_no_id(text: str) -> None:
    assert not is_id(text)
