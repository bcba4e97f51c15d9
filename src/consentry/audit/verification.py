"""Judge a copy of the log, trusting nothing but the policy's keys. Needs no database library.

The root is computed from every leaf, and every tile from the leaves below it: a tile that was
forged together with the leaf beneath it convinces readers who only follow hashes upwards.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice
from typing import Final, Protocol

from .body import decode
from .merkle import LEAF_VERSION, TILE_WIDTH, Frontier, Tile, leaf_hash, public_leaf, width_of
from .model import Entry, LoggedAct
from .notes import Checkpoint, Note, VerifierKey, opened, witnesses
from .policy import Policy
from .receipts import Receipt, check

CHUNK: Final = 4096
WORDS_MAX: Final = 20
ERASED_KIND: Final = "entry"


class Verdict(IntEnum):
    """The exit code of `consentry audit verify`."""

    GOOD = 0
    ALTERED = 1
    FORKED = 2
    INCOMPLETE = 3
    UNWITNESSED = 4


class Finding(Exception):  # noqa: N818 what was found may also be all well
    """Something that ends the verification at once."""

    def __init__(self, verdict: Verdict, words: str) -> None:
        super().__init__(words)
        self.verdict = verdict


@dataclass(slots=True)
class Report:
    """What was found, in words."""

    faults: list[tuple[Verdict, str]] = field(default_factory=list)
    proved: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    left_out: int = 0
    leaves: list[bytes] = field(default_factory=list)

    def leaf(self, position: int) -> bytes | None:
        """The log's own leaf at that place, if the copy reaches there."""
        return self.leaves[position] if 0 <= position < len(self.leaves) else None

    def fault(self, verdict: Verdict, words: str) -> None:
        if len(self.faults) < WORDS_MAX:
            self.faults.append((verdict, words))
        else:
            self.left_out += 1

    @property
    def verdict(self) -> Verdict:
        """A fork outweighs an alteration: it cannot be an accident."""
        found = {verdict for verdict, _ in self.faults}
        order = (Verdict.FORKED, Verdict.ALTERED, Verdict.INCOMPLETE, Verdict.UNWITNESSED)
        return next((verdict for verdict in order if verdict in found), Verdict.GOOD)


@dataclass(frozen=True, slots=True)
class Body:
    """A private entry of the copy, at its place."""

    position: int
    salt: bytes
    body: bytes


class Copy(Protocol):
    """A copy of the log, from a data folder, a hub or a bundle. Nothing in it is trusted."""

    def checkpoint(self) -> str: ...

    def leaves(self, size: int) -> Iterator[bytes]:
        """As many as there are, in their order; more than `size` would be too many."""
        ...

    def tile(self, level: int, number: int, width: int) -> bytes | None: ...

    def tiles_partial(self) -> bool:
        """Whether the copy holds unfinished tiles too."""
        ...

    def bodies(self) -> Iterator[Body] | None:
        """None where the copy holds public parts alone."""
        ...

    def all_bodies(self) -> bool:
        """Whether a body that is missing needs an erasure to excuse it."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """A checkpoint that was seen before: the log must hold all of it, in its place."""

    whose: str
    checkpoint: Checkpoint
    beyond: Verdict = Verdict.ALTERED
    """What it means that a copy ends before it: the public copy of a hub lags behind by design."""


def verify(
    copy: Copy, policy: Policy, known: Sequence[Known], cosigned: Sequence[str] = ()
) -> Report:
    """Judge the copy. `cosigned`: further notes of this log that may carry witnesses' words."""
    report = Report()
    try:
        note = _note(copy.checkpoint())
        head = _opened(note, policy.log)
        leaves = _tree(copy, head, known, report)
        report.leaves = leaves.all
        _quorum([note, *map(_note, cosigned)], policy, head, leaves, report)
        _bodies(copy, leaves, report)
    except Finding as found:
        report.fault(found.verdict, str(found))
    _close(report, known)
    return report


def _note(text: str) -> Note:
    try:
        return Note.parse(text)
    except ValueError as error:
        raise Finding(Verdict.ALTERED, f"The checkpoint cannot be read: {error}.") from error


