"""A process that writes as fast as it can, and says which entries it was told are safe.

usage: python -m tests.audit.load FOLDER. Says `ready`, then a JSON line for each entry whose
proof has arrived. It is made to be killed at any moment.
"""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path

from consentry.audit import Journal, LoggedAct
from consentry.audit.log import Log
from consentry.audit.store import SqlEntries, SqlLedger
from consentry.audit.trust import Vault
from consentry.infra.db import Database, Transaction, metadata
from consentry.infra.system import SystemClock, fresh_id, randomness
from consentry.kernel.ids import EntryId

from .builders import ORIGIN, a_subject, an_actor

CALLERS = 16


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def write(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'consentry.db'}")
    metadata.create_all(database.engine)
    clock = SystemClock()
    vault = Vault.open(folder, ORIGIN)
    log = Log(database, SqlLedger, vault, clock, delay=timedelta(0))
    await log.start()
    if log.alarm:
        sys.exit(log.alarm)
    say("ready")

    def act(tx: Transaction) -> EntryId:
        journal = Journal(SqlEntries(tx, log.wake), clock, fresh_id, randomness)
        return journal.record(LoggedAct.ASK_PERMITTED, an_actor(), a_subject(), decision="permit")

    async def caller() -> None:
        while True:
            entry_id = await database.write(act)
            proven = await log.wait(entry_id, 30.0)
            told = {"id": entry_id, "position": proven.position, "note": proven.checkpoint}
            say(json.dumps(told))

    await asyncio.gather(*(caller() for _ in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))
