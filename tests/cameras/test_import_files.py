"""Files good and bad: what of each lands, and how what does not is told."""

import json
from typing import Any

import pytest

from consentry.cameras.store import SqlCameras

from .a_camera import a_camera
from .desk import HEAD, THREE, Desk
from .hub import ADMIN, OWNER, as_

pytestmark = pytest.mark.anyio


async def test_rows_without_a_reference_are_known_again_by_what_they_say(lite: Desk) -> None:
    rows = "name,lat,lon\nA,53.5,9.9\nB,53.5,9.9\n"
    assert (await lite.done(rows))["added"] == 2
    assert (await lite.done(rows))["unchanged"] == 2


async def test_a_bad_row_stops_nothing_and_none_half_lands(desk: Desk) -> None:
    file = (
        "reference,name,lat,lon,kind,floor,bearing_deg,fov_deg\n"
        "1,Good,53.5,9.9,,,,\n"
        "2,,53.5,9.9,,,,\n"
        "3,Nan,NaN,9.9,,,,\n"
        "4,Swapped,139.69,35.68,,,,\n"
        "5,Far,53.5,181,,,,\n"
        "6,Kind,53.5,9.9,x-ray,,,\n"
        "7,Indoor,53.5,9.9,indoor,,,\n"
        "8,Bearing,53.5,9.9,,,400,0\n"
        "9,Short,53.5\n"
        '10,"Open,53.5,9.9,,,,\n'
        "1,Twice,53.6,9.9,,,,\n"
        "11,Infinite,53.5,1e999,,,,\n"
        "12,Last,-90,180,,,,\n"
    )
    told = await desk.done(file)
    assert (told["state"], told["added"], told["rejected"]) == ("done", 2, 11)
    assert desk.names() == ["Good", "Last"]
    faults = await desk.faults(told["id"])
    assert [(row, field) for row, field, _ in faults if row != 9] == [
        (3, "name"), (4, "lat"), (5, "lat"), (6, "lon"), (7, "kind"), (8, "floor"),
        (10, "row"), (11, "row"), (13, "lon"), (12, "reference"),
    ]  # fmt: skip
    assert [field for row, field, _ in faults if row == 9] == ["bearing_deg", "fov_deg"]
    assert "swapped" in {row: text for row, _, text in faults}[5]
    assert told["faults"] == len(faults) == 12


async def test_errors_come_in_pages_and_as_a_file(lite: Desk) -> None:
    told = await lite.done(HEAD + "".join(f"{n},,53.5,9.9\n" for n in range(5)))
    path = f"/api/cameras/imports/{told['id']}/errors"
    rows: list[int] = []
    cursor = ""
    while True:
        answer = await lite.client.get(f"{path}?limit=2{cursor}", headers=as_(ADMIN))
        rows += [one["row"] for one in answer.json()["items"]]
        if answer.json()["next"] is None:
            break
        cursor = f"&cursor={answer.json()['next']}"
    assert rows == [2, 3, 4, 5, 6]
    file = await lite.client.get(f"{path}.csv", headers=as_(ADMIN))
    assert file.text.splitlines()[:2] == [
        "row,field,message,limit",
        "2,name,is empty,1 to 120 characters",
    ]
    wrong = await lite.client.get(f"{path}?cursor=YWJj", headers=as_(ADMIN))
    assert wrong.status_code == 422


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
async def test_any_usual_delimiter_and_line_end_is_read(
    lite: Desk, delimiter: str, ends: str
) -> None:
    file = THREE.replace(",", delimiter).replace("\n", ends)
    told = await lite.done(file)
    assert (told["delimiter"], told["added"]) == (delimiter, 3)


async def test_a_byte_that_is_no_utf8_costs_its_row_alone(lite: Desk) -> None:
    file = (HEAD + "1,Süd,53.5,9.9\n2,Öst,53.5,9.9\n").encode() + b"3,N\xffrd,53.5,9.9\n"
    told = await lite.done(file)
    assert (told["encoding"], lite.names()) == ("utf-8", ["Süd", "Öst"])
    assert [(row, field) for row, field, _ in await lite.faults(told["id"])] == [(4, "name")]