def _opened(note: Note, key: VerifierKey) -> Checkpoint:
    try:
        return opened(note, key)
    except ValueError as error:
        raise Finding(Verdict.ALTERED, f"The checkpoint does not hold: {error}.") from error


class _Leaves:
    """Every leaf of the copy, and the roots it led to on the way."""

    def __init__(self) -> None:
        self.all: list[bytes] = []
        self.roots: dict[int, bytes] = {}


def _tree(copy: Copy, head: Checkpoint, known: Sequence[Known], report: Report) -> _Leaves:
    known = [one for one in known if _reached(one, head, report)]
    read, source, frontier = _Leaves(), copy.leaves(head.size), Frontier()
    for stop in sorted({head.size, *(one.checkpoint.size for one in known)}):
        while frontier.size < stop:
            some = list(islice(source, min(CHUNK, stop - frontier.size)))
            _leaves(some, frontier.size, head.size)
            frontier, full = frontier.append(map(leaf_hash, some))
            read.all += some
            _tiles(copy, full, report)
        read.roots[stop] = frontier.root()
    if next(source, None) is not None:
        raise Finding(Verdict.ALTERED, f"There are more leaves than the {head.size} signed for.")
    if read.roots[head.size] != head.root:
        raise Finding(Verdict.ALTERED, "The leaves do not lead to the signed root.")
    if copy.tiles_partial():
        _tiles(copy, _unfinished(frontier), report)
    _histories(known, read, report)
    report.proved.append(
        f"All {head.size} leaves lead to the root that the log's key {head.origin} signed, "
        "and every tile repeats them."
    )
    return read


def _reached(one: Known, head: Checkpoint, report: Report) -> bool:
    if one.checkpoint.size <= head.size:
        return True
    words = f"The log ends at {head.size}, but {one.whose} saw {one.checkpoint.size} entries"
    if one.beyond is Verdict.ALTERED:
        raise Finding(Verdict.ALTERED, f"{words}: it was cut short or is an older copy.")
    late = f"{words}: not yet published, which a hub may delay by 15 minutes, or an older copy."
    if one.beyond is Verdict.GOOD:
        report.unproved.append(late)
    else:
        report.fault(one.beyond, late)
    return False


def _histories(known: Sequence[Known], read: _Leaves, report: Report) -> None:
    for one in known:
        size = one.checkpoint.size
        if read.roots[size] == one.checkpoint.root:
            report.proved.append(
                f"Nothing that {one.whose} saw at {size} entries has been changed or dropped."
            )
        else:
            words = f"The log is not the one that {one.whose} saw at {size} entries"
            report.fault(Verdict.FORKED, f"{words}: two histories were signed.")


def _leaves(some: Sequence[bytes], start: int, size: int) -> None:
    if not some:
        words = f"The log is signed for {size} entries, but only {start} leaves are there."
        raise Finding(Verdict.INCOMPLETE, words)
    for index, leaf in enumerate(some):
        if len(leaf) != 33 or not leaf.startswith(LEAF_VERSION):
            raise Finding(Verdict.ALTERED, f"Leaf {start + index} does not have a leaf's form.")


