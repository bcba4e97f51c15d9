"""A witness: it remembers the largest tree it saw of each log, and signs only what extends it.

The other side of C2SP's tlog-witness. Its state reaches the disk before its signature leaves.
"""

import base64
import binascii
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from consentry.infra.files import write_durably
from consentry.kernel.clock import Clock

from .merkle import EMPTY_ROOT, HASH_BYTES, Root, extends
from .notes import (
    NOTE_BYTES_MAX,
    WITNESS_KEY,
    Checkpoint,
    Note,
    VerifierKey,
    cosign,
    opened,
    verifier,
)

KEY_FILE: Final = "witness.pem"
STEPS_MAX: Final = 64
REQUEST_BYTES_MAX: Final = NOTE_BYTES_MAX + STEPS_MAX * 45 + 32
SIZE_TYPE: Final = "text/x.tlog.size"
TEXT_TYPE: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    media_type: str = TEXT_TYPE


@dataclass(frozen=True, slots=True)
class Addition:
    """What a log asks of a witness: to go from the size it knows to this checkpoint."""

    old: int
    proof: Sequence[bytes]
    note: str

    def to_text(self) -> str:
        steps = "".join(base64.b64encode(step).decode() + "\n" for step in self.proof)
        return f"old {self.old}\n{steps}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> "Addition":
        """Raises ValueError."""
        before, blank, note = text.partition("\n\n")
        first, *steps = before.split("\n")
        word, _, size = first.partition(" ")
        if not blank or word != "old" or not size.isdecimal() or len(size) > 16:
            raise ValueError("not a request to add a checkpoint")
        if len(steps) > STEPS_MAX:
            raise ValueError("the proof is too long")
        try:
            proof = [base64.b64decode(step, validate=True) for step in steps]
        except binascii.Error as error:
            raise ValueError("the proof is not base64") from error
        if any(len(step) != HASH_BYTES for step in proof):
            raise ValueError("the proof does not hold hashes")
        return cls(int(size), proof, note)


class Witness:
    """One witness with a key and a folder of its own. For one thread at a time."""

    def __init__(self, name: str, folder: Path, logs: Sequence[VerifierKey], clock: Clock) -> None:
        self._name = name
        self._folder = folder
        self._logs = {key.name: key for key in logs}
        self._clock = clock
        self._key = _own_key(folder)

    @property
    def verifier(self) -> VerifierKey:
        return verifier(self._name, self._key, WITNESS_KEY)

    def seen(self, origin: str) -> Root:
        """The largest tree of that log that was ever cosigned here."""
        path = self._state(origin)
        if not path.exists():
            return Root(0, EMPTY_ROOT)
        state = json.loads(path.read_text(encoding="utf-8"))
        return Root(int(state["size"]), bytes.fromhex(state["root"]))

    def add(self, text: str) -> Answer:
        """Answer as the protocol says: 200 with the cosignature, or why not."""
        try:
            addition = Addition.parse(text)
            note = Note.parse(addition.note)
        except ValueError as error:
            return Answer(400, f"{error}\n")
        key = self._logs.get(note.text.partition("\n")[0])
        if key is None:
            return Answer(404, "this log is not known here\n")
        try:
            checkpoint = opened(note, key)
        except ValueError as error:
            return Answer(403, f"{error}\n")
        return self._judge(addition, note, checkpoint)

    def _judge(self, addition: Addition, note: Note, checkpoint: Checkpoint) -> Answer:
        seen = self.seen(checkpoint.origin)
        if addition.old > checkpoint.size:
            return Answer(400, "the old size is larger than the checkpoint's\n")
        if addition.old != seen.size:
            return Answer(409, f"{seen.size}\n", SIZE_TYPE)
        if not extends(seen, checkpoint.tree, addition.proof):
            return self._refused(seen, checkpoint.tree)
        self._keep(checkpoint.origin, checkpoint.tree)
        seconds = int(self._clock.now().timestamp())
        return Answer(200, cosign(note.text, self._name, self._key, seconds).line())

    def _refused(self, seen: Root, new: Root) -> Answer:
        if seen.size == new.size and seen.hash != new.hash:
            return Answer(409, f"{seen.size}\n", SIZE_TYPE)  # two histories of one size: a fork
        return Answer(422, "the proof does not lead from the tree that was seen here\n")

    def _keep(self, origin: str, tree: Root) -> None:
        state = {"origin": origin, "size": tree.size, "root": tree.hash.hex()}
        write_durably(self._state(origin), json.dumps(state).encode(), 0o600)

    def _state(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()[:32]}.json"


def _own_key(folder: Path) -> Ed25519PrivateKey:
    path = folder / KEY_FILE
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_durably(path, pem, 0o600)
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} is not an Ed25519 key")
    return key
