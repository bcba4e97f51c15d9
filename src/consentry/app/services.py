"""Which store serves which port: every service, made anew inside each unit of work."""

from collections.abc import Callable
from dataclasses import dataclass, field

from consentry.audit import Journal
from consentry.audit.store import SqlEntries
from consentry.cameras import Registry
from consentry.cameras.store import SqlCameras, SqlParties
from consentry.consent.store import SqlOwnerKeys
from consentry.identity import Identity, Means
from consentry.identity.store import sql_stores as identity_stores
from consentry.incidents import IncidentClosed, IncidentDesk
from consentry.incidents.store import SqlColleagues, SqlIncidents
from consentry.infra.db import Database, Transaction, Work
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
    registry: Work[Registry]
    incidents: Work[IncidentDesk]


class Wiring:
    """Builds the services over one database. `committed` is called after each logged commit."""

    def __init__(
        self,
        database: Database,
        chance: Chance,
        means: Means,
        committed: Callable[[int], None] = nobody_to_tell,
    ) -> None:
        self._database = database
        self._chance = chance
        self._means = means
        self._committed = committed
        self.on_cameras_changed: Callable[[], None] = nobody_to_tell
        """Called after each commit that may have changed who sees which camera."""

    def services(self) -> Services:
        return Services(
            identity=Work(self._database, self._identity),
            registry=Work(self._database, self._registry),
            incidents=Work(self._database, self._incidents),
        )

    def _journal(self, tx: Transaction) -> Journal:
        entries = SqlEntries(tx, self._committed)
        return Journal(entries, self._chance.clock, self._chance.ids, self._chance.randomness)

    def _identity(self, tx: Transaction) -> Identity:
        return Identity(identity_stores(tx), self._journal(tx), self._means, SqlOwnerKeys(tx))

    def _registry(self, tx: Transaction) -> Registry:
        journal = self._journal(tx)
        tx.on_commit(self._tell_of_cameras)
        clock, ids = self._chance.clock, self._chance.ids
        return Registry(SqlCameras(tx), SqlParties(tx), journal, clock, ids)

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
