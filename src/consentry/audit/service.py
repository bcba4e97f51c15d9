"""Write into the log. Only inside the transaction of the act itself."""

from collections.abc import Mapping

from consentry.kernel.canonical import Json
from consentry.kernel.clock import Clock
from consentry.kernel.ids import EntryId, IdSource, Randomness

from .merkle import SALT_BYTES
from .model import Actor, Entry, LoggedAct, Subject
from .ports import Entries


class Journal:
    """What every feature holds to record its acts; made anew in each unit of work."""

    def __init__(
        self, entries: Entries, clock: Clock, ids: IdSource, randomness: Randomness
    ) -> None:
        self._entries = entries
        self._clock = clock
        self._ids = ids
        self._randomness = randomness

    def record(  # noqa: PLR0913 the parts of an entry
        self,
        act: LoggedAct,
        actor: Actor,
        on: Subject,
        *,
        decision: str = "",
        reference: str = "",
        purpose: str = "",
        reason: str = "",
        changes: Mapping[str, str] | None = None,
        ticket: Mapping[str, Json] | None = None,
    ) -> EntryId:
        """Add one entry to the transaction that is open. It counts once that commits."""
        entry = Entry(
            id=EntryId(self._ids()),
            at=self._clock.now(),
            act=act,
            actor=actor,
            on=on,
            decision=decision,
            reference=reference,
            purpose=purpose,
            reason=reason,
            changes=changes or {},
            ticket=ticket or {},
        )
        self._entries.add(entry, self._randomness(SALT_BYTES))
        return entry.id
