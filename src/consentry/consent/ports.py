"""What consent needs from outside: its own stores, and facts that features above it know."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from consentry.kernel.geo import Point
from consentry.kernel.ids import (
    AskId,
    CameraId,
    EntryId,
    IncidentId,
    PartyId,
    PersonId,
)

from .model import Approval, CameraFacts, IncidentFacts, Opening, Protection, Purpose
from .records import (
    Access,
    AgencyStop,
    AnswerWord,
    AskLine,
    AskRecord,
    Chain,
    EdgeFacts,
    Held,
    Hub,
    LawfulBasis,
    LoadedPolicy,
    Lock,
    OwnerKey,
    ProtectedPlace,
    Shown,
    Stop,
)

if TYPE_CHECKING:  # commands and edges read this package where no web framework is
    from consentry.audit import Proven
    from consentry.identity import Standing


class CameraFactsSource(Protocol):
    """Implemented above, from the registry; a draft that no owner confirmed is not there."""

    def for_camera(self, camera_id: CameraId) -> CameraFacts | None: ...

    def edge_of(self, camera_id: CameraId) -> EdgeFacts | None: ...


class IncidentFactsSource(Protocol):
    def for_incident(self, incident_id: IncidentId, party_id: PartyId) -> IncidentFacts | None:
        """None unless that party may see it."""
        ...


class People(Protocol):
    """Identity's directory: what holds now, not when the session began."""

    def standing(self, person_id: PersonId, party_id: PartyId) -> "Standing": ...

    def names(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Names of parties and people; an id that is neither is left out."""
        ...


class Statements(Protocol):
    def chain(self, camera_id: CameraId, lock: Lock = Lock.NONE) -> Chain | None: ...

    def start(self, chains: Sequence[Chain]) -> None: ...

    def keep(self, chain: Chain) -> None: ...

    def add(self, held: Sequence[Held]) -> None: ...

    def add_stop(self, stop: Stop) -> None: ...

    def of_camera(self, camera_id: CameraId) -> Sequence[Held]:
        """All, in order of arrival."""
        ...

    def page(self, camera_id: CameraId, after: int, limit: int) -> Sequence[Held]: ...

    def by_hash(self, camera_id: CameraId, hash_: str) -> Held | None: ...

    def stops_of(self, camera_id: CameraId) -> Sequence[Stop]: ...

    def uses_key(self, party_id: PartyId, key: str) -> bool:
        """Whether any camera of the party still names this key."""
        ...

    def show(self, camera_ids: Sequence[CameraId], shown: Sequence[Shown]) -> None:
        """Replace what the maps may show of these cameras, and tell them: the last act of all."""
        ...


class OwnerKeys(Protocol):
    def of_party(self, party_id: PartyId) -> Sequence[OwnerKey]: ...

    def current(self, party_id: PartyId) -> OwnerKey | None: ...

    def party_of(self, key: bytes) -> PartyId | None: ...

    def pin(self, key: OwnerKey) -> None: ...

    def retire(self, party_id: PartyId, key: str, at: datetime) -> None: ...


class AskRecords(Protocol):
    def add(self, ask: AskRecord) -> None: ...

    def keep(self, ask: AskRecord) -> None:
        """Store the state of the ask and of its lines."""
        ...

    def answer(self, ask_id: AskId, camera_id: CameraId, word: AnswerWord) -> None:
        """Note the owner's answer; `keep` never touches it."""
        ...

    def find(self, ask_id: AskId, lock: Lock = Lock.NONE) -> AskRecord | None: ...

    def of_party(
        self, party_id: PartyId, before: str | None, limit: int
    ) -> Sequence[AskRecord]: ...

    def waiting_for_owner(
        self, owner_id: PartyId, before: str | None, limit: int
    ) -> Sequence[tuple[AskRecord, AskLine]]: ...

    def lapsing(self, now: datetime, limit: int) -> Sequence[AskRecord]: ...

    def add_access(self, access: Access) -> None: ...

    def accesses(self, owner_id: PartyId, before: str | None, limit: int) -> Sequence[Access]: ...

    def access(self, owner_id: PartyId, entry_id: EntryId) -> Access | None: ...


class Approvals(Protocol):
    def add(self, ask_id: AskId, approval: Approval, entry_id: EntryId) -> None: ...

    def of_ask(self, ask_id: AskId) -> Sequence[Approval]: ...


class Openings(Protocol):
    def wait_for_turn(self, incident_id: IncidentId) -> None:
        """Hold this incident until the end: no two asks count its opened cameras at once."""
        ...

    def since(self, incident_id: IncidentId, bound: datetime) -> Sequence[Opening]: ...

    def add(self, incident_id: IncidentId, opening: Opening) -> None: ...


class ProtectedPlaces(Protocol):
    def at(self, place: Point) -> Sequence[Protection]:
        """Those of every agency: a clinic is one, whoever wrote it down."""
        ...

    def page(
        self, party_id: PartyId, after: str | None, limit: int
    ) -> Sequence[ProtectedPlace]: ...

    def find(self, party_id: PartyId, place_id: str) -> ProtectedPlace | None: ...

    def keep(self, place: ProtectedPlace) -> None: ...

    def remove(self, party_id: PartyId, place_id: str) -> None: ...


class LawfulBases(Protocol):
    def purposes(self, party_id: PartyId, camera_id: CameraId) -> frozenset[Purpose]: ...

    def keep(self, bases: Sequence[LawfulBasis]) -> None: ...

    def page(
        self, party_id: PartyId, after: tuple[str, str] | None, limit: int
    ) -> Sequence[LawfulBasis]: ...


class Policies(Protocol):
    def current(self, party_id: PartyId) -> LoadedPolicy | None: ...

    def add(self, policy: LoadedPolicy) -> None: ...


class AgencyStops(Protocol):
    def find(self, party_id: PartyId, lock: Lock = Lock.NONE) -> AgencyStop | None:
        """To lock it, a row is made where there is none, so that there is something to hold."""
        ...

    def keep(self, stop: AgencyStop) -> None: ...


class Proofs(Protocol):
    """The log, after the commit. Raises UnavailableError where it does not answer in time."""

    async def wait(self, entry_id: EntryId) -> "Proven": ...

    async def sealed(self, entry_id: EntryId, party_id: PartyId) -> tuple[bytes, bytes]:
        """The entry's canonical bytes and its salt, for a party that may read it."""
        ...

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """The hashes that show the tree of `old` leaves inside the tree of `new`."""
        ...


class TicketKey(Protocol):
    def sign(self, data: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """All that consent keeps, over one open transaction."""

    statements: Statements
    keys: OwnerKeys
    asks: AskRecords
    approvals: Approvals
    openings: Openings
    places: ProtectedPlaces
    bases: LawfulBases
    policies: Policies
    stops: AgencyStops


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What features above consent know, over the same transaction."""

    cameras: CameraFactsSource
    incidents: IncidentFactsSource
    people: People
    hub: Hub
