"""The log's routes over a real database, for whoever a test says is signed in."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx
from fastapi import FastAPI, Request

from consentry.audit import Auditing, Entry, Journal, Retention
from consentry.audit.log import Log
from consentry.audit.routes import router
from consentry.audit.store import SqlEntries, SqlErasures, SqlLedger, SqlShelf
from consentry.audit.trust import Vault
from consentry.infra.db import Database, Transaction, Work
from consentry.infra.web import problems
from consentry.kernel.access import ANYONE, Principal, PrincipalKind, Role
from consentry.kernel.ids import PartyId, PersonId
from tests.kit import NOON
from tests.kit.chance import CountingBytes, VirtualClock

from .builders import AGENCY, ORIGIN, OTHER_AGENCY, OWNER, ids, write

DEMO: Final = Retention(span=timedelta(0), demo=True)
AUDITOR: Final = Principal(
    kind=PrincipalKind.PERSON,
    person_id=PersonId("ann"),
    party_id=PartyId(AGENCY),
    roles=frozenset({Role.AUDITOR}),
    stepped_up_at=NOON,
)
SECOND: Final = replace(AUDITOR, person_id=PersonId("ben"))
STRANGER: Final = replace(AUDITOR, person_id=PersonId("cyd"), party_id=PartyId(OTHER_AGENCY))
HOLDER: Final = replace(
    AUDITOR, person_id=PersonId("dan"), party_id=PartyId(OWNER), roles=frozenset({Role.OWNER})
)
PEOPLE: Final = {one.id: one for one in (AUDITOR, SECOND, STRANGER, HOLDER)}


@dataclass
class FakeGate:
    """Implements `guard.Gate`; whoever the header names is signed in."""

    database: Database
    clock: VirtualClock

    async def authenticate(self, request: Request) -> Principal:
        return PEOPLE.get(request.headers.get("x-test-person", ""), ANYONE)


class Hub:
    def __init__(
        self, database: Database, folder: Path, *, retention: Retention = DEMO, delay_s: int = 0
    ) -> None:
        self.database = database
        self.clock = VirtualClock()
        self._retention = retention
        delay = timedelta(seconds=delay_s)
        self.log = Log(database, SqlLedger, Vault.open(folder, ORIGIN), self.clock, delay=delay)
        self.log.open()
        self.auditing = Work(database, self._auditing)

    def _auditing(self, tx: Transaction) -> Auditing:
        journal = Journal(SqlEntries(tx), self.clock, ids, CountingBytes())
        return Auditing(SqlShelf(tx), SqlErasures(tx), journal, self.clock, self._retention)

    def written(self, count: int = 1, **changes: object) -> list[Entry]:
        entries = write(self.database, count, **changes)
        self.log.advance()
        return entries

    def client(self, who: Principal = ANYONE) -> httpx.AsyncClient:
        app = FastAPI()
        problems.install(app)
        app.include_router(router(self.auditing, self.log))
        app.state.gate = FakeGate(self.database, self.clock)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"x-test-person": who.id}
        return httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers)
