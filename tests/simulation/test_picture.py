"""The ground plan is well-formed, small, the same each time, and asks nobody for anything."""

import re
import xml.etree.ElementTree as ET

from consentry.simulation import City
from consentry.simulation.picture import HEIGHT, WIDTH, draw, place

BYTES_MAX = 1_500_000


def test_the_picture_is_well_formed_and_small(city: City) -> None:
    text = draw(city)
    root = ET.fromstring(text)  # noqa: S314 our own bytes
    assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
    assert len(text.encode()) < BYTES_MAX
    assert text == draw(city)


def test_the_picture_holds_every_building_and_no_script_or_address(city: City) -> None:
    text = draw(city)
    footprints = re.search(r'<path class="b" d="([^"]+)"', text)
    assert footprints is not None
    assert footprints.group(1).count("M") == len(city.buildings)
    assert "<script" not in text
    assert re.findall(r"https?://[^\"' ]+", text) == ["http://www.w3.org/2000/svg"]


def test_every_camera_lies_in_the_picture(city: City) -> None:
    for camera in city.cameras:
        left, top = place(camera.x, camera.y)
        assert 0 <= left <= WIDTH
        assert 0 <= top <= HEIGHT
