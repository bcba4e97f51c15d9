"""Imports as their owner and their job see them. Each method is one unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.infra.jobs import NewJob
from consentry.kernel.access import Principal
from consentry.kernel.clock import Clock
from consentry.kernel.errors import ConflictError, ExhaustedError, Fault, InvalidError
from consentry.kernel.ids import IdSource

from . import landing as landing_, rules
from .imports import (
    FAULTS_KEPT_MAX,
    OPEN,
    OPEN_IMPORTS_MAX,
    UNDOABLE,
    Counts,
    Import,
    ImportState,
    Options,
)
from .landing import Landing
from .model import Camera, State
from .ports import Cameras, Imports, Match, Parties, Queue
from .records import Batch, RowFault
from .spool import Spooled

IMPORT_QUEUE = "camera_import"
UNDO_QUEUE = "camera_undo"
UNDO_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Means:
    clock: Clock
    ids: IdSource


class Intake:
    """Made anew in each unit of work."""

    def __init__(
        self,
        imports: Imports,
        cameras: Cameras,
        parties: Parties,
        queue: Queue,
        journal: Journal,
        means: Means,
    ) -> None:
        self._imports = imports
        self._cameras = cameras
        self._parties = parties
        self._queue = queue
        self._journal = journal
        self._clock = means.clock
        self._ids = means.ids

    def check_room(self, who: Principal, options: Options) -> None:
        """Before an upload is taken in at all."""
        fault = rules.text_fault("source", options.source, rules.SOURCE_LENGTH_MAX, required=True)
        if fault is not None:
            raise InvalidError(fault)
        if self._imports.open_count(who.party) >= OPEN_IMPORTS_MAX:
            message = f"{OPEN_IMPORTS_MAX} imports are under way. Wait for one, or cancel it."
            raise ExhaustedError(message, retry_after_s=60)

    def begin(self, who: Principal, spooled: Spooled, options: Options) -> Import:
        """The upload is on the disk: queue it, and say so in the log."""
        self.check_room(who, options)
        now = self._clock.now()
        told = {"import_id": spooled.id}
        job = NewJob(queue=IMPORT_QUEUE, run_at=now, payload=told, key=f"import:{spooled.id}")
        one = Import(
            id=spooled.id,
            party_id=who.party,
            actor=Actor.of(who),
            options=options,
            state=ImportState.WAITING,
            job_id=self._queue.add(job, self._ids),
            bytes=spooled.bytes,
            sha256=spooled.sha256,
            created_at=now,
        )
        self._imports.add(one)
        self._record(one, "begun", {"file": spooled.sha256})
        return one

    def get(self, who: Principal, import_id: str) -> Import:
        return self._imports.get(import_id, who.party)

    def list_own(self, who: Principal, before: str | None, limit: int) -> Sequence[Import]:
        return self._imports.list_of(who.party, before, limit)

    def faults(
        self, who: Principal, import_id: str, after: int, limit: int
    ) -> Sequence[tuple[int, RowFault]]:
        return self._imports.faults_of(self.get(who, import_id).id, after, limit)

    def cancel(self, who: Principal, import_id: str) -> Import:
        """Stop where it is. What has landed stays, and can be undone."""
        one = self._mine(who, import_id)
        if one.state not in {ImportState.WAITING, ImportState.RUNNING}:
            raise ConflictError("This import has ended already.", slug="import_ended")
        self._queue.cancel(one.job_id, self._clock.now())
        return self._end(replace(one, actor=Actor.of(who)), ImportState.CANCELLED, keep=one)

    def undo(self, who: Principal, import_id: str) -> Import:
        """Take out again what it added, except what other owners have confirmed since."""
        one = self._mine(who, import_id)
        if one.state not in UNDOABLE or one.options.dry_run:
            raise ConflictError("There is nothing of this import to undo.", slug="not_undoable")
        now = self._clock.now()
        told = {"import_id": one.id}
        job = NewJob(queue=UNDO_QUEUE, run_at=now, payload=told, key=f"undo:{one.id}")
        undoing = replace(
            one, state=ImportState.UNDOING, job_id=self._queue.add(job, self._ids), finished_at=None
        )
        self._imports.save(undoing)
        self._record(replace(one, actor=Actor.of(who)), "undo begun")
        return undoing

    def started(self, import_id: str, rows_total: int, notes: Mapping[str, Any]) -> Import:
        """Its job has looked through the whole file and found that it can be read."""
        one = replace(
            self._imports.locked(import_id),
            state=ImportState.RUNNING,
            rows_total=rows_total,
            notes=notes,
        )
        self._imports.save(one)
        return one

    def expected(self, one: Import) -> tuple[float, float] | None:
        """Where its rows should lie: with the party's other cameras, or else with one another."""
        place = self._cameras.first_place(one.party_id)
        if place is not None:
            return place.lat, place.lon
        middle = one.notes.get("middle")
        return None if middle is None else (middle[0], middle[1])

    def job_of(self, import_id: str) -> Import:
        return self._imports.locked(import_id)

    def land(self, import_id: str, batch: Batch) -> Import:
        """Write one batch with its faults, its count and its log entry, or none of it."""
        one = self._imports.locked(import_id)
        landing = landing_.sort(one, batch, self._known(one, batch), self._clock.now())
        written = [] if one.options.dry_run else self._write(one, landing)
        room = max(0, FAULTS_KEPT_MAX - one.counts.faults)
        self._imports.add_faults(one.id, one.counts.faults + 1, landing.faults[:room])
        after = replace(one, counts=_counted(one, batch, landing))
        self._imports.save(after)
        if written:
            told = f"rows up to {batch.upto}"
            self._record(one, told, {"cameras": _digest(written)})
            self._cameras.announce([c.id for c in written if c.state is State.CONFIRMED])
        return after

    def finish(self, import_id: str) -> Import:
        return self._end(self._imports.locked(import_id), ImportState.DONE)

    def fail(self, import_id: str, fault: Fault) -> Import:
        """The file as a whole cannot be read. What has landed stays, and can be undone."""
        one = self._imports.locked(import_id)
        if one.state not in OPEN:
            return one
        return self._end(replace(one, error=fault), ImportState.FAILED)

    def undo_page(self, import_id: str, after: str | None) -> str | None:
        """Remove some of what it added; where to go on, or None when all is done."""
        one = self._imports.locked(import_id)
        found = self._cameras.added_by(one.id, after, UNDO_AT_ONCE)
        gone = [c for c in found if c.party_id == one.party_id or c.state is State.DRAFT]
        self._cameras.remove([c.id for c in gone], self._clock.now(), keep_reference=False)
        one = replace(one, removed=one.removed + len(gone))
        self._imports.save(one)
        if gone:
            self._record(one, "undone", {"cameras": _digest(gone)})
        if len(found) < UNDO_AT_ONCE:
            one = replace(one, state=ImportState.UNDONE, finished_at=self._clock.now())
            self._imports.save(one)
        self._cameras.announce([c.id for c in gone if c.state is State.CONFIRMED])
        return found[-1].id if len(found) == UNDO_AT_ONCE else None

    def _mine(self, who: Principal, import_id: str) -> Import:
        return self._imports.locked(self._imports.get(import_id, who.party).id)

    def _end(self, one: Import, state: ImportState, keep: Import | None = None) -> Import:
        ended = replace(one, state=state, finished_at=self._clock.now())
        self._record(ended, state.value)
        if keep is not None:
            ended = replace(ended, actor=keep.actor)
        self._imports.save(ended)
        return ended

    def _known(self, one: Import, batch: Batch) -> landing_.Known:
        records = batch.records
        by_id: Mapping[str, Match] = {}
        named = {record.camera_id for record in records if record.camera_id}
        if named:
            by_id = self._cameras.by_id(one.party_id, named)
        references = {record.reference for record in records}
        return landing_.Known(
            owners=self._parties.named({record.owner for record in records if record.owner}),
            by_id=by_id,
            by_reference=self._cameras.by_reference(one.party_id, one.options.source, references),
        )

    def _write(self, one: Import, landing: Landing) -> list[Camera]:
        news = landing.new
        ids = [self._ids() for _ in news]
        number = self._cameras.numbers(len(news)) if news else 0
        made = landing_.made(one, news, ids, number, self._clock.now())
        self._cameras.add(made, landing_.touches(one, [record for record, _ in news]))
        changed = [camera for _, camera in landing.changed]
        touches = landing_.touches(one, [record for record, _ in landing.changed])
        self._cameras.change(changed, touches)
        return made + changed

    def _record(self, one: Import, decision: str, changes: Mapping[str, str] | None = None) -> None:
        counts = one.counts
        title = (
            f"{counts.rows_read} rows: {counts.added} added, {counts.proposed} proposed, "
            f"{counts.updated} updated, {counts.rejected} rejected"
        )
        whole = Subject(kind="camera_import", id=one.id, title=title)
        act = LoggedAct.CAMERAS_IMPORTED
        self._journal.record(act, one.actor, whole, decision=decision, changes=changes)


def _counted(one: Import, batch: Batch, landing: Landing) -> Counts:
    before = one.counts
    own = sum(owner_id == one.party_id for _, owner_id in landing.new)
    return Counts(
        rows_read=before.rows_read + batch.rows,
        added=before.added + own,
        proposed=before.proposed + len(landing.new) - own,
        updated=before.updated + len(landing.changed),
        unchanged=before.unchanged + landing.unchanged,
        rejected=before.rejected + landing.rejected,
        faults=before.faults + len(landing.faults),
    )


def _digest(cameras: Sequence[Camera]) -> str:
    """One hash for all that a batch wrote, or took out."""
    whole = sha256()
    for camera in sorted(cameras, key=lambda one: one.id):
        whole.update(f"{camera.id} {camera.party_id} {camera.details!r}\n".encode())
    return whole.hexdigest()
