"""What narrows an agency: protected places, lawful bases, policy packs, the supervisor's stop."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, tuple_

from consentry.consent.model import ProtectedKind, Protection, Purpose, Span
from consentry.consent.records import (
    AgencyStop,
    LawfulBasis,
    LoadedPolicy,
    Lock,
    ProtectedPlace,
)
from consentry.consent.tables import agency_stop, lawful_basis, policy_pack, protected_place
from consentry.infra.db import Transaction
from consentry.infra.db.dialect import upsert
from consentry.kernel.clock import EPOCH
from consentry.kernel.geo import Area, Circle, Point, Polygon, from_e7, offset, to_e7
from consentry.kernel.ids import CameraId, PartyId

from .locks import insert_missing, locked


class SqlProtectedPlaces:
    """Implements `ports.ProtectedPlaces`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._connection = tx.connection

    def at(self, place: Point) -> Sequence[Protection]:
        lat = to_e7(place.lat)
        query = select(protected_place).where(
            protected_place.c.south <= lat, protected_place.c.north >= lat
        )
        found = [_place_from(row) for row in self._connection.execute(query).mappings()]
        return [_protection(one) for one in found if one.holds(place)]

    def page(self, party_id: PartyId, after: str | None, limit: int) -> Sequence[ProtectedPlace]:
        query = select(protected_place).where(
            protected_place.c.party_id == party_id, protected_place.c.id > (after or "")
        )
        rows = self._connection.execute(query.order_by(protected_place.c.id).limit(limit))
        return [_place_from(row) for row in rows.mappings()]

    def find(self, party_id: PartyId, place_id: str) -> ProtectedPlace | None:
        query = select(protected_place).where(
            protected_place.c.party_id == party_id, protected_place.c.id == place_id
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _place_from(row)

    def keep(self, place: ProtectedPlace) -> None:
        values = _place_row(place)
        self._connection.execute(upsert(self._tx.on_sqlite, protected_place, values, ["id"]))

    def remove(self, party_id: PartyId, place_id: str) -> None:
        held = (protected_place.c.party_id == party_id) & (protected_place.c.id == place_id)
        self._connection.execute(delete(protected_place).where(held))


class SqlLawfulBases:
    """Implements `ports.LawfulBases`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._connection = tx.connection

    def purposes(self, party_id: PartyId, camera_id: CameraId) -> frozenset[Purpose]:
        query = select(lawful_basis.c.purpose).where(
            lawful_basis.c.party_id == party_id,
            lawful_basis.c.camera_id == camera_id,
            lawful_basis.c.withdrawn.is_(False),
        )
        return frozenset(Purpose(word) for word in self._connection.scalars(query))

    def keep(self, bases: Sequence[LawfulBasis]) -> None:
        keys = ["party_id", "camera_id", "purpose"]
        for basis in bases:
            values = asdict(basis) | {"purpose": basis.purpose.value}
            self._connection.execute(upsert(self._tx.on_sqlite, lawful_basis, values, keys))

    def add(self, bases: Sequence[LawfulBasis]) -> None:
        """Many at once, none of which is there yet: for whoever builds a whole city."""
        rows = [asdict(basis) | {"purpose": basis.purpose.value} for basis in bases]
        if rows:
            self._connection.execute(insert(lawful_basis), rows)

    def page(
        self, party_id: PartyId, after: tuple[str, str] | None, limit: int
    ) -> Sequence[LawfulBasis]:
        key = tuple_(lawful_basis.c.camera_id, lawful_basis.c.purpose)
        query = select(lawful_basis).where(lawful_basis.c.party_id == party_id)
        if after is not None:
            query = query.where(key > tuple_(*after))
        query = query.order_by(lawful_basis.c.camera_id, lawful_basis.c.purpose).limit(limit)
        rows = self._connection.execute(query).mappings()
        return [LawfulBasis(**{**row, "purpose": Purpose(row["purpose"])}) for row in rows]


class SqlPolicies:
    """Implements `ports.Policies`. Every version is kept: each change is a public difference."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def current(self, party_id: PartyId) -> LoadedPolicy | None:
        query = (
            select(policy_pack)
            .where(policy_pack.c.party_id == party_id)
            .order_by(policy_pack.c.version.desc())
            .limit(1)
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else LoadedPolicy(**row)

    def add(self, policy: LoadedPolicy) -> None:
        self._connection.execute(insert(policy_pack).values(asdict(policy)))


class SqlAgencyStops:
    """Implements `ports.AgencyStops`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._connection = tx.connection

    def find(self, party_id: PartyId, lock: Lock = Lock.NONE) -> AgencyStop | None:
        if lock is not Lock.NONE:
            row = {"party_id": party_id, "stopped": False, "at": EPOCH, "by": "", "reason": ""}
            self._connection.execute(insert_missing(self._tx.on_sqlite, agency_stop, row))
        query = select(agency_stop).where(agency_stop.c.party_id == party_id)
        found = self._connection.execute(locked(query, lock)).mappings().first()
        return None if found is None else AgencyStop(**found)

    def keep(self, stop: AgencyStop) -> None:
        self._connection.execute(
            upsert(self._tx.on_sqlite, agency_stop, asdict(stop), ["party_id"])
        )


def _protection(place: ProtectedPlace) -> Protection:
    if place.starts_at is None or place.ends_at is None:
        return Protection(kind=place.kind)
    return Protection(kind=place.kind, span=Span(start=place.starts_at, end=place.ends_at))


def _place_row(place: ProtectedPlace) -> dict[str, Any]:
    south, north = _band(place.area)
    return {
        "id": place.id,
        "party_id": place.party_id,
        "kind": place.kind.value,
        "name": place.name,
        "area": _area_json(place.area),
        "south": to_e7(south),
        "north": to_e7(north),
        "starts_at": place.starts_at,
        "ends_at": place.ends_at,
    }


def _place_from(row: RowMapping) -> ProtectedPlace:
    return ProtectedPlace(
        id=row["id"],
        party_id=row["party_id"],
        kind=ProtectedKind(row["kind"]),
        name=row["name"],
        area=_area_from(row["area"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
    )


def _band(area: Area) -> tuple[float, float]:
    """A little wider than the area: rounding must never leave a protected place out."""
    if isinstance(area, Circle):
        reach = area.radius_m * 1.001 + 1
        south = offset(area.centre, east_m=0, north_m=-reach).lat
        return south, offset(area.centre, east_m=0, north_m=reach).lat
    lats = [point.lat for point in area.ring]
    return max(-90.0, min(lats) - 1e-6), min(90.0, max(lats) + 1e-6)


def _area_json(area: Area) -> Mapping[str, Any]:
    if isinstance(area, Circle):
        return {"at": _point_json(area.centre), "radius_mm": round(area.radius_m * 1000)}
    return {"ring": [_point_json(point) for point in area.ring]}


def _area_from(value: Mapping[str, Any]) -> Area:
    if "ring" in value:
        return Polygon(tuple(_point_from(point) for point in value["ring"]))
    return Circle(_point_from(value["at"]), value["radius_mm"] / 1000)


def _point_json(point: Point) -> list[int]:
    return [to_e7(point.lat), to_e7(point.lon)]


def _point_from(value: Sequence[int]) -> Point:
    return Point(from_e7(value[0]), from_e7(value[1]))
