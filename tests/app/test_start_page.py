"""What the start page is made of, apart from any hub: marks, reference, and markup."""

import html.parser
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from consentry.app.start_page.marks import State, mark, state_of, street_marks, views, wedge
from consentry.app.start_page.page import STATIC
from consentry.app.start_page.reference import groups_of
from consentry.simulation import City
from consentry.simulation.model import Sharing

VOID = {"meta", "link", "input", "br", "image"}


class WellFormed(html.parser.HTMLParser):
    """Every element is closed in order, ids are unique, and every picture and field has a name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.labels: set[str] = set()
        self.fields: set[str] = set()

    def read(self, text: str) -> None:
        assert text.startswith("<!doctype html>")
        self.feed(text)
        self.close()
        assert self.open == []
        assert self.fields <= self.labels, "a field has no label"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), f"an attribute twice in <{tag}>"
        assert not any(name.startswith("on") for name in given), f"a handler in <{tag}>"
        if given.get("id") is not None:
            assert given["id"] not in self.ids, f"the id {given['id']} twice"
            self.ids.add(str(given["id"]))
        if tag == "label":
            self.labels.add(str(given["for"]))
        if tag in ("input", "select") and given.get("type") != "hidden":
            self.fields.add(str(given["id"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """SVG closes its own."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()


@pytest.fixture(scope="module")
def city() -> City:
    return City.build()


@pytest.mark.parametrize(
    ("sharing", "in_area", "state"),
    [
        (Sharing.ALWAYS, False, State.SHARING),
        (Sharing.INCIDENT, True, State.SHARING),
        (Sharing.INCIDENT, False, State.WAITING),
        (Sharing.SCHEDULE, True, State.WAITING),
        (Sharing.ASK, True, State.ASK),
        (Sharing.OWNER_EMERGENCY, True, State.ASK),
        (Sharing.REGISTRY, True, State.REGISTRY),
    ],
)
def test_a_camera_is_drawn_as_its_owner_lets_it(
    city: City, sharing: Sharing, in_area: bool, state: State
) -> None:
    camera = next(c for c in city.cameras if c.sharing is sharing)
    assert state_of(camera, online=True, paused=False, in_area=in_area) is state
    paused = state_of(camera, online=True, paused=True, in_area=in_area)
    assert paused is State.REGISTRY
    assert state_of(camera, online=False, paused=True, in_area=in_area) is State.OFFLINE


def test_a_mark_says_name_owner_and_state_in_words(city: City) -> None:
    camera = city.preset[0]
    drawn = mark(camera, "Somebody", State.ASK, reach=True)
    assert drawn.title == f"{camera.name} · Somebody · ask the owner first"
    assert drawn.wedge == wedge(camera)


def test_near_the_incident_the_streets_have_their_names_once(city: City) -> None:
    names = [street.name for street in street_marks(city, views(city)[1])]
    assert {"Mercer Ave", "Quay Rd"} <= set(names)
    assert len(set(names)) == len(names)


def test_the_reference_names_roles_fields_and_answers() -> None:
    document = {
        "paths": {
            "/api/things": {
                "post": {
                    "tags": ["things"],
                    "operationId": "things_make",
                    "description": "Make one.\n\nSlowly.",
                    "x-act": "ask",
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                        }
                    },
                    "responses": {"201": {"description": "Made."}},
                }
            }
        },
        "components": {
            "schemas": {
                "Thing": {
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string", "description": "What it is called."},
                        "kinds": {"type": "array", "items": {"enum": ["a", "b"]}},
                        "until": {
                            "anyOf": [
                                {"type": "string", "format": "date-time"},
                                {"type": "null"},
                            ]
                        },
                    },
                }
            }
        },
    }
    (group,) = groups_of(document)
    (one,) = group.operations
    assert (one.summary, one.text) == ("Make one.", "Slowly.")
    assert one.roles == "investigator, operator, responder"
    assert one.fields == [
        ("name", True, "string", "What it is called."),
        ("kinds", False, "list of a | b", ""),
        ("until", False, "date-time", ""),
    ]


def test_the_files_hold_no_script_and_no_address_elsewhere() -> None:
    for path in STATIC.iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text
        assert "<script" not in text
        assert "@import" not in text
    ET.fromstring((STATIC / "icon.svg").read_text())  # noqa: S314 our own


def test_nothing_of_the_hub_opens_the_owners_keys() -> None:
    """Only the demo, which plays the owners, may name their folder."""
    source = Path(STATIC).parents[2]
    allowed = {
        "simulation/keys.py",
        "app/staging.py",
        "app/start_page/acting.py",
    }
    naming = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if "demo-owners" in path.read_text() or "simulation.keys" in path.read_text()
    }
    assert naming <= allowed
