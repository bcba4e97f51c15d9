"""The log as the running hub holds it: it grows, releases checkpoints, proves and waits.

A checkpoint leaves only after COMMIT and once `trust.json` holds it, both durably. Entries in one
process wake the sequencer; those of another are found by polling.
"""

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from consentry.kernel.clock import Clock
from consentry.kernel.errors import ConsentryError, InvalidError, NotFoundError, UnavailableError
from consentry.kernel.ids import EntryId

from .layout import TilePath, bundle
from .merkle import HASH_BYTES, TILE_WIDTH, Frontier, Nodes, Tree, expand, extends, width_of
from .notes import Note, opened, witnesses
from .policy import Policy
from .ports import Ledger
from .publication import Publication
from .receipts import Proven
from .sequencer import BATCH_MAX, Advance, AlteredError, Sequencer, stored_tree
from .trust import Vault
from .waiting import Waiting

if TYPE_CHECKING:  # the verifier imports this package where no database library is
    from consentry.infra.db import Database, Transaction

PAUSE_S: Final = 0.020
GATHERED: Final = 32
IDLE_POLL_S: Final = 1.0
RETRY_S: Final = 1.0
WAIT_S: Final = 2.0
DELAY: Final = timedelta(minutes=15)
TILES_CACHED_MAX: Final = 512

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Released:
    note: str
    frontier: Frontier
    tree: Tree


