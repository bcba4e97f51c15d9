"""A small hub for route tests: the registry's own routes, and whoever a test says is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import httpx
from fastapi import APIRouter, FastAPI, Request

from consentry.audit import Entry, Journal
from consentry.cameras.intake import Intake, Means
from consentry.cameras.service import Registry
from consentry.cameras.store import SqlCameras, SqlImports, SqlParties
from consentry.infra.db import Database, Transaction, Work
from consentry.infra.jobs import SqlJobs
from consentry.infra.web import problems
from consentry.kernel.access import ANYONE, Principal, PrincipalKind, Role
from consentry.kernel.ids import IdSource, PersonId
from tests.kit import NOON
from tests.kit.chance import CountingBytes, CountingIds, VirtualClock
from tests.kit.journal import MemoryEntries

from .a_camera import AGENCY, SHOP, STRANGER

ADMIN: Final = Principal(
    kind=PrincipalKind.PERSON,
    person_id=PersonId("admin"),
    party_id=AGENCY,
    name="Ada",
    roles=frozenset({Role.AGENCY_ADMIN}),
    stepped_up_at=NOON,
)
OWNER: Final = replace(
    ADMIN, person_id=PersonId("owner"), party_id=SHOP, roles=frozenset({Role.OWNER})
)
OTHER: Final = replace(OWNER, person_id=PersonId("other"), party_id=STRANGER)
OPERATOR: Final = replace(ADMIN, person_id=PersonId("operator"), roles=frozenset({Role.OPERATOR}))
PEOPLE: Final = {one.id: one for one in (ADMIN, OWNER, OTHER, OPERATOR)}


@dataclass
class FakeGate:
    """Implements `guard.Gate`; whoever the header names is signed in."""

    database: Database
    clock: VirtualClock
    people: dict[str, Principal]

    async def authenticate(self, request: Request) -> Principal:
        return self.people.get(request.headers.get("x-test-person", ""), ANYONE)


class Hub:
    """What route tests share. `entries` holds what the journal was told."""

    def __init__(self, database: Database, clock: VirtualClock) -> None:
        self.database = database
        self.clock = clock
        self.entries = MemoryEntries()
        self.ids: IdSource = CountingIds()
        self.people = dict(PEOPLE)
        self.registry = Work(database, self.make_registry)

    def journal(self) -> Journal:
        return Journal(self.entries, self.clock, CountingIds(10_000), CountingBytes())

    def make_registry(self, tx: Transaction) -> Registry:
        return Registry(SqlCameras(tx), SqlParties(tx), self.journal(), self.clock, self.ids)

    def make_intake(self, tx: Transaction) -> Intake:
        return Intake(
            SqlImports(tx),
            SqlCameras(tx),
            SqlParties(tx),
            SqlJobs(tx),
            self.journal(),
            Means(self.clock, self.ids),
        )

    def client(self, routers: Sequence[APIRouter]) -> httpx.AsyncClient:
        app = FastAPI()
        problems.install(app)
        for router in routers:
            app.include_router(router)
        app.state.gate = FakeGate(self.database, self.clock, self.people)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://hub")

    @property
    def last(self) -> Entry:
        return self.entries.held[-1]


def as_(who: Principal) -> dict[str, str]:
    return {"x-test-person": who.id}
