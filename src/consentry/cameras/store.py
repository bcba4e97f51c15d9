"""The registry in SQL, each query bound to the party that may know of it. Never commits."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from consentry.consent.model import CameraFacts
from consentry.consent.records import EdgeFacts
from consentry.consent.tables import consent_audience
from consentry.identity import PartyKind
from consentry.identity.tables import edge, party
from consentry.infra.db import Transaction, epochs
from consentry.kernel.errors import ExhaustedError, NotFoundError
from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, EdgeId, PartyId

from .columns import Columns, Windows, columns_of_rows
from .model import HEALTHS, KINDS, NUMBER_MAX, SETTINGS, Camera, Filter, Setting, State
from .ports import Match, Touch
from .rows import from_row, to_row
from .tables import camera, camera_counter

COUNTER: Final = "camera"
LOOKUP_MAX: Final = 500
"""So many values in one IN list; more are asked for in several."""
READ_AT_ONCE: Final = 10_000
FORGOTTEN: Final[Mapping[str, Any]] = {
    "name": "",
    "address": "",
    "lat": None,
    "lon": None,
    "floor": None,
    "height_m": None,
    "bearing_deg": None,
    "fov_deg": None,
    "range_m": None,
    "edge_id": None,
    "health_at": None,
}


class SqlCameras:
    """Implements `ports.Cameras`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._connection = tx.connection

    def numbers(self, count: int) -> int:
        step = update(camera_counter).where(camera_counter.c.name == COUNTER)
        moved = step.values(next=camera_counter.c.next + count).returning(camera_counter.c.next)
        following = self._connection.scalar(moved)
        if following is None:
            following = 1 + count
            self._connection.execute(insert(camera_counter).values(name=COUNTER, next=following))
        if following - 1 > NUMBER_MAX:
            raise ExhaustedError(f"All {NUMBER_MAX} camera numbers of this hub are used up.")
        return int(following) - count

    def add(self, cameras: Sequence[Camera], touches: Sequence[Touch] = ()) -> None:
        if cameras:
            self._connection.execute(insert(camera), _touched(cameras, touches))

    def get(self, camera_id: CameraId, party_id: PartyId) -> Camera:
        return self._one(select(camera).where(camera.c.id == camera_id, *_held_by(party_id)))

    def held(self, camera_id: CameraId, party_id: PartyId) -> Camera:
        query = select(camera).where(camera.c.id == camera_id, *_held_by(party_id))
        return self._one(query.with_for_update())

    def list_of(
        self, party_id: PartyId, wanted: Filter, after: str | None, limit: int
    ) -> Sequence[Camera]:
        query = select(camera).where(*_held_by(party_id), *_wanted(wanted))
        if after is not None:
            query = query.where(camera.c.id > after)
        rows = self._connection.execute(query.order_by(camera.c.id).limit(limit))
        return [from_row(row) for row in rows]

    def count(self, party_id: PartyId, wanted: Filter) -> int:
        query = select(func.count()).where(*_held_by(party_id), *_wanted(wanted))
        return self._connection.scalar(query.select_from(camera)) or 0

    def change(self, cameras: Sequence[Camera], touches: Sequence[Touch] = ()) -> None:
        if not cameras:
            return
        rows = [{f"new_{k}": v for k, v in row.items()} for row in _touched(cameras, touches)]
        columns = [name.removeprefix("new_") for name in rows[0] if name != "new_id"]
        statement = update(camera).where(camera.c.id == bindparam("new_id"))
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
        self._connection.execute(statement.values(values), rows)

    def remove(self, ids: Collection[CameraId], at: datetime, *, keep_reference: bool) -> None:
        values: dict[str, Any] = {
            **FORGOTTEN,
            "state": State.REMOVED.value,
            "removed_at": at,
            "changed_at": at,
        }
        if not keep_reference:
            values["reference"] = None
        for some in _portions(ids):
            self._connection.execute(update(camera).where(camera.c.id.in_(some)).values(values))

    def by_reference(
        self, party_id: PartyId, source: str, references: Collection[str]
    ) -> Mapping[str, Match]:
        found: dict[str, Match] = {}
        for some in _portions(references):
            query = select(camera).where(
                camera.c.origin_party_id == party_id,
                camera.c.source == source,
                camera.c.reference.in_(some),
            )
            for row in self._connection.execute(_locked(query)):
                found[row.reference] = _match(row)
        return found

    def by_id(self, party_id: PartyId, ids: Collection[str]) -> Mapping[str, Match]:
        found: dict[str, Match] = {}
        for some in _portions(ids):
            query = select(camera).where(camera.c.id.in_(some), *_held_by(party_id))
            for row in self._connection.execute(_locked(query)):
                found[row.id] = _match(row)
        return found

    def added_by(self, import_id: str, after: str | None, limit: int) -> Sequence[Camera]:
        query = select(camera).where(
            camera.c.import_id == import_id, camera.c.state != State.REMOVED.value
        )
        if after is not None:
            query = query.where(camera.c.id > after)
        rows = self._connection.execute(query.order_by(camera.c.id).limit(limit))
        return [from_row(row) for row in rows]

    def first_place(self, party_id: PartyId) -> Point | None:
        query = select(camera.c.lat, camera.c.lon).where(
            camera.c.party_id == party_id, camera.c.state == State.CONFIRMED.value
        )
        row = self._connection.execute(query.order_by(camera.c.id).limit(1)).one_or_none()
        return None if row is None else Point(row.lat, row.lon)

    def _one(self, query: Select[Any]) -> Camera:
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError("There is no such camera among yours.")
        return from_row(row)

    def announce(self, ids: Collection[CameraId]) -> None:
        if ids:
            epochs.bump(self._tx, epochs.CAMERAS, ids)