class Log:
    """One for each process that writes. `start` before use, `stop` at the end."""

    def __init__(
        self,
        database: "Database",
        ledger: "Callable[[Transaction], Ledger]",
        vault: Vault,
        clock: Clock,
        *,
        delay: timedelta = DELAY,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._vault = vault
        self._verifier = vault.trust.policy.log
        self._sequencer = Sequencer(database, ledger, self._verifier.name, vault.key)
        self._publication = Publication(vault.trust.public, clock, delay)
        self._waiting = Waiting()
        self._cache: OrderedDict[tuple[int, int, int], Nodes] = OrderedDict()
        self._fresh: dict[tuple[int, int], bytes] = {}
        self._lock = threading.Lock()
        self._trust_lock = threading.Lock()
        self._woken = threading.Event()
        self._gathered = threading.Event()
        self._pending = 0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._released: _Released | None = None
        self.alarm = ""
        """Why the log is read-only; empty while all is well."""

    async def start(self) -> None:
        await asyncio.to_thread(self.open)
        if not self.alarm:
            self._thread = threading.Thread(target=self._serve, name="audit-log", daemon=True)
            self._thread.start()

    async def stop(self) -> None:
        """Places what is still pending, then ends."""
        self._stopped.set()
        self._gathered.set()
        self._woken.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def open(self) -> None:
        """Compare the stored head with `trust.json`; if it lies behind or beside: alarm."""
        try:
            self._check_head()
            self.advance()
        except (AlteredError, ValueError) as error:
            self._sound(str(error))

    def wake(self, count: int = 1) -> None:
        """Tell the sequencer that entries were committed. For any thread; returns at once."""
        self._pending += count  # a guess is enough: a lost count costs one pause
        if self._pending >= GATHERED:
            self._gathered.set()
        self._woken.set()

    def advance(self) -> int:
        """One step: place, commit, keep, release. Returns how many entries it placed."""
        step = self._sequencer.step()
        if self._released is None or step.head.size > self._released.frontier.size:
            self._release(step)
        self._publish()
        return len(step.placed)

    async def wait(self, entry_id: EntryId, timeout_s: float = WAIT_S) -> Proven:
        """The proof of an entry, once a released checkpoint holds it. Raises UnavailableError."""
        try:
            async with asyncio.timeout(timeout_s):
                position = await self._waiting.position(entry_id, self._look_up)
        except TimeoutError as error:
            raise UnavailableError(
                "The log has not taken this entry in time. Try again.", slug="log_late"
            ) from error
        if position // TILE_WIDTH + 2 > self.size // TILE_WIDTH:  # all it needs is in memory
            return self.inclusion(position)
        return await asyncio.to_thread(self.inclusion, position)

    def inclusion(self, position: int, size: int | None = None) -> Proven:
        """The proof of a position, in the newest tree or in an older one of that size."""
        held = self._held()
        tree = held.tree if size is None else self._tree(size)
        if not 0 <= position < tree.size:
            raise NotFoundError(f"The log of {tree.size} entries has no position {position}.")
        note = held.note if size is None else ""
        return Proven(position, tree.size, tuple(tree.inclusion(position)), note)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The hashes that show the tree of `old` leaves inside the tree of `new`."""
        if not 0 <= old <= new:
            raise InvalidError.of("old", "is beyond the new size", f"0 to {new}")
        return self._tree(new).consistency(old)

    def position_of(self, entry_id: EntryId) -> int | None:
        """Where an entry lies, once a released checkpoint holds it."""
        found = self._database.read_now(lambda tx: self._ledger(tx).position(entry_id))
        return found if found is not None and found < self.size else None

    @property
    def size(self) -> int:
        return self._released.frontier.size if self._released else 0

    @property
    def policy(self) -> Policy:
        return self._vault.trust.policy

    def newest(self) -> str:
        """The newest checkpoint that may leave, for people who are signed in and for edges."""
        note = self._held().note
        cosigned = self._vault.trust.cosigned
        text = Note.parse(note).text
        return cosigned if cosigned and Note.parse(cosigned).text == text else note

    def public(self) -> str:
        """The checkpoint for everybody: `delay` late, and with its quorum if there is one."""
        note = self._publication.note
        if not note:
            raise UnavailableError("No checkpoint has been published yet.", slug="log_late")
        return note

    @property
    def public_size(self) -> int:
        return self._publication.size

    def cosigned(self, note: Note) -> None:
        """Take in a checkpoint of ours that witnesses have signed, if their word holds."""
        checkpoint = opened(note, self._verifier)
        if not witnesses(note, self.policy.witnesses):
            raise ValueError("no signature of a witness that the policy names")
        with self._trust_lock:
            held = self._vault.trust.cosigned
            if held and opened(Note.parse(held), self._verifier).size > checkpoint.size:
                return
            self._vault.keep(replace(self._vault.trust, cosigned=str(note)))
        if len(witnesses(note, self.policy.witnesses)) >= self.policy.quorum:
            self._publication.offer(str(note), checkpoint.size)

    def tile(self, path: TilePath, size: int) -> bytes:
        """The bytes at that path in a tree of `size` leaves. Raises NotFoundError beyond it."""
        width = width_of(size, path.level or 0, path.number)
        if path.width > width:
            raise NotFoundError("This tile is not in the log, or not yet.")
        if path.level is not None:
            return self._hashes(path.level, path.number, path.width)
        start = path.number * TILE_WIDTH
        return bundle(
            self._database.read_now(
                lambda tx: list(self._ledger(tx).leaves(start, start + path.width))
            )
        )

    def _check_head(self) -> None:
        head = self._database.write_now(lambda tx: self._ledger(tx).head())
        known = self._vault.trust.newest
        if not known:
            return
        old = opened(Note.parse(known), self._verifier)
        if head is None or head.size < old.size:
            raise AlteredError(
                f"The stored log ends at {head.size if head else 0}, but a checkpoint of {old.size}"
                " entries has left this hub: the database was cut or is an older copy."
            )
        new = opened(Note.parse(head.note), self._verifier)
        proof = self._database.read_now(
            lambda tx: stored_tree(self._ledger(tx), new.size).consistency(old.size)
        )
        if new.size != head.size or not extends(old.tree, new.tree, proof):
            raise AlteredError("The stored log is not the one whose checkpoint has left this hub.")

    def _release(self, step: Advance) -> None:
        with self._trust_lock:
            trust = replace(self._vault.trust, newest=step.head.note, public=self._publication.note)
            if step.head.note != self._vault.trust.newest:
                self._vault.keep(trust)
        self._fresh = {(tile.level, tile.number): tile.hashes for tile in step.tiles}
        tree = Tree(step.head.size, self._nodes)
        self._released = _Released(step.head.note, step.frontier, tree)
        if not self.policy.quorum:
            self._publication.offer(step.head.note, step.head.size)
        self._waiting.release(step.placed)

    def _publish(self) -> None:
        if self._publication.turn():
            with self._trust_lock:
                self._vault.keep(replace(self._vault.trust, public=self._publication.note))

    def _serve(self) -> None:
        while not self._stopped.is_set():
            self._woken.wait(IDLE_POLL_S)
            self._woken.clear()
            self._gathered.clear()
            self._pending = 0
            try:
                placed = self.advance()
            except AlteredError as error:
                self._sound(error.detail)
                return
            except (ConsentryError, OSError):
                _log.exception("the log cannot grow now")
                self._stopped.wait(RETRY_S)
                continue
            if placed == BATCH_MAX:
                self._woken.set()  # more is pending than one step takes
            elif placed:
                self._gathered.wait(PAUSE_S)  # one alone went at once; the next ones gather
        with suppress(ConsentryError, OSError):
            while self.advance() == BATCH_MAX:
                pass

    def _sound(self, reason: str) -> None:
        self.alarm = reason
        _log.critical("the log is read-only: %s", reason)

    def _held(self) -> _Released:
        if self._released is None:
            raise UnavailableError("The log is not open.", slug="log_late")
        return self._released

    def _tree(self, size: int) -> Tree:
        held = self._held()
        if size > held.tree.size:
            raise NotFoundError(f"The log has {held.tree.size} entries, not {size}.")
        return held.tree if size == held.tree.size else Tree(size, self._nodes)

    async def _look_up(self, entry_id: str) -> int | None:
        found = await self._database.read(lambda tx: self._ledger(tx).position(entry_id))
        return found if found is not None and found < self.size else None

    def _nodes(self, level: int, number: int, width: int) -> Nodes:
        key = level, number, width
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        nodes = expand(self._hashes(level, number, width))
        with self._lock:
            self._cache[key] = nodes
            while len(self._cache) > TILES_CACHED_MAX:
                self._cache.popitem(last=False)
        return nodes

    def _hashes(self, level: int, number: int, width: int) -> bytes:
        held = self._held().frontier
        last = number == held.size // TILE_WIDTH ** (level + 1)
        if last and level < len(held.rows):
            return held.rows[level][: width * HASH_BYTES]
        return self._stored(level, number)[: width * HASH_BYTES]

    def _stored(self, level: int, number: int) -> bytes:
        fresh = self._fresh.get((level, number))
        if fresh is not None:
            return fresh
        found = self._database.read_now(lambda tx: self._ledger(tx).tile(level, number))
        if found is None:
            raise AlteredError(f"Tile {number} of level {level} is missing.")
        return found
