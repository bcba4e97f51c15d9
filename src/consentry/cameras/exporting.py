"""Cameras as files that an import reads back: CSV and GeoJSON, made page by page."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from io import StringIO
from typing import Any, Final

from .model import Camera
from .reading import COLUMNS, QUOTED_SIGNS

STATUS_COLUMNS: Final = ("health", "added_at", "confirmed_at", "moved_at")
"""Told, but not read back: these are the hub's to say."""
HEADER: Final = (*(name for name in COLUMNS if name != "owner"), *STATUS_COLUMNS)


class Form(StrEnum):
    CSV = "csv"
    GEOJSON = "geojson"


MEDIA_TYPES: Final = {Form.CSV: "text/csv; charset=utf-8", Form.GEOJSON: "application/geo+json"}


def opening(form: Form) -> str:
    if form is Form.CSV:
        # With the mark a spreadsheet reads umlauts; an import takes it off again.
        return "\ufeff" + _line(HEADER)
    return '{"type":"FeatureCollection","features":['


def closing(form: Form) -> str:
    return "" if form is Form.CSV else "]}\n"


def page(form: Form, cameras: Sequence[Camera], *, first: bool) -> str:
    if form is Form.CSV:
        return "".join(_line(_cells(one)) for one in cameras)
    features = ",\n".join(json.dumps(_feature(one), ensure_ascii=False) for one in cameras)
    return features if first or not features else ",\n" + features


def _values(one: Camera) -> Iterator[tuple[str, Any]]:
    known = {
        "camera_id": one.id,
        "reference": one.origin.reference,
        "lat": one.place.lat,
        "lon": one.place.lon,
        "health": one.health.value,
    }
    for name in HEADER:
        if name in known:
            yield name, known[name]
        elif name in STATUS_COLUMNS:
            at = getattr(one, name)
            yield name, None if at is None else at.isoformat()
        else:
            yield name, getattr(one.details, name)


def _cells(one: Camera) -> Iterator[str]:
    for _, value in _values(one):
        if value is None:
            yield ""
        elif isinstance(value, bool):
            yield "yes" if value else "no"
        elif isinstance(value, str):
            yield neutral(value)
        else:
            yield repr(value)


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula. An import takes the apostrophe off again."""
    return f"'{text}" if text[:1] in QUOTED_SIGNS else text


def _line(cells: Iterable[str]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _feature(one: Camera) -> dict[str, Any]:
    told = {name: value for name, value in _values(one) if value is not None}
    place = [told.pop("lon"), told.pop("lat")]  # GeoJSON's order
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": place},
        "properties": told,
    }
