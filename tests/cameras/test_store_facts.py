"""What others read of the registry: facts for consent, columns for the index, owners by name."""

from dataclasses import replace

import numpy as np
from sqlalchemy import insert

from consentry.cameras.columns import POINT
from consentry.cameras.model import HEALTHS, KINDS, SETTINGS, Health, Kind, Setting, State
from consentry.cameras.store import SqlCameraFacts, SqlCameras, SqlColumns, SqlParties
from consentry.consent.model import CameraFacts
from consentry.consent.tables import consent_audience
from consentry.identity import PartyKind
from consentry.identity.tables import edge, party
from consentry.infra.db import Database, Transaction
from consentry.kernel.clock import to_micros
from consentry.kernel.geo import Point
from consentry.kernel.ids import EdgeId
from tests.kit import HOUR, NOON

from .a_camera import AGENCY, MARKET, SHOP, STRANGER, a_camera, some_details

BOX, OLD_BOX = EdgeId("box"), EdgeId("old box")


def an_edge(edge_id: EdgeId, **values: object) -> dict[str, object]:
    return {
        "id": edge_id,
        "party_id": SHOP,
        "name": "Box",
        "key": edge_id.encode(),
        "enrolled_at": NOON,
        "revoked_at": None,
        "version": "",
        "health_note": "",
    } | values


def prepare(tx: Transaction) -> None:
    parties = (
        (AGENCY, PartyKind.AGENCY, "Harbour Watch"),
        (SHOP, PartyKind.BUSINESS, "Bakery"),
        (STRANGER, PartyKind.HOUSEHOLD, "Bakery"),
    )
    rows = [dict(zip(("id", "kind", "name"), p, strict=True), created_at=NOON) for p in parties]
    tx.connection.execute(insert(party), rows)
    boxes = [an_edge(BOX), an_edge(OLD_BOX, revoked_at=NOON)]
    tx.connection.execute(insert(edge), boxes)
    inside = some_details(kind=Kind.INDOOR, floor=1, setting=Setting.HOME_INTERIOR)
    SqlCameras(tx).add(
        [
            a_camera(1),
            a_camera(2, party_id=SHOP, details=inside, edge_id=BOX, health=Health.ONLINE),
            a_camera(3, state=State.DRAFT),
            a_camera(4, party_id=SHOP, edge_id=OLD_BOX),
            a_camera(5),
        ]
    )
    SqlCameras(tx).remove([a_camera(5).id], NOON, keep_reference=False)
    audience = {"party_id": AGENCY, "level": POINT, "starts_at": NOON, "ends_at": NOON + HOUR}
    ids = [a_camera(number).id for number in (2, 3)]
    tx.connection.execute(insert(consent_audience), [audience | {"camera_id": i} for i in ids])


def test_consent_learns_whose_it_is_and_how_private(database: Database) -> None:
    database.write_now(prepare)
    ids = [a_camera(number).id for number in range(1, 7)]
    held = database.read_now(lambda tx: [SqlCameraFacts(tx).for_camera(one) for one in ids])
    own = CameraFacts(id=a_camera(1).id, owner_id=AGENCY, place=MARKET, private=False)
    home = replace(own, id=a_camera(2).id, owner_id=SHOP, private=True, home_interior=True)
    shop = replace(home, id=a_camera(4).id, home_interior=False)
    assert held == [own, home, None, shop, None, None]


def test_consent_learns_which_edge_keeps_the_lock(database: Database) -> None:
    database.write_now(prepare)

    def edge_of(number: int, built_in: EdgeId | None = None) -> object:
        camera_id = a_camera(number).id
        found = database.read_now(lambda tx: SqlCameraFacts(tx, built_in).edge_of(camera_id))
        return None if found is None else (found.id, found.key, found.built_in)

    assert edge_of(2) == (BOX, BOX.encode().hex(), False)
    assert edge_of(2, BOX) == (BOX, BOX.encode().hex(), True)
    assert [edge_of(1), edge_of(3), edge_of(4)] == [None, None, None], "none, draft, revoked"


def test_the_index_gets_confirmed_cameras_alone_as_columns(database: Database) -> None:
    database.write_now(prepare)
    columns = database.read_now(lambda tx: SqlColumns(tx).all_columns())
    assert sorted(columns.number.tolist()) == [1, 2, 4]
    at = {number: row for row, number in enumerate(columns.number.tolist())}
    row = at[2]
    assert columns.id[row].decode() == a_camera(2).id
    assert Point(columns.lat[row], columns.lon[row]) == MARKET
    assert columns.parties[columns.owner[row]] == SHOP
    assert columns.parties[columns.owner[at[1]]] == AGENCY
    assert KINDS[columns.kind[row]] is Kind.INDOOR
    assert SETTINGS[columns.setting[row]] is Setting.HOME_INTERIOR
    assert HEALTHS[columns.health[row]] is Health.ONLINE
    assert np.isnan([columns.bearing[row], columns.fov[row], columns.reach[row]]).all()
    windows = columns.windows
    assert windows.row.tolist() == [row], "a draft is shown to nobody, whatever was granted"
    assert columns.parties[windows.party[0]] == AGENCY
    span = (windows.level[0], windows.starts_us[0], windows.ends_us[0])
    assert span == (POINT, to_micros(NOON), to_micros(NOON + HOUR))


def test_the_index_reads_single_cameras_anew(database: Database) -> None:
    database.write_now(prepare)
    ids = [a_camera(number).id for number in (4, 3, 5, 99)]
    columns = database.read_now(lambda tx: SqlColumns(tx).columns_of(ids))
    assert columns.number.tolist() == [4]
    assert len(columns.windows.row) == 0
    assert len(database.read_now(lambda tx: SqlColumns(tx).columns_of([]))) == 0


def test_owners_are_found_by_id_or_by_a_name_that_is_unique(database: Database) -> None:
    database.write_now(prepare)
    names = [AGENCY, "Harbour Watch", "Bakery", SHOP, "harbour watch", "nobody"]
    found = database.read_now(lambda tx: SqlParties(tx).named(names))
    assert found == {AGENCY: AGENCY, "Harbour Watch": AGENCY, SHOP: SHOP}


def test_an_edge_is_its_partys_until_revoked(database: Database) -> None:
    database.write_now(prepare)

    def holds(edge_id: EdgeId) -> list[bool]:
        return database.read_now(
            lambda tx: [SqlParties(tx).holds_edge(p, edge_id) for p in (SHOP, AGENCY)]
        )

    assert (holds(BOX), holds(OLD_BOX)) == ([True, False], [False, False])
