"""Cameras in SQL, the same on both dialects."""

from dataclasses import replace

import pytest

from consentry.cameras.model import (
    NUMBER_MAX,
    Details,
    Filter,
    Health,
    Kind,
    Origin,
    Setting,
    State,
)
from consentry.cameras.ports import Touch
from consentry.cameras.store import SqlCameras
from consentry.cameras.store.portions import LOOKUP_MAX
from consentry.infra.db import Database, Transaction, epochs
from consentry.kernel.errors import ConflictError, ExhaustedError, NotFoundError
from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, EdgeId
from tests.kit import HOUR, NOON

from .a_camera import AGENCY, MARKET, SHOP, STRANGER, a_camera, some_details

EVERYTHING_KNOWN = a_camera(
    7,
    party_id=SHOP,
    details=Details(
        name="Ünder the bridge",
        address="Quay 1",
        place=Point(-89.999999999, 179.999999999),
        kind=Kind.INDOOR,
        setting=Setting.HOME_INTERIOR,
        floor=-2,
        height_m=2.5,
        bearing_deg=359.9,
        fov_deg=360.0,
        range_m=0.5,
        night_vision=True,
    ),
    health=Health.DEGRADED,
    edge_id=EdgeId("edge"),
    origin=Origin(party_id=AGENCY, source="city", reference="17", import_id="import"),
    moved_at=NOON + HOUR,
    health_at=NOON + 2 * HOUR,
)


def test_a_camera_comes_back_as_it_went_in(database: Database) -> None:
    database.write_now(lambda tx: SqlCameras(tx).add([a_camera(), EVERYTHING_KNOWN]))
    held = database.read_now(lambda tx: SqlCameras(tx).list_of(SHOP, Filter(), None, 9))
    assert held == [EVERYTHING_KNOWN]
    locked = database.write_now(lambda tx: SqlCameras(tx).held(a_camera().id, AGENCY))
    read = database.read_now(lambda tx: SqlCameras(tx).get(a_camera().id, AGENCY))
    assert locked == read == a_camera()
    assert database.read_now(lambda tx: SqlCameras(tx).count(SHOP, Filter())) == 1


def test_another_partys_camera_is_not_found(database: Database) -> None:
    database.write_now(lambda tx: SqlCameras(tx).add([a_camera()]))
    with pytest.raises(NotFoundError):
        database.write_now(lambda tx: SqlCameras(tx).held(a_camera().id, SHOP))
    with pytest.raises(NotFoundError):
        database.read_now(lambda tx: SqlCameras(tx).get(a_camera().id, SHOP))
    with pytest.raises(NotFoundError):
        database.write_now(lambda tx: SqlCameras(tx).held(a_camera(2).id, AGENCY))


def test_numbers_are_never_drawn_twice_and_end_where_tiles_end(database: Database) -> None:
    def draw(count: int) -> int:
        return database.write_now(lambda tx: SqlCameras(tx).numbers(count))

    assert [draw(1), draw(1000), draw(3)] == [1, 2, 1002]
    assert draw(NUMBER_MAX - 1004) == 1005
    with pytest.raises(ExhaustedError):
        draw(1)


def test_lists_page_by_id_and_filter(database: Database) -> None:
    cameras = [
        a_camera(1, details=some_details(name="100% north", kind=Kind.PTZ)),
        a_camera(2, state=State.DRAFT, details=some_details(address="North Street")),
        a_camera(3, health=Health.OFFLINE, details=some_details(setting=Setting.PUBLIC)),
        a_camera(4, party_id=SHOP),
    ]
    database.write_now(lambda tx: SqlCameras(tx).add(cameras))

    def numbers(wanted: Filter, after: str | None = None, limit: int = 9) -> list[int]:
        found = database.read_now(lambda tx: SqlCameras(tx).list_of(AGENCY, wanted, after, limit))
        return [one.number for one in found]

    assert numbers(Filter()) == [1, 2, 3]
    assert numbers(Filter(), limit=2) == [1, 2]
    assert numbers(Filter(), after=cameras[1].id) == [3]
    assert numbers(Filter(states=frozenset({State.DRAFT}))) == [2]
    assert numbers(Filter(kind=Kind.PTZ)) == [1]
    assert numbers(Filter(setting=Setting.PUBLIC)) == [3]
    assert numbers(Filter(health=Health.OFFLINE)) == [3]
    assert numbers(Filter(text="nOrTh")) == [1, 2, 3]
    assert numbers(Filter(text="NORTH STREET")) == [2]
    assert numbers(Filter(text="0%")) == [1], "a wildcard in the text is only a letter"
    assert numbers(Filter(text="_north")) == []