class SqlParties:
    """Implements `ports.Parties` from the tables of identity."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def named(self, names: Collection[str]) -> Mapping[str, PartyId]:
        ids: dict[str, PartyId] = {}
        named: dict[str, list[PartyId]] = {}
        for some in _portions(names):
            query = select(party.c.id, party.c.name)
            found = query.where(or_(party.c.id.in_(some), party.c.name.in_(some)))
            for row in self._connection.execute(found):
                ids[row.id] = PartyId(row.id)
                named.setdefault(row.name, []).append(PartyId(row.id))
        unique = {name: held[0] for name, held in named.items() if len(set(held)) == 1}
        return {name: unique[name] for name in names if name in unique} | {
            name: ids[name] for name in names if name in ids
        }

    def holds_edge(self, party_id: PartyId, edge_id: EdgeId) -> bool:
        query = select(edge.c.id).where(
            edge.c.id == edge_id, edge.c.party_id == party_id, edge.c.revoked_at.is_(None)
        )
        return self._connection.scalar(query) is not None


class SqlCameraFacts:
    """Implements consent's `CameraFactsSource`. Protected places are consent's own to add.

    `built_in`: the hub's own edge, whose cameras are marked as kept by the hub.
    """

    def __init__(self, tx: Transaction, built_in: EdgeId | None = None) -> None:
        self._connection = tx.connection
        self._built_in = built_in

    def for_camera(self, camera_id: CameraId) -> CameraFacts | None:
        owned = camera.join(party, party.c.id == camera.c.party_id)
        query = select(
            camera.c.party_id, camera.c.lat, camera.c.lon, camera.c.setting, party.c.kind
        )
        row = self._connection.execute(query.select_from(owned).where(*_open(camera_id))).first()
        if row is None:
            return None
        return CameraFacts(
            id=camera_id,
            owner_id=PartyId(row.party_id),
            place=Point(row.lat, row.lon),
            private=row.kind is not PartyKind.AGENCY,
            home_interior=row.setting == Setting.HOME_INTERIOR.value,
        )

    def edge_of(self, camera_id: CameraId) -> EdgeFacts | None:
        hung = camera.join(edge, edge.c.id == camera.c.edge_id)
        query = select(edge.c.id, edge.c.key).select_from(hung)
        alive = edge.c.revoked_at.is_(None)
        row = self._connection.execute(query.where(alive, *_open(camera_id))).first()
        if row is None:
            return None
        edge_id = EdgeId(row.id)
        return EdgeFacts(id=edge_id, key=row.key.hex(), built_in=edge_id == self._built_in)


class SqlColumns:
    """Implements `columns.ColumnSource`."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def all_columns(self) -> Columns:
        return self._read(_FACTS, _AUDIENCE)

    def columns_of(self, camera_ids: Sequence[CameraId]) -> Columns:
        ids = list(camera_ids)
        audience = _AUDIENCE.where(consent_audience.c.camera_id.in_(ids))
        return self._read(_FACTS.where(camera.c.id.in_(ids)), audience)

    def _read(self, facts: Select[Any], audience: Select[Any]) -> Columns:
        parties: dict[str, int] = {}
        rows = [
            (*row[:4], parties.setdefault(row[4], len(parties)), *row[5:])
            for row in self._connection.execution_options(yield_per=READ_AT_ONCE).execute(facts)
        ]
        place = {row[0]: index for index, row in enumerate(rows)}
        windows = [
            (place[camera_id], parties.setdefault(to, len(parties)), level, starts, ends)
            for camera_id, to, level, starts, ends in self._connection.execute(audience)
            if camera_id in place
        ]
        held = [PartyId(name) for name in parties]
        return columns_of_rows(rows, held, Windows.of(windows))


