"""A small hub of consent for tests: real stores, fakes for what lies above, keys to seal with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request

from consentry.audit import Entry, Journal, Proven
from consentry.audit.body import encode as encode_entry
from consentry.audit.notes import verifier
from consentry.consent.bodies import Body, GrantTerms, StatementType
from consentry.consent.model import (
    CameraFacts,
    IncidentFacts,
    IncidentType,
    Kind,
    Purpose,
    Use,
)
from consentry.consent.ports import Outside
from consentry.consent.records import EdgeFacts, Hub, OwnerKey
from consentry.consent.routes import Desk, Pinned, router
from consentry.consent.service import AskDraft, BasisDraft, Consent
from consentry.consent.statements import FIRST, Envelope, Statement, seal
from consentry.consent.store import sql_stores
from consentry.identity import Standing
from consentry.infra.db import Database, Transaction, Work
from consentry.infra.web import problems
from consentry.kernel.access import ANYONE, Principal, PrincipalKind, Role
from consentry.kernel.errors import UnavailableError
from consentry.kernel.geo import Point
from consentry.kernel.ids import (
    CameraId,
    EdgeId,
    EntryId,
    GrantId,
    IncidentId,
    PartyId,
    PersonId,
    SessionId,
)
from tests.kit import DAY, HOUR, NOON
from tests.kit.chance import CountingBytes, CountingIds, VirtualClock
from tests.kit.journal import MemoryEntries

_ids = CountingIds(50_000)
AGENCY, RIVAL = PartyId(_ids()), PartyId(_ids())
HOUSE, SHOP = PartyId(_ids()), PartyId(_ids())
EDGE: Final = EdgeId(_ids())
INCIDENT, OTHERS_INCIDENT = IncidentId(_ids()), IncidentId(_ids())
CAMERAS: Final = [CameraId(_ids()) for _ in range(14)]
CAMERA: Final = CAMERAS[0]
GRANT: Final = GrantId(_ids())
PLACE: Final = Point(54.1, 12.1)
ORIGIN: Final = "https://hub.example"
HUB: Final = Hub(origin=ORIGIN, name="Port Halden", cooling=timedelta(0))
KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x11" * 32)
OTHER_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x22" * 32)
TICKET_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x33" * 32)

OPERATOR: Final = Principal(
    kind=PrincipalKind.PERSON,
    person_id=PersonId(_ids()),
    party_id=AGENCY,
    session_id=SessionId(_ids()),
    name="Olga",
    roles=frozenset({Role.OPERATOR}),
    stepped_up_at=NOON,
)


def person(party_id: PartyId, *roles: Role, name: str = "Sam") -> Principal:
    return replace(
        OPERATOR,
        person_id=PersonId(_ids()),
        session_id=SessionId(_ids()),
        party_id=party_id,
        name=name,
        roles=frozenset(roles),
    )


SUPERVISOR: Final = person(AGENCY, Role.SUPERVISOR)
SECOND_SUPERVISOR: Final = person(AGENCY, Role.SUPERVISOR)
ADMIN: Final = person(AGENCY, Role.AGENCY_ADMIN)
RIVAL_OPERATOR: Final = person(RIVAL, Role.OPERATOR)
RIVAL_SUPERVISOR: Final = person(RIVAL, Role.SUPERVISOR, Role.AGENCY_ADMIN)
OWNER: Final = person(HOUSE, Role.OWNER, name="Hanna")
NEIGHBOUR: Final = person(SHOP, Role.OWNER, name="Nils")


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def grant_terms(**changes: Any) -> GrantTerms:
    terms = GrantTerms(
        id=GRANT,
        version=1,
        agencies=frozenset({AGENCY}),
        kind=Kind.ALWAYS,
        uses=frozenset({Use.LIVE, Use.PLAYBACK}),
        purposes=frozenset({Purpose.LIFE_SAFETY, Purpose.FIRE_RESCUE}),
        not_before=NOON - HOUR,
        not_after=NOON + 30 * DAY,
        max_session_s=1800,
    )
    return replace(terms, **changes)


_TYPES: Final = {
    "GrantTerms": StatementType.GRANT,
    "Revocation": StatementType.REVOKE,
    "PauseNow": StatementType.PAUSE,
    "Resumption": StatementType.RESUME,
    "Sharing": StatementType.SHARE_NOW,
    "AnswerTerms": StatementType.ANSWER,
    "PreviewNow": StatementType.PREVIEW,
    "Masks": StatementType.MASKS,
    "Delegation": StatementType.DELEGATE,
    "Rotation": StatementType.ROTATE,
}


def sealed(
    body: Body,
    *,
    seq: int = 1,
    prev: str = FIRST,
    camera_id: CameraId = CAMERA,
    at: datetime = NOON,
    key: Ed25519PrivateKey = KEY,
) -> Envelope:
    statement = Statement(
        type=_TYPES[type(body).__name__],
        hub=ORIGIN,
        camera_id=camera_id,
        seq=seq,
        prev=prev,
        issued_at=at,
        body=body,
    )
    return seal(statement, key)


def draft(**changes: Any) -> AskDraft:
    asked = AskDraft(
        camera_ids=[CAMERA],
        use=Use.LIVE,
        purpose=Purpose.LIFE_SAFETY,
        reason="Smoke seen over the roof.",
        incident_id=INCIDENT,
    )
    return replace(asked, **changes)


@dataclass
class FakeCameras:
    """Implements `ports.CameraFactsSource`."""

    held: dict[CameraId, CameraFacts] = field(default_factory=dict)
    edgeless: set[CameraId] = field(default_factory=set)

    def for_camera(self, camera_id: CameraId) -> CameraFacts | None:
        return self.held.get(camera_id)

    def edge_of(self, camera_id: CameraId) -> EdgeFacts | None:
        known = camera_id in self.held and camera_id not in self.edgeless
        return EdgeFacts(id=EDGE, key="44" * 32, built_in=False) if known else None


@dataclass
class FakeIncidents:
    """Implements `ports.IncidentFactsSource`."""

    held: dict[tuple[IncidentId, PartyId], IncidentFacts] = field(default_factory=dict)

    def for_incident(self, incident_id: IncidentId, party_id: PartyId) -> IncidentFacts | None:
        return self.held.get((incident_id, party_id))


@dataclass
class FakePeople:
    """Implements `ports.People`."""

    suspended: set[PersonId] = field(default_factory=set)

    def standing(self, person_id: PersonId, party_id: PartyId) -> Standing:
        return Standing(roles=frozenset(), suspended=person_id in self.suspended)

    def names(self, ids: Iterable[str]) -> Mapping[str, str]:
        known = {AGENCY: "Fire Halden", RIVAL: "Police Halden", HOUSE: "Hanna", SHOP: "Nils"}
        return {each: known[PartyId(each)] for each in ids if each in known}


@dataclass
class FakeProofs:
    """Implements `ports.Proofs` over entries in memory; `late` plays a log that does not answer."""

    entries: MemoryEntries
    late: bool = False

    async def wait(self, entry_id: EntryId) -> Proven:
        if self.late:
            raise UnavailableError("The log did not answer in time.", slug="log_late")
        return Proven(position=0, size=1, inclusion=(), checkpoint="note\n1\nroot\n")

    async def sealed(self, entry_id: EntryId, party_id: PartyId) -> tuple[bytes, bytes]:
        entry = next(each for each in self.entries.held if each.id == entry_id)
        return encode_entry(entry), bytes(32)

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        return ()


def a_camera(camera_id: CameraId = CAMERA, **changes: Any) -> CameraFacts:
    return replace(CameraFacts(id=camera_id, owner_id=HOUSE, place=PLACE, private=True), **changes)


def an_incident(**changes: Any) -> IncidentFacts:
    fire = IncidentFacts(
        id=INCIDENT,
        type=IncidentType.FIRE,
        place=PLACE,
        opened_at=NOON - HOUR,
        shaped_at=NOON - HOUR,
    )
    return replace(fire, **changes)


class World:
    """One hub over a real database, with whoever a test says is signed in."""

    def __init__(self, database: Database, clock: VirtualClock, hub: Hub = HUB) -> None:
        self.database = database
        self.clock = clock
        self.hub = hub
        self.entries = MemoryEntries()
        self.cameras = FakeCameras({each: a_camera(each) for each in CAMERAS})
        self.incidents = FakeIncidents({(INCIDENT, AGENCY): an_incident()})
        self.people = FakePeople()
        self.proofs = FakeProofs(self.entries)
        self.ids = CountingIds()
        self.entry_ids = CountingIds(10_000)
        self.bytes = CountingBytes()
        self.consents = Work(database, self.make)

    def make(self, tx: Transaction) -> Consent:
        outside = Outside(
            cameras=self.cameras, incidents=self.incidents, people=self.people, hub=self.hub
        )
        journal = Journal(self.entries, self.clock, self.entry_ids, self.bytes)
        return Consent.over(sql_stores(tx), outside, journal, self.clock, self.ids)

    def pin(self, party_id: PartyId = HOUSE, key: Ed25519PrivateKey = KEY) -> None:
        pinned = OwnerKey(party_id=party_id, key=public(key), pinned_at=NOON)
        self.database.write_now(lambda tx: sql_stores(tx).keys.pin(pinned))

    def base(self, cameras: Sequence[CameraId] = (CAMERA,)) -> None:
        basis = BasisDraft(
            camera_ids=cameras,
            purposes=frozenset(Purpose),
            basis="Fire Service Act, section 4",
            necessity="No other view of the roof.",
        )
        self.consents.write_now(lambda c: c.safeguards.record_basis(ADMIN, basis))

    def ready(self, **changes: Any) -> Envelope:
        """A pinned key, a lawful basis and one sealed grant."""
        self.pin()
        self.base()
        envelope = sealed(grant_terms(**changes))
        self.put(envelope)
        return envelope

    def put(self, envelope: Envelope, who: Principal = OWNER, camera: CameraId = CAMERA) -> Any:
        return self.consents.write_now(lambda c: c.owner.put(who, camera, envelope))

    @property
    def last(self) -> Entry:
        return self.entries.held[-1]

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app_of(self), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://hub")


def app_of(world: World) -> FastAPI:
    app = FastAPI()
    problems.install(app)
    desk = Desk(world.proofs, TICKET_KEY)
    log_key = str(verifier("hub.example", TICKET_KEY))
    pinned = Pinned(hub=world.hub, ticket_key=public(TICKET_KEY), log_key=log_key)
    app.include_router(router(world.consents, desk, pinned, world.clock))
    app.state.gate = FakeGate(world.database, world.clock)
    return app


_PEOPLE: Final = {
    str(one.person_id): one
    for one in (
        *(OPERATOR, SUPERVISOR, SECOND_SUPERVISOR, ADMIN, RIVAL_OPERATOR, RIVAL_SUPERVISOR),
        *(OWNER, NEIGHBOUR),
    )
}


@dataclass
class FakeGate:
    """Implements `guard.Gate`; whoever the header names is signed in."""

    database: Database
    clock: VirtualClock

    async def authenticate(self, request: Request) -> Principal:
        return _PEOPLE.get(request.headers.get("x-test-person", ""), ANYONE)


def as_(who: Principal) -> dict[str, str]:
    return {"x-test-person": who.id}
