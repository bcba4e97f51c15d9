"""Which store serves which port: every service, made anew inside each unit of work."""

from collections.abc import Callable
from dataclasses import dataclass, field

from consentry.audit import Auditing, Journal, Retention
from consentry.audit.store import SqlEntries, SqlErasures, SqlShelf
from consentry.cameras import Registry
from consentry.cameras.intake import Intake, Means as IntakeMeans
from consentry.cameras.searching import Searches
from consentry.cameras.store import SqlCameraFacts, SqlCameras, SqlImports, SqlParties
from consentry.consent import Hub, Outside
from consentry.consent.service import Consent
from consentry.consent.store import SqlOwnerKeys, sql_stores as consent_stores
from consentry.identity import Directory, Identity, Means
from consentry.identity.store import sql_stores as identity_stores
from consentry.incidents import IncidentClosed, IncidentDesk
from consentry.incidents.store import SqlColleagues, SqlIncidentFacts, SqlIncidents
from consentry.infra.db import Database, Transaction, Work
from consentry.infra.jobs import SqlJobs
from consentry.infra.system import SystemClock, fresh_id, randomness
from consentry.kernel.clock import Clock
from consentry.kernel.ids import IdSource, Randomness


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Time, identity and chance: the real ones, or those of a simulation."""

    clock: Clock = field(default_factory=SystemClock)
    ids: IdSource = fresh_id
    randomness: Randomness = randomness


def nobody_to_tell(*_: object) -> None:
    """For a database whose log and index nobody keeps in this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    identity: Work[Identity]
    consent: Work[Consent]
    registry: Work[Registry]
    intake: Work[Intake]
    searches: Work[Searches]
    incidents: Work[IncidentDesk]
    auditing: Work[Auditing]


class Wiring:
    """Builds the services over one database. `committed` is called after each logged commit."""

    def __init__(
        self,
        database: Database,
        chance: Chance,
        means: Means,
        hub: Hub,
        *,
        retention: Retention | None = None,
        committed: Callable[[int], None] = nobody_to_tell,
    ) -> None:
        self._database = database
        self._chance = chance
        self._means = means
        self._hub = hub
        self._retention = retention or Retention()
        self._committed = committed
        self.on_cameras_changed: Callable[[], None] = nobody_to_tell
        """Called after each commit that may have changed who sees which camera."""

    def services(self) -> Services:
        return Services(
            identity=Work(self._database, self._identity),
            consent=Work(self._database, self._consent),
            registry=Work(self._database, self._registry),
            intake=Work(self._database, self.intake),
            searches=Work(self._database, self._searches),
            incidents=Work(self._database, self._incidents),
            auditing=Work(self._database, self._auditing),
        )

    def _journal(self, tx: Transaction) -> Journal:
        entries = SqlEntries(tx, self._committed)
        return Journal(entries, self._chance.clock, self._chance.ids, self._chance.randomness)

    def _identity(self, tx: Transaction) -> Identity:
        return Identity(identity_stores(tx), self._journal(tx), self._means, SqlOwnerKeys(tx))

    def _consent(self, tx: Transaction) -> Consent:
        tx.on_commit(self._tell_of_cameras)
        clock, ids = self._chance.clock, self._chance.ids
        outside = Outside(
            cameras=SqlCameraFacts(tx, self._hub.built_in_edge),
            incidents=SqlIncidentFacts(tx),
            people=Directory(identity_stores(tx), clock),
            hub=self._hub,
        )
        return Consent.over(consent_stores(tx), outside, self._journal(tx), clock, ids)

    def _searches(self, tx: Transaction) -> Searches:
        return Searches(SqlIncidentFacts(tx), self._journal(tx))

    def _auditing(self, tx: Transaction) -> Auditing:
        journal, clock = self._journal(tx), self._chance.clock
        return Auditing(SqlShelf(tx), SqlErasures(tx), journal, clock, self._retention)

    def _registry(self, tx: Transaction) -> Registry:
        journal = self._journal(tx)
        tx.on_commit(self._tell_of_cameras)
        clock, ids = self._chance.clock, self._chance.ids
        return Registry(SqlCameras(tx), SqlParties(tx), journal, clock, ids)

    def intake(self, tx: Transaction) -> Intake:
        """Imports, as routes begin them and as their jobs carry them out."""
        tx.on_commit(self._tell_of_cameras)
        return Intake(
            SqlImports(tx),
            SqlCameras(tx),
            SqlParties(tx),
            SqlJobs(tx),
            self._journal(tx),
            IntakeMeans(self._chance.clock, self._chance.ids),
        )

    def _incidents(self, tx: Transaction) -> IncidentDesk:
        return IncidentDesk(
            SqlIncidents(tx),
            SqlColleagues(tx),
            self._closed,
            self._journal(tx),
            self._chance.clock,
            self._chance.ids,
        )

    def _tell_of_cameras(self) -> None:
        self.on_cameras_changed()

    def _closed(self, closed: IncidentClosed) -> None:
        """Views that an incident opened end with it; until video arrives there are none."""
