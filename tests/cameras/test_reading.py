"""What one row must be to become a camera, and in which words it is refused."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from consentry.cameras import reading, rules
from consentry.cameras.exporting import neutral
from consentry.cameras.model import Details, Kind, Setting
from consentry.kernel.errors import InvalidError
from consentry.kernel.geo import Point

from .a_camera import some_details

ROW: dict[str, Any] = {"name": "North", "lat": "53.5", "lon": "9.9"}


def faults(values: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidError) as caught:
        reading.read(2, ROW | values)
    return {fault.field: fault.message for fault in caught.value.faults}


def details(**values: Any) -> Details:
    return reading.read(2, ROW | values).details


def test_every_field_is_read_from_text_as_from_json() -> None:
    as_text = details(
        kind="Plate Reader", setting="HOME-INTERIOR", floor="3", height_m="2,5", bearing_deg="360",
        fov_deg="90", range_m="1e2", night_vision="Yes", address=" Quay ",
    )  # fmt: skip
    as_json = details(
        kind="plate_reader", setting="home_interior", floor=3.0, height_m=2.5, bearing_deg=0,
        fov_deg=90, range_m=100, night_vision=True, address="Quay", lat=53.5, lon=9.9,
    )  # fmt: skip
    assert as_text == as_json
    assert as_text == Details(
        name="North",
        place=Point(53.5, 9.9),
        kind=Kind.PLATE_READER,
        setting=Setting.HOME_INTERIOR,
        address="Quay",
        floor=3,
        height_m=2.5,
        bearing_deg=0.0,
        fov_deg=90.0,
        range_m=100.0,
        night_vision=True,
    )


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"lat": ""}, "lat", "missing"),
        ({"lat": None}, "lat", "missing"),
        ({"lat": "nan"}, "lat", "'nan' is not a number"),
        ({"lat": "1_0"}, "lat", "not a number"),
        ({"lat": float("nan")}, "lat", "finite"),
        ({"lon": "1e999"}, "lon", "finite"),
        ({"lon": float("-inf")}, "lon", "finite"),
        ({"lon": 10**400}, "lon", "far too large"),
        ({"lat": True}, "lat", "not a number"),
        ({"lat": [1]}, "lat", "not a number"),
        ({"lat": "139.7", "lon": "35.7"}, "lat", "swapped"),
        ({"lat": "-90.0000001"}, "lat", "-90.0000001 is no latitude"),
        ({"lon": "180.0000001"}, "lon", "outside"),
        ({"range_m": "1,500"}, "range_m", "two ways"),
        ({"range_m": "0"}, "range_m", "nothing"),
        ({"range_m": "-1"}, "range_m", "outside"),
        ({"fov_deg": "360.1"}, "fov_deg", "outside"),
        ({"bearing_deg": "-0.1"}, "bearing_deg", "outside"),
        ({"height_m": "99999"}, "height_m", "outside"),
        ({"floor": "1.5"}, "floor", "whole"),
        ({"floor": "1e30"}, "floor", "outside"),
        ({"kind": "indoor"}, "floor", "missing"),
        ({"kind": "face"}, "kind", "'face' is not one of these"),
        ({"setting": {}}, "setting", "not one of these"),
        ({"night_vision": "perhaps"}, "night_vision", "neither"),
        ({"name": ""}, "name", "empty"),
        ({"name": "x" * 121}, "name", "too long"),
        ({"name": "a\u0000b"}, "name", "control"),
        ({"name": "a\ufffdb"}, "name", "broken"),
        ({"name": "a\ud800"}, "name", "broken"),
        ({"name": ["x"]}, "name", "not text"),
        ({"address": "a\nb"}, "address", "control"),
        ({"reference": "x" * 121}, "reference", "too long"),
        ({"owner": "x\u2028y"}, "owner", "control"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(values: dict[str, Any], field: str, words: str) -> None:
    told = faults(values)
    assert set(told) == {field}
    assert words in told[field]


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = faults({"name": "", "lat": "x", "kind": "y", "bearing_deg": "400", "floor": "z"})
    assert set(told) == {"name", "lat", "kind", "bearing_deg", "floor"}


@pytest.mark.parametrize(
    ("lat", "lon"), [(90, 0), (-90, 180), (0, -180), (0, 180), (89.999999, -179.999999)]
)
def test_poles_and_antimeridian_are_places(lat: float, lon: float) -> None:
    assert details(lat=f"{lat}", lon=f"{lon}").place == Point(lat, lon)


def test_swapped_is_seen_from_where_the_others_are() -> None:
    here, there = Point(53.5, 9.9), Point(9.9, 53.5)
    told = rules.seems_swapped(there, here)
    assert told is not None
    assert (told.field, "swapped" in told.message) == ("lat", True)
    assert rules.seems_swapped(there, None) is None
    assert rules.seems_swapped(here, here) is None
    assert rules.seems_swapped(Point(-33.9, 151.2), here) is None, "swapped it is no place"
    assert rules.seems_swapped(Point(20.0, 40.0), here) is None, "swapped it is as far away"
    across = Point(17.0, 179.9)
    assert rules.seems_swapped(Point(17.0, -179.9), across) is None, "near, across the antimeridian"


def test_a_row_without_a_name_over_there_gets_one_that_stays() -> None:
    first, again = reading.read(2, ROW), reading.read(9, ROW)
    other = reading.read(2, ROW | {"lat": "53.6"})
    assert first.reference == again.reference != other.reference
    assert reading.read(2, ROW | {"camera_id": "x"}).reference == "x"
    assert reading.read(2, ROW | {"camera_id": "x", "reference": 7}).reference == "7"


@pytest.mark.parametrize(
    ("title", "known"),
    [(" Latitude ", "lat"), ("LNG", "lon"), ("Field of-View", "fov_deg"), ("colour", None)],
)
def test_columns_are_known_by_their_usual_names(title: str, known: str | None) -> None:
    assert reading.known_name(title) == known


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Cs"]))


@given(texts.map(str.strip).filter(lambda text: 0 < len(text) <= 119 and "\ufffd" not in text))
def test_what_an_export_neutralises_an_import_takes_back(name: str) -> None:
    told = neutral(name)
    assert not told.startswith(reading.FORMULA_SIGNS)
    assert details(name=told).name == name


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.none()),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(reading.COLUMNS), values))
def test_no_row_does_anything_but_land_or_be_refused(row: dict[str, Any]) -> None:
    try:
        record = reading.read(2, row)
    except InvalidError:
        return
    assert rules.checked(record.details) == record.details
    assert 1 <= len(record.reference) <= rules.REFERENCE_LENGTH_MAX


def test_details_that_are_checked_stay_as_they_are() -> None:
    tidy = rules.checked(some_details(name=" x ", bearing_deg=360))
    assert (tidy.name, tidy.bearing_deg) == ("x", 0)
    assert rules.checked(tidy) == tidy
