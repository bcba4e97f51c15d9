"""Builders of cameras for tests."""

from dataclasses import replace
from typing import Any, Final

from consentry.cameras.model import Camera, Details, Origin, State
from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, PartyId
from tests.kit import NOON
from tests.kit.chance import CountingIds

_IDS = CountingIds(700_000)
AGENCY: Final = PartyId(_IDS())
SHOP: Final = PartyId(_IDS())
STRANGER: Final = PartyId(_IDS())
MARKET: Final = Point(53.5511, 9.9937)


def some_details(**changes: Any) -> Details:
    return replace(Details(name="Market, north door", place=MARKET), **changes)


def a_camera(number: int = 1, **changes: Any) -> Camera:
    """Confirmed, of the agency; its id follows from its number."""
    made = Camera(
        id=CameraId(CountingIds(number - 1)()),
        number=number,
        party_id=AGENCY,
        details=some_details(name=f"Camera {number}"),
        state=State.CONFIRMED,
        origin=Origin(party_id=AGENCY, source="manual"),
        added_at=NOON,
        changed_at=NOON,
        confirmed_at=NOON,
    )
    return replace(made, **changes)
