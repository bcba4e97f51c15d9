"""The log as consent needs it: the proof of one entry, for a party that may read that entry."""

from collections.abc import Sequence

from consentry.audit import Proven
from consentry.audit.log import Log
from consentry.audit.store import SqlShelf
from consentry.infra.db import Database
from consentry.kernel.errors import NotFoundError
from consentry.kernel.ids import EntryId, PartyId


class LogProofs:
    """Implements consent's `Proofs`."""

    def __init__(self, log: Log, database: Database) -> None:
        self._log = log
        self._database = database

    async def wait(self, entry_id: EntryId) -> Proven:
        return await self._log.wait(entry_id)

    async def sealed(self, entry_id: EntryId, party_id: PartyId) -> tuple[bytes, bytes]:
        kept = await self._database.read(lambda tx: SqlShelf(tx).one(party_id, entry_id))
        if kept is None:
            raise NotFoundError("There is no such entry among yours.")
        return kept.body, kept.salt

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        return self._log.consistency(old, new)