async def test_json_broken_at_its_end_lands_none_of_its_good_features(lite: Desk) -> None:
    good = json.dumps(a_feature(1))
    told = await lite.done(
        '{"type":"FeatureCollection","features":[' + good + "," + good + ",oops", format="geojson"
    )
    assert (told["state"], lite.names()) == ("failed", [])
    assert "after feature 2" in told["error"]["message"]


def a_feature(number: int, **changes: Any) -> dict[str, Any]:
    made = {
        "type": "Feature",
        "id": number,
        "geometry": {"type": "Point", "coordinates": [9.9, 53.5, 12.0]},
        "properties": {"name": f"Camera {number}", "Kind": "PTZ", "extra": {"deep": [1]}},
    }
    return made | changes


BAD_FEATURES: list[tuple[Any, str]] = [
    ({"type": "Feature"}, "geometry"),
    ("feature", "type"),
    ([[[]]], "type"),
    (a_feature(0, geometry={"type": "LineString", "coordinates": [[1, 2], [3, 4]]}), "geometry"),
    (a_feature(0, geometry={"type": "Point", "coordinates": [1]}), "coordinates"),
    (a_feature(0, geometry={"type": "Point", "coordinates": [10**15, 1]}), "lon"),
    (a_feature(0, geometry={"type": "Point", "coordinates": ["x", None]}), "lon"),
    (a_feature(0, geometry={"type": "Point", "coordinates": [35.68, 139.69]}), "lat"),
    (a_feature(0, properties=[1]), "properties"),
    (a_feature(0, properties={"name": {"a": 1}}), "name"),
    (a_feature(0, properties={"name": "x", "floor": 1.5}), "floor"),
    (a_feature(0, properties={"name": "x", "night_vision": "perhaps"}), "night_vision"),
    (a_feature(0, properties={"name": "x", "height": True}), "height_m"),
    (a_feature(0, properties={"name": "a\x00b"}), "name"),
]


@pytest.mark.parametrize("lines", [False, True])
async def test_geojson_lands_feature_by_feature(lite: Desk, lines: bool) -> None:
    features = [a_feature(1), *(bad for bad, _ in BAD_FEATURES), a_feature(2)]
    texts = [json.dumps(one) for one in features]
    texts.insert(1, '{"type":"Feature","x":' + "[" * 500 + "]" * 500 + "}")
    if lines:
        file = "\n".join([*texts, "{oops", '{"type": NaN}', ""])
    else:
        file = (
            '{"type":"FeatureCollection","bbox":[1,{"a":2}],"features":[' + ",".join(texts) + "]}"
        )
    told = await lite.done(file, format="geojsonl" if lines else "geojson")
    assert (told["state"], lite.names()) == ("done", ["Camera 1", "Camera 2"]), told
    faults = await lite.faults(told["id"])
    deep = [(2, "geometry" if lines else "row")]
    expected = deep + [(row, field) for row, (_, field) in enumerate(BAD_FEATURES, 3)]
    found = {(row, field) for row, field, _ in faults}
    assert set(expected) <= found
    assert told["rejected"] == len(BAD_FEATURES) + (3 if lines else 1)


async def test_rows_swapped_among_the_others_are_refused_unless_told(lite: Desk) -> None:
    good = "".join(f"{n},C{n},53.5{n},9.9{n}\n" for n in range(6))
    file = HEAD + good + "9,Swapped,9.91,53.51\n8,Sydney,-33.9,151.2\n"
    told = await lite.done(file)
    assert (told["added"], told["rejected"]) == (7, 1)
    assert "swapped: are they?" in str(await lite.faults(told["id"]))
    trusted = await lite.done(file, check_swapped="false")
    assert (trusted["added"], trusted["unchanged"]) == (1, 7)


