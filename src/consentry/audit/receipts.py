"""A receipt: one entry with all that proves its place, for its owner to keep and check offline.

Pure. It proves that the entry stood in the log when the checkpoint was signed, word for word.
"""

import base64
import json
from dataclasses import dataclass
from typing import Final

from .body import decode
from .merkle import HASH_BYTES, SALT_BYTES, includes, leaf_hash, public_leaf
from .model import Entry
from .notes import Checkpoint, Note, opened, witnesses
from .policy import Policy

VERSION: Final = 1
RECEIPT_BYTES_MAX: Final = 256 * 1024
STEPS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry's place, and the hashes that lead from its leaf to the signed root."""

    position: int
    size: int
    inclusion: tuple[bytes, ...]
    checkpoint: str
    """The signed note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    body: bytes
    """The entry's canonical bytes: what the salt and the leaf are made of."""
    salt: bytes
    position: int
    inclusion: tuple[bytes, ...]
    checkpoint: str
    """The signed note, cosignatures included."""

    @property
    def leaf(self) -> bytes:
        return public_leaf(self.salt, self.body)

    def to_json(self) -> str:
        values = {
            "v": VERSION,
            "entry": self.body.decode(),
            "salt": _b64(self.salt),
            "position": self.position,
            "inclusion": [_b64(step) for step in self.inclusion],
            "checkpoint": self.checkpoint,
        }
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def parse(cls, text: str) -> "Receipt":
        """Raises ValueError, in words, for anything that is not a receipt."""
        if len(text) > RECEIPT_BYTES_MAX:
            raise ValueError("too large for a receipt")
        try:
            values = json.loads(text)
            if values["v"] != VERSION or not isinstance(values["position"], int):
                raise ValueError("another version")
            receipt = cls(
                body=values["entry"].encode(),
                salt=_unb64(values["salt"]),
                position=values["position"],
                inclusion=tuple(_unb64(step) for step in values["inclusion"][:STEPS_MAX]),
                checkpoint=str(values["checkpoint"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a receipt: {error}") from error
        lengths = {len(step) for step in receipt.inclusion}
        if len(receipt.salt) != SALT_BYTES or lengths - {HASH_BYTES}:
            raise ValueError("not a receipt: a salt or hash does not have 32 bytes")
        return receipt


@dataclass(frozen=True, slots=True)
class Checked:
    """A receipt that holds: its entry, the checkpoint over it, and who saw that."""

    entry: Entry
    checkpoint: Checkpoint
    witnesses: dict[str, int]


def check(receipt: Receipt, policy: Policy) -> Checked:
    """Raises ValueError, saying what does not hold. Needs nothing but the policy's keys."""
    note = Note.parse(receipt.checkpoint)
    checkpoint = opened(note, policy.log)
    leaf = leaf_hash(receipt.leaf)
    proof = receipt.inclusion
    if not includes(leaf, receipt.position, checkpoint.size, proof, checkpoint.root):
        raise ValueError("the entry does not lead to the signed root")
    return Checked(decode(receipt.body), checkpoint, witnesses(note, policy.witnesses))


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unb64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
