"""Cameras in SQL, each query bound to the party that may know of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from consentry.cameras.model import NUMBER_MAX, Camera, Filter, State
from consentry.cameras.ports import Match, Touch
from consentry.cameras.rows import from_row, to_row
from consentry.cameras.tables import camera, camera_counter
from consentry.infra.db import Transaction, epochs
from consentry.kernel.errors import ExhaustedError, NotFoundError
from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, PartyId

from .portions import portions

COUNTER: Final = "camera"
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
        for some in portions(ids):
            self._connection.execute(update(camera).where(camera.c.id.in_(some)).values(values))

    def by_reference(
        self, party_id: PartyId, source: str, references: Collection[str]
    ) -> Mapping[str, Match]:
        found: dict[str, Match] = {}
        for some in portions(references):
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
        for some in portions(ids):
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
