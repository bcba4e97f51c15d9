"""Entries and logs for the tests of this feature."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from consentry.audit import Actor, Entry, LoggedAct, Subject
from consentry.audit.log import Log
from consentry.audit.store import SqlEntries, SqlLedger
from consentry.audit.trust import Vault
from consentry.infra.db import Database
from consentry.kernel.clock import Clock
from consentry.kernel.ids import EntryId
from tests.kit import NOON
from tests.kit.chance import CountingBytes, CountingIds, VirtualClock

ORIGIN = "consentry.test/log"
AGENCY = "00000000-0000-7000-8000-00000000000a"
OTHER_AGENCY = "00000000-0000-7000-8000-00000000000b"
OWNER = "00000000-0000-7000-8000-00000000000c"
CAMERA = "00000000-0000-7000-8000-0000000000ca"

ids = CountingIds(1_000_000)
salts = CountingBytes()


def an_actor(**changes: Any) -> Actor:
    parts = {"kind": "person", "id": "mia", "role": "operator", "agency": AGENCY}
    return Actor(**parts | changes)


def a_subject(**changes: Any) -> Subject:
    return Subject(
        **{"kind": "camera", "id": CAMERA, "title": "Harbour 12", "party": OWNER} | changes
    )


def an_entry(**changes: Any) -> Entry:
    parts: dict[str, Any] = {
        "id": EntryId(ids()),
        "at": NOON,
        "act": LoggedAct.ASK_PERMITTED,
        "actor": an_actor(),
        "on": a_subject(),
        "decision": "permit",
        "reference": "I-7",
        "purpose": "fire_rescue",
        "reason": "smoke over the harbour",
    }
    return Entry(**parts | changes)


def write(database: Database, count: int = 1, **changes: Any) -> list[Entry]:
    """So many entries in one act."""
    entries = [an_entry(**changes) for _ in range(count)]
    pairs = [(entry, salts(32)) for entry in entries]
    database.write_now(lambda tx: SqlEntries(tx).add_all(pairs))
    return entries


def a_log(
    database: Database,
    folder: Path,
    *,
    clock: Clock | None = None,
    delay: timedelta = timedelta(0),
) -> Log:
    """Open, but without its thread: tests call `advance`."""
    vault = Vault.open(folder, ORIGIN)
    log = Log(database, SqlLedger, vault, clock or VirtualClock(), delay=delay)
    log.open()
    return log


def filled(database: Database, folder: Path, count: int) -> Log:
    log = a_log(database, folder)
    while count:
        step = min(count, 1000)
        write(database, step)
        log.advance()
        count -= step
    return log


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()