def _code(column: ColumnElement[Any], words: Sequence[StrEnum]) -> ColumnElement[int]:
    """The word's place in its closed list, counted by the database: a million rows at a time."""
    return case({word.value: code for code, word in enumerate(words)}, value=column)


_FACTS: Final = select(
    camera.c.id,
    camera.c.number,
    camera.c.lat,
    camera.c.lon,
    camera.c.party_id,
    _code(camera.c.kind, KINDS),
    _code(camera.c.setting, SETTINGS),
    _code(camera.c.health, HEALTHS),
    camera.c.night_vision,
    camera.c.bearing_deg,
    camera.c.fov_deg,
    camera.c.range_m,
).where(camera.c.state == State.CONFIRMED.value)
_AUDIENCE: Final = select(
    consent_audience.c.camera_id,
    consent_audience.c.party_id,
    consent_audience.c.level,
    type_coerce(consent_audience.c.starts_at, BigInteger),
    type_coerce(consent_audience.c.ends_at, BigInteger),
)


def _open(camera_id: CameraId) -> tuple[ColumnElement[bool], ...]:
    return camera.c.id == camera_id, camera.c.state == State.CONFIRMED.value


def _held_by(party_id: PartyId) -> tuple[ColumnElement[bool], ...]:
    return camera.c.party_id == party_id, camera.c.state != State.REMOVED.value


def _wanted(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        camera.c.state.in_(sorted(state.value for state in wanted.states))
    ]
    for column in ("kind", "setting", "health"):
        value = getattr(wanted, column)
        if value is not None:
            conditions.append(camera.c[column] == value.value)
    if wanted.text:
        parts = (camera.c.name, camera.c.address)
        conditions.append(or_(*(part.icontains(wanted.text, autoescape=True) for part in parts)))
    return conditions


def _touched(cameras: Sequence[Camera], touches: Sequence[Touch]) -> list[dict[str, Any]]:
    rows = [to_row(one) for one in cameras]
    for row, touch in zip(rows, touches, strict=True) if touches else ():
        row["touched_import_id"] = touch.import_id
        row["touched_row"] = touch.row
    return rows


def _locked(query: Select[Any]) -> Select[Any]:
    """In one order for all, so that two imports wait for one another and never in a ring."""
    return query.order_by(camera.c.id).with_for_update()


def _match(row: Row[Any]) -> Match:
    touch = None
    if row.touched_import_id is not None:
        touch = Touch(import_id=row.touched_import_id, row=row.touched_row)
    gone = row.state == State.REMOVED.value
    return Match(camera=None if gone else from_row(row), touch=touch)


def _portions(values: Collection[Any]) -> list[list[Any]]:
    held = list(values)
    return [held[start : start + LOOKUP_MAX] for start in range(0, len(held), LOOKUP_MAX)]