@pytest.mark.parametrize(
    ("options", "field"), [({"encoding": "ebcdic"}, "encoding"), ({"delimiter": "x"}, "delimiter")]
)
async def test_options_that_are_not_known_fail_in_words(
    lite: Desk, options: dict[str, Any], field: str
) -> None:
    assert (await lite.done(THREE, **options))["error"]["field"] == field


@pytest.mark.parametrize("form", ["csv", "geojson"])
async def test_an_export_comes_back_without_a_change(lite: Desk, form: str) -> None:
    file = (
        "reference,name,lat,lon,kind,setting,address,floor,height_m,bearing_deg,fov_deg,range_m,"
        "night_vision\n"
        "1,=1+1,53.123456789012345,-179.99999,indoor,home_interior,"
        '"Quay, 1",-2,2.5,359.9,90,30,yes\n'
        "2,'quoted,-90,180,plate_reader,public,@here,,,,,,no\n"
        "3,''twice,0,0,fixed,business,,,,,,,\n"
    )
    assert (await lite.done(file))["added"] == 3
    lite.hub.database.write_now(lambda tx: SqlCameras(tx).add([a_camera(77)]))
    exported = await lite.client.get(f"/api/cameras/export?format={form}", headers=as_(ADMIN))
    back = await lite.done(exported.content, format=form)
    assert (back["state"], back["unchanged"], back["rejected"]) == ("done", 4, 0)
    moved = await lite.done(exported.content, OWNER, format=form)
    assert moved["added"] == 4, "elsewhere the same file makes new cameras"


@pytest.mark.parametrize(
    ("file", "format_", "field", "words"),
    [
        ("a,b\n1,2\n", "csv", "header", "no column for name, lat, lon"),
        ("\n\n", "csv", "header", "empty"),
        ("name,lat,lon,latitude,y\n", "csv", None, ""),
        ("name,lon,latitude,y\n", "csv", "header", "two columns for lat"),
        ("x" * 70_000, "csv", "header", "more than 65536 characters"),
        ("{", "geojson", "file", "not JSON"),
        ("[]", "geojson", "file", "object"),
        ("{}", "geojson", "features", "missing"),
        ('{"type":"Topology","features":[]}', "geojson", "type", "another"),
        ('{"type":"FeatureCollection","features":[{}', "geojson", "file", "after feature"),
        ('{"type":"FeatureCollection","features":[NaN]}', "geojson", "file", "not JSON"),
        (
            '{"type":"FeatureCollection","features":[' + "9" * 400 + "]}",
            "geojson",
            "file",
            "overflow",
        ),
        ("\x00" * 100, "geojson", "file", "not JSON"),
        ('{"a":' * 20_000, "geojson", "file", "beyond all reason"),
    ],
)
async def test_a_file_that_cannot_be_read_lands_nothing(
    lite: Desk, file: str, format_: str, field: str | None, words: str
) -> None:
    told = await lite.done(file, format=format_)
    assert told["state"] == ("failed" if field else "done"), told
    if field is not None:
        assert (told["error"]["field"], words in told["error"]["message"]) == (field, True), told
    assert (lite.names(), lite.spooled(), told["added"]) == ([], [], 0)


@pytest.mark.parametrize(
    ("encoding", "declared", "found"),
    [
        ("utf-8", "", "utf-8"),
        ("utf-8-sig", "", "utf-8-sig"),
        ("utf-8-sig", "utf-8", "utf-8"),
        ("utf-16", "", "utf-16"),
        ("utf-16-le", "", "utf-16-le"),
        ("utf-16-be", "", "utf-16-be"),
        ("cp1252", "", "cp1252"),
        ("cp1252", "windows-1252", "cp1252"),
    ],
)
async def test_any_usual_encoding_is_read(
    lite: Desk, encoding: str, declared: str, found: str
) -> None:
    file = (HEAD + "1,Südbrücke €,53.5,9.9\n").encode(encoding)
    told = await lite.done(file, encoding=declared)
    assert (told["state"], told["encoding"], lite.names()) == ("done", found, ["Südbrücke €"])
