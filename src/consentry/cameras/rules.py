"""What may stand in the registry: bounds with their reasons, each fault named in words."""

import re
from collections.abc import Iterator
from dataclasses import replace
from math import isfinite
from typing import Final

from consentry.kernel.errors import Fault, InvalidError
from consentry.kernel.geo import Point, distance_m

from .model import Details, Kind

NAME_LENGTH_MAX: Final = 120
ADDRESS_LENGTH_MAX: Final = 200
REFERENCE_LENGTH_MAX: Final = 120
SOURCE_LENGTH_MAX: Final = 60
FLOOR_MIN: Final = -20
FLOOR_MAX: Final = 200
HEIGHT_M_MIN: Final = -100.0
"""Below the street, as in an underpass."""
HEIGHT_M_MAX: Final = 5_000.0
FOV_DEG_MAX: Final = 360.0
RANGE_M_MAX: Final = 20_000.0
STRAY_M: Final = 500_000.0
"""A camera farther than this from its owner's others is looked at for swapped coordinates."""

NUMBERS: Final = {
    "height_m": (HEIGHT_M_MIN, HEIGHT_M_MAX),
    "bearing_deg": (0.0, 360.0),
    "range_m": (0.0, RANGE_M_MAX),
    "fov_deg": (0.0, FOV_DEG_MAX),
}
ABOVE_ZERO: Final = frozenset({"range_m", "fov_deg"})
"""A view or a reach of nothing is a mistake: who does not know it leaves it out."""


_BROKEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff\\ufffd]")


def place(lat: float, lon: float) -> Point:
    """A point from two numbers as given. Raises InvalidError, also where they seem swapped."""
    faults = [
        Fault(field=name, message="is not a finite number", limit=f"-{bound} to {bound}")
        for name, value, bound in (("lat", lat, 90), ("lon", lon, 180))
        if not isfinite(value)
    ]
    if faults:
        raise InvalidError(*faults)
    if abs(lat) > 90 and abs(lon) <= 90 and abs(lat) <= 180:
        message = (
            f"{lat:.10g} is no latitude, but {lon:.10g} is: are latitude and longitude swapped?"
        )
        raise InvalidError.of("lat", message, "-90 to 90")
    if abs(lat) > 90:
        faults.append(Fault(field="lat", message=f"{lat:.10g} is outside", limit="-90 to 90"))
    if abs(lon) > 180:
        faults.append(Fault(field="lon", message=f"{lon:.10g} is outside", limit="-180 to 180"))
    if faults:
        raise InvalidError(*faults)
    return Point(lat + 0.0, lon + 0.0)  # no negative zero: it would print as another place


def seems_swapped(given: Point, expected: Point | None) -> Fault | None:
    """Whether this lies far from where its owner's cameras are, and swapped it would not."""
    if expected is None or abs(given.lon) > 90:
        return None
    away_m = distance_m(given, expected)
    if away_m <= STRAY_M:
        return None
    turned_m = distance_m(Point(given.lon, given.lat), expected)
    if turned_m > STRAY_M:
        return None
    message = (
        f"lies {away_m / 1000:.0f} km from the other cameras, but {turned_m / 1000:.0f} km from "
        "them with latitude and longitude swapped: are they?"
    )
    return Fault(field="lat", message=message, limit=f"{STRAY_M / 1000:.0f} km")


def checked(details: Details, expected: Point | None = None) -> Details:
    """The same in tidy form. Raises InvalidError that names every field at fault."""
    tidy = replace(
        details,
        name=details.name.strip(),
        address=details.address.strip(),
        bearing_deg=0.0 if details.bearing_deg == 360 else details.bearing_deg,
    )
    faults = [*_text_faults(tidy), *_number_faults(tidy), *_floor_faults(tidy)]
    swapped = seems_swapped(tidy.place, expected)
    if swapped is not None:
        faults.append(swapped)
    if faults:
        raise InvalidError(*faults)
    return tidy


def text_fault(field: str, value: str, length_max: int, *, required: bool) -> Fault | None:
    """What is wrong with a line of text."""
    if required and not value:
        return Fault(field=field, message="is empty", limit=f"1 to {length_max} characters")
    if len(value) > length_max:
        return Fault(field=field, message="is too long", limit=f"{length_max} characters")
    if _BROKEN.search(value):
        return Fault(field=field, message="holds a control or broken character")
    return None


def _text_faults(details: Details) -> Iterator[Fault]:
    name = text_fault("name", details.name, NAME_LENGTH_MAX, required=True)
    address = text_fault("address", details.address, ADDRESS_LENGTH_MAX, required=False)
    yield from (fault for fault in (name, address) if fault is not None)


def _number_faults(details: Details) -> Iterator[Fault]:
    for name, (low, high) in NUMBERS.items():
        value: float | None = getattr(details, name)
        if value is None:
            continue
        limit = f"{low:g} to {high:g}"
        if not isfinite(value):
            yield Fault(field=name, message="is not a finite number", limit=limit)
        elif not low <= value <= high:
            yield Fault(field=name, message=f"{value:.10g} is outside", limit=limit)
        elif name in ABOVE_ZERO and value == 0:
            message = "is nothing: leave it out where it is not known"
            yield Fault(field=name, message=message, limit=f"above {limit}")


def _floor_faults(details: Details) -> Iterator[Fault]:
    limit = f"{FLOOR_MIN} to {FLOOR_MAX}"
    if details.floor is None:
        if details.kind is Kind.INDOOR:
            yield Fault(field="floor", message="is missing: an indoor camera has one", limit=limit)
    elif not FLOOR_MIN <= details.floor <= FLOOR_MAX:
        yield Fault(field="floor", message=f"{details.floor} is outside", limit=limit)
