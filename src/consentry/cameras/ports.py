"""What the registry needs from outside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consentry.infra.jobs import NewJob
from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, EdgeId, IdSource, JobId, PartyId

from .imports import Import
from .model import Camera, Filter
from .records import RowFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """The row of an import that wrote a camera last."""

    import_id: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What is stored under a reference. No camera: its owner declined it, and that stands."""

    camera: Camera | None
    touch: Touch | None = None


class Cameras(Protocol):
    def numbers(self, count: int) -> int:
        """Draw so many numbers, never drawn before, and return the first."""
        ...

    def add(self, cameras: Sequence[Camera], touches: Sequence[Touch] = ()) -> None:
        """Touches: none, or one for each."""
        ...

    def get(self, camera_id: CameraId, party_id: PartyId) -> Camera:
        """One's own camera, to look at. Raises NotFoundError."""
        ...

    def held(self, camera_id: CameraId, party_id: PartyId) -> Camera:
        """One's own camera, to change: locked until the transaction ends. Raises NotFoundError."""
        ...

    def list_of(
        self, party_id: PartyId, wanted: Filter, after: str | None, limit: int
    ) -> Sequence[Camera]:
        """Own cameras in order of their ids, those above `after`."""
        ...

    def count(self, party_id: PartyId, wanted: Filter) -> int: ...

    def change(self, cameras: Sequence[Camera], touches: Sequence[Touch] = ()) -> None: ...

    def remove(self, ids: Collection[CameraId], at: datetime, *, keep_reference: bool) -> None:
        """Forget them. With its reference kept, an import cannot bring a camera back."""
        ...

    def by_reference(
        self, party_id: PartyId, source: str, references: Collection[str]
    ) -> Mapping[str, Match]:
        """What this party brought in from this source before."""
        ...

    def by_id(self, party_id: PartyId, ids: Collection[str]) -> Mapping[str, Match]:
        """Those among `ids` that this party owns."""
        ...

    def added_by(self, import_id: str, after: str | None, limit: int) -> Sequence[Camera]: ...

    def first_place(self, party_id: PartyId) -> Point | None:
        """Where this party's oldest camera stands: others are expected on the same continent."""
        ...

    def announce(self, ids: Collection[CameraId]) -> None:
        """Tell whoever keeps a picture in memory. The last statement of a transaction."""
        ...


class Parties(Protocol):
    """Who can own a camera, and what else is theirs. Implemented from identity."""

    def named(self, names: Collection[str]) -> Mapping[str, PartyId]:
        """Parties by their id or exact name. A name that is unknown or not unique is left out."""
        ...

    def holds_edge(self, party_id: PartyId, edge_id: EdgeId) -> bool:
        """Whether this edge is that party's, and not revoked."""
        ...


class Imports(Protocol):
    def add(self, one: Import) -> None: ...

    def get(self, import_id: str, party_id: PartyId) -> Import:
        """One's own. Raises NotFoundError."""
        ...

    def locked(self, import_id: str) -> Import:
        """For its job: locked until the transaction ends. Raises NotFoundError."""
        ...

    def list_of(self, party_id: PartyId, before: str | None, limit: int) -> Sequence[Import]:
        """Newest first, those older than `before`."""
        ...

    def save(self, one: Import) -> None: ...
    def open_count(self, party_id: PartyId) -> int: ...

    def open_ids(self) -> Collection[str]:
        """All whose upload may still be needed."""
        ...

    def add_faults(self, import_id: str, first: int, faults: Sequence[RowFault]) -> None: ...

    def faults_of(self, import_id: str, after: int, limit: int) -> Sequence[tuple[int, RowFault]]:
        """In order, each with its place in that order, those beyond `after`."""
        ...


class Queue(Protocol):
    """The part of `infra.jobs` that a use case needs."""

    def add(self, new: NewJob, ids: IdSource) -> JobId: ...
    def cancel(self, job_id: JobId, at: datetime) -> bool: ...