def _tiles(copy: Copy, tiles: Iterable[Tile], report: Report) -> None:
    for tile in tiles:
        stored = copy.tile(tile.level, tile.number, len(tile.hashes) // 32)
        if stored is None:
            words = f"Tile {tile.number} of level {tile.level} is missing."
            report.fault(Verdict.INCOMPLETE, words)
        elif stored != tile.hashes:
            words = f"Tile {tile.number} of level {tile.level} does not repeat its leaves."
            report.fault(Verdict.ALTERED, words)


def _unfinished(frontier: Frontier) -> Iterator[Tile]:
    for level, row in enumerate(frontier.rows):
        number = (frontier.size >> 8 * level) // TILE_WIDTH
        if width_of(frontier.size, level, number):
            yield Tile(level, number, row)


def _quorum(
    notes: Sequence[Note], policy: Policy, head: Checkpoint, leaves: _Leaves, report: Report
) -> None:
    if not policy.quorum:
        report.unproved.append(
            "Self-signed only: the policy names no witness, so nobody else saw this log."
        )
        return
    for note in notes:
        checkpoint = _opened(note, policy.log)
        names = sorted(witnesses(note, policy.witnesses))
        fits = checkpoint.size <= head.size and leaves.roots.get(checkpoint.size) == checkpoint.root
        if len(names) >= policy.quorum and fits:
            report.proved.append(f"Seen by {', '.join(names)} at {checkpoint.size} entries.")
            return
    report.fault(
        Verdict.UNWITNESSED,
        f"Fewer than {policy.quorum} of {len(policy.witnesses)} witnesses have cosigned.",
    )


def _bodies(copy: Copy, leaves: _Leaves, report: Report) -> None:
    bodies = copy.bodies()
    if bodies is None:
        report.unproved.append("The entries themselves are not in this copy: only their leaves.")
        return
    seen: set[int] = set()
    erased: set[int] = set()
    for body in bodies:
        entry = _body(body, leaves.all, report)
        seen.add(body.position)
        if entry is not None:
            erased |= _erasure(entry, leaves.all)
    missing = sorted(set(range(len(leaves.all))) - seen)
    if not copy.all_bodies():
        report.proved.append(f"{len(seen)} entries in this copy fit their leaves, salts included.")
        return
    for position in missing:
        if position not in erased:
            words = f"The entry at {position} is missing, and no erasure names it."
            report.fault(Verdict.INCOMPLETE, words)
    report.proved.append(
        f"{len(seen)} entries fit their leaves, salts included; {len(missing)} were erased."
        if missing and not set(missing) - erased
        else f"{len(seen)} entries were held against their leaves, salts included."
    )


def _body(one: Body, leaves: Sequence[bytes], report: Report) -> Entry | None:
    if not 0 <= one.position < len(leaves):
        report.fault(Verdict.ALTERED, f"There is an entry at {one.position}, beyond the log.")
        return None
    try:
        if public_leaf(one.salt, one.body) == leaves[one.position]:
            return decode(one.body)
        report.fault(Verdict.ALTERED, f"The entry at {one.position} does not fit its leaf.")
    except ValueError as error:
        report.fault(Verdict.ALTERED, f"The entry at {one.position} cannot be read: {error}.")
    return None


def _erasure(entry: Entry, leaves: Sequence[bytes]) -> set[int]:
    """The position that this entry allows to be empty, if it is an erasure in full form."""
    named, position = entry.ticket, entry.ticket.get("position")
    persons = {named.get("requested_by"), named.get("confirmed_by")}
    whole = (
        entry.act is LoggedAct.ENTRY_ERASED
        and entry.on.kind == ERASED_KIND
        and entry.reason
        and len(persons - {None, ""}) == 2
        and isinstance(position, int)
        and 0 <= position < len(leaves)
        and named.get("leaf") == leaves[position].hex()
    )
    return {position} if whole and isinstance(position, int) else set()


def _close(report: Report, known: Sequence[Known]) -> None:
    outside = [one for one in known if one.checkpoint.size]
    if not outside:
        report.unproved.append(
            "No checkpoint from outside was given: a cut back to an older signed state, or a "
            "second history, would go unseen. Keep one and pass it with --since."
        )
    report.unproved.append("That everything was written down, or that it is true.")


def verify_receipt(receipt: Receipt, policy: Policy, leaf: bytes | None = None) -> Report:
    """Judge a receipt, and if the log's own leaf at its place is given, against that too."""
    report = Report()
    try:
        checked = check(receipt, policy)
    except ValueError as error:
        report.fault(Verdict.ALTERED, f"The receipt does not hold: {error}.")
        return report
    if leaf is not None and leaf != receipt.leaf:
        words = f"The log holds something else at {receipt.position} than the receipt"
        report.fault(Verdict.FORKED, f"{words}: two histories were signed.")
    report.proved.append(
        f"The receipt's entry stood at {receipt.position} when the log had "
        f"{checked.checkpoint.size} entries: {checked.entry.act.value} by "
        f"{checked.entry.actor.id}."
    )
    if len(checked.witnesses) < policy.quorum:
        report.fault(
            Verdict.UNWITNESSED,
            f"The receipt's checkpoint has fewer than {policy.quorum} witnesses.",
        )
    return report
