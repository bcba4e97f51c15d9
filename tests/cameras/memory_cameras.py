"""The registry in memory, for tests of the service alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from consentry.cameras.model import Camera, Filter, State
from consentry.cameras.ports import Match, Touch
from consentry.kernel.errors import NotFoundError
from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, EdgeId, PartyId


class MemoryCameras:
    """Implements `ports.Cameras`. A declined camera stays as a reference without a camera."""

    def __init__(self) -> None:
        self.held_by_id: dict[CameraId, Camera] = {}
        self.declined: set[tuple[PartyId, str, str | None]] = set()
        self.announced: list[CameraId] = []
        self._next = 1

    def numbers(self, count: int) -> int:
        self._next += count
        return self._next - count

    def add(self, cameras: Sequence[Camera], touches: Sequence[Touch] = ()) -> None:
        self.held_by_id |= {one.id: one for one in cameras}

    def get(self, camera_id: CameraId, party_id: PartyId) -> Camera:
        camera = self.held_by_id.get(camera_id)
        if camera is None or camera.party_id != party_id:
            raise NotFoundError
        return camera

    held = get

    def list_of(
        self, party_id: PartyId, wanted: Filter, after: str | None, limit: int
    ) -> Sequence[Camera]:
        mine = (one for one in self.held_by_id.values() if one.party_id == party_id)
        found = sorted((c for c in mine if c.state in wanted.states), key=lambda one: one.id)
        return [one for one in found if after is None or one.id > after][:limit]

    def count(self, party_id: PartyId, wanted: Filter) -> int:
        return len(self.list_of(party_id, wanted, None, 10**9))

    def change(self, cameras: Sequence[Camera], touches: Sequence[Touch] = ()) -> None:
        self.add(cameras)

    def remove(self, ids: Collection[CameraId], at: datetime, *, keep_reference: bool) -> None:
        for one in [self.held_by_id.pop(camera_id) for camera_id in ids]:
            if keep_reference:
                origin = one.origin
                self.declined.add((origin.party_id, origin.source, origin.reference))

    def by_reference(
        self, party_id: PartyId, source: str, references: Collection[str]
    ) -> Mapping[str, Match]:
        found: dict[str, Match] = {}
        for name in references:
            if (party_id, source, name) in self.declined:
                found[name] = Match(camera=None)
        for one in self.held_by_id.values():
            name = one.origin.reference or ""
            if name in references and one.origin == replace(
                one.origin, party_id=party_id, source=source
            ):
                found[name] = Match(camera=one)
        return found

    def by_id(self, party_id: PartyId, ids: Collection[str]) -> Mapping[str, Match]:
        mine = (one for one in self.held_by_id.values() if one.party_id == party_id)
        return {one.id: Match(camera=one) for one in mine if one.id in ids}

    def added_by(self, import_id: str, after: str | None, limit: int) -> Sequence[Camera]:
        return [c for c in self.held_by_id.values() if c.origin.import_id == import_id][:limit]

    def first_place(self, party_id: PartyId) -> Point | None:
        wanted = Filter(states=frozenset({State.CONFIRMED}))
        return next((one.place for one in self.list_of(party_id, wanted, None, 1)), None)

    def announce(self, ids: Collection[CameraId]) -> None:
        self.announced += ids


class MemoryParties:
    """Implements `ports.Parties`."""

    def __init__(self, names: Mapping[str, PartyId], edges: Mapping[EdgeId, PartyId]) -> None:
        self._names = names
        self._edges = edges

    def named(self, names: Collection[str]) -> Mapping[str, PartyId]:
        return {name: self._names[name] for name in names if name in self._names}

    def holds_edge(self, party_id: PartyId, edge_id: EdgeId) -> bool:
        return self._edges.get(edge_id) == party_id