def test_a_change_replaces_the_whole_row_and_keeps_its_touch(database: Database) -> None:
    origin = Origin(party_id=AGENCY, source="city", reference="7")
    before = a_camera(7, origin=origin)
    after = replace(EVERYTHING_KNOWN, party_id=AGENCY, origin=origin)
    touch = Touch(import_id="second", row=3)

    def change(tx: Transaction) -> None:
        cameras = SqlCameras(tx)
        cameras.add([a_camera(8)])
        cameras.add([before], [Touch(import_id="first", row=1)])
        cameras.change([after], [touch])
        cameras.change([])

    database.write_now(change)
    found = database.write_now(
        lambda tx: SqlCameras(tx).by_reference(AGENCY, "city", ["7", "8", "7"])
    )
    assert {name: (match.camera, match.touch) for name, match in found.items()} == {
        "7": (after, touch)
    }
    others = database.write_now(lambda tx: SqlCameras(tx).by_reference(SHOP, "city", ["7"]))
    assert others == {}, "a reference is the name that one party uses"


def test_ids_are_looked_up_among_ones_own_in_any_number(database: Database) -> None:
    cameras = [a_camera(n) for n in range(1, LOOKUP_MAX + 3)] + [a_camera(9000, party_id=SHOP)]
    database.write_now(lambda tx: SqlCameras(tx).add(cameras))
    found = database.write_now(lambda tx: SqlCameras(tx).by_id(AGENCY, [c.id for c in cameras]))
    assert set(found) == {c.id for c in cameras[:-1]}
    assert found[cameras[0].id].touch is None


def test_a_removed_camera_is_forgotten_but_for_its_number(database: Database) -> None:
    origins = [Origin(party_id=AGENCY, source="city", reference=str(n)) for n in range(2)]
    cameras = [a_camera(n + 1, origin=origin) for n, origin in enumerate(origins)]
    left, declined = cameras

    def remove(tx: Transaction) -> None:
        SqlCameras(tx).add(cameras)
        SqlCameras(tx).remove([left.id], NOON, keep_reference=False)
        SqlCameras(tx).remove([declined.id], NOON, keep_reference=True)

    database.write_now(remove)
    every = Filter(states=frozenset(State))
    assert database.read_now(lambda tx: SqlCameras(tx).list_of(AGENCY, every, None, 9)) == []
    found = database.write_now(lambda tx: SqlCameras(tx).by_reference(AGENCY, "city", ["0", "1"]))
    assert {name: match.camera for name, match in found.items()} == {"1": None}
    with pytest.raises(ConflictError):
        database.write_now(lambda tx: SqlCameras(tx).add([a_camera(1, id=CameraId("other"))]))


def test_one_reference_names_one_camera(database: Database) -> None:
    origin = Origin(party_id=AGENCY, source="city", reference="1")
    with pytest.raises(ConflictError):
        database.write_now(
            lambda tx: SqlCameras(tx).add([a_camera(1, origin=origin), a_camera(2, origin=origin)])
        )
    assert database.read_now(lambda tx: SqlCameras(tx).list_of(AGENCY, Filter(), None, 9)) == []


def test_what_an_import_added_is_found_in_pages(database: Database) -> None:
    cameras = [
        a_camera(n, origin=Origin(party_id=AGENCY, source="s", reference=str(n), import_id=name))
        for n, name in ((1, "a"), (2, "a"), (3, "b"), (4, "a"))
    ]

    def prepare(tx: Transaction) -> None:
        SqlCameras(tx).add(cameras)
        SqlCameras(tx).remove([cameras[1].id], NOON, keep_reference=True)

    database.write_now(prepare)
    first = database.read_now(lambda tx: SqlCameras(tx).added_by("a", None, 1))
    rest = database.read_now(lambda tx: SqlCameras(tx).added_by("a", first[0].id, 9))
    assert [one.number for one in (*first, *rest)] == [1, 4]


def test_the_oldest_confirmed_camera_says_where_a_party_is(database: Database) -> None:
    assert database.read_now(lambda tx: SqlCameras(tx).first_place(AGENCY)) is None
    draft = a_camera(1, state=State.DRAFT, details=some_details(place=Point(0, 0)))
    database.write_now(lambda tx: SqlCameras(tx).add([draft, a_camera(2)]))
    assert database.read_now(lambda tx: SqlCameras(tx).first_place(AGENCY)) == MARKET
    assert database.read_now(lambda tx: SqlCameras(tx).first_place(STRANGER)) is None


def test_a_change_is_announced_by_its_ids(database: Database) -> None:
    database.write_now(lambda tx: SqlCameras(tx).announce([a_camera(1).id, a_camera(2).id]))
    database.write_now(lambda tx: SqlCameras(tx).announce([]))
    assert database.read_now(lambda tx: epochs.current(tx, epochs.CAMERAS)) == 1
    changed = database.read_now(lambda tx: epochs.changed_since(tx, epochs.CAMERAS, 0, 9))
    assert sorted(changed) == [a_camera(1).id, a_camera(2).id]
