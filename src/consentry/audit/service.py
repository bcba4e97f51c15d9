"""Write into the log, read in it, and take out of it what the law wants gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from consentry.kernel.access import Principal
from consentry.kernel.canonical import Json
from consentry.kernel.clock import Clock, to_text
from consentry.kernel.errors import ConflictError, DeniedError, NotFoundError
from consentry.kernel.ids import EntryId, IdSource, Randomness

from .body import decode
from .merkle import SALT_BYTES, public_leaf
from .model import ACCESSES, Actor, Entry, LoggedAct, Subject
from .ports import Entries, Erasure, Erasures, Filter, Kept, Place, Searched, Shelf

LOG: Final = Subject(kind="log", id="log", title="The log")
ENTRY_KIND: Final = "entry"
RETENTION_MIN: Final = timedelta(days=6 * 365 + 2)
REQUEST_LASTS: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long every entry is kept whatever anyone asks. Shorter than six years only in a demo."""

    span: timedelta = RETENTION_MIN
    demo: bool = False

    def __post_init__(self) -> None:
        if self.span < RETENTION_MIN and not self.demo:
            raise ValueError("entries are kept for at least six years")


class Journal:
    """What every feature holds to record its acts, in the transaction of the act itself."""

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


class Auditing:
    """An auditor's look into the log of their own party. Made anew in each unit of work."""

    def __init__(
        self,
        shelf: Shelf,
        erasures: Erasures,
        journal: Journal,
        clock: Clock,
        retention: Retention,
    ) -> None:
        self._shelf = shelf
        self._erasures = erasures
        self._journal = journal
        self._clock = clock
        self._retention = retention

    def search(self, who: Principal, wanted: Filter, before: Place | None, limit: int) -> Searched:
        """A page of entries, newest first. Looking is an act of its own, with its terms."""
        self._record(who, LOG, reason=_terms(wanted))
        return self._shelf.search(who.party, wanted, before, limit)

    def open(self, who: Principal, entry_id: EntryId) -> Kept:
        kept = self._one(who, entry_id)
        self._record(who, Subject(kind=ENTRY_KIND, id=entry_id), reason="opened with its proof")
        return kept

    def export(self, who: Principal, size: int) -> None:
        """Leave the entry for a bundle that is about to be made."""
        self._record(who, LOG, reason=f"exported as a bundle of {size} positions")

    def between(self, who: Principal, start: int, end: int) -> Sequence[Kept]:
        return self._shelf.between(who.party, start, end)

    def held(self, who: Principal, entry_id: EntryId) -> Kept:
        """For the holder of what was acted on: their own receipt, and nobody's business else."""
        kept = self._one(who, entry_id)
        entry = decode(kept.body)
        if entry.on.party != who.party or entry.act in ACCESSES:
            raise NotFoundError
        return kept

    def ask_erasure(self, who: Principal, entry_id: EntryId, basis: str) -> None:
        """The first of two persons. Nothing is erased yet."""
        self._erasable(who, entry_id)
        now = self._clock.now()
        self._erasures.ask(Erasure(entry_id, who.party, basis, who.id, now))
        self._journal.record(
            LoggedAct.ENTRY_ERASED,
            Actor.of(who),
            Subject(kind=ENTRY_KIND, id=entry_id),
            decision="requested",
            reason=basis,
        )

    def confirm_erasure(self, who: Principal, entry_id: EntryId) -> int:
        """The second person: writes the entry that stands for the gap, then deletes the body."""
        kept, entry = self._erasable(who, entry_id)
        asked = self._erasures.asked(who.party, entry_id)
        if asked is None or self._clock.now() - asked.requested_at > REQUEST_LASTS:
            raise ConflictError("Nobody has asked for this erasure in the last 14 days.")
        if asked.requested_by == who.id:
            raise DeniedError("A second person must confirm, not the one who asked.")
        if kept.position is None:
            raise ConflictError("This entry has no place in the log yet. Try again.")
        self._journal.record(
            LoggedAct.ENTRY_ERASED,
            Actor.of(who),
            Subject(kind=ENTRY_KIND, id=entry.id, party=entry.on.party),
            decision="erased",
            reason=asked.basis,
            ticket={
                "position": kept.position,
                "leaf": public_leaf(kept.salt, kept.body).hex(),
                "requested_by": asked.requested_by,
                "confirmed_by": who.id,
            },
        )
        self._shelf.remove(kept.n)
        self._erasures.settle(entry_id)
        return kept.position

    def _erasable(self, who: Principal, entry_id: EntryId) -> tuple[Kept, Entry]:
        kept = self._one(who, entry_id)
        entry = decode(kept.body)
        if entry.actor.agency not in ("", who.party):
            raise DeniedError("Only the party that acted can have its entry erased.")
        if entry.act is LoggedAct.ENTRY_ERASED:
            raise ConflictError("An erasure stays: without it the gap could not be explained.")
        if self._clock.now() - entry.at < self._retention.span:
            years = f"{self._retention.span.days / 365.25:.1f}"
            raise ConflictError(f"Entries are kept for {years} years.", slug="retained")
        return kept, entry

    def _one(self, who: Principal, entry_id: EntryId) -> Kept:
        kept = self._shelf.one(who.party, entry_id)
        if kept is None:
            raise NotFoundError
        return kept

    def _record(self, who: Principal, on: Subject, *, reason: str) -> None:
        self._journal.record(LoggedAct.LOG_SEARCHED, Actor.of(who), on, reason=reason)


def _terms(wanted: Filter) -> str:
    terms = {
        "act": wanted.act.value if wanted.act else "",
        "actor": wanted.actor_id,
        "subject kind": wanted.subject_kind,
        "subject": wanted.subject_id,
        "reference": wanted.reference,
        "since": to_text(wanted.since) if wanted.since else "",
        "until": to_text(wanted.until) if wanted.until else "",
    }
    return "; ".join(f"{name} {term}" for name, term in terms.items() if term) or "everything"
