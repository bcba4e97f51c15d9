"""Signed notes, checkpoints and cosignatures in the C2SP forms, so that public tools read them.

Pure: bytes and text in, values out. Parsing is strict; unknown signatures are passed over.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .merkle import HASH_BYTES, Root

LOG_KEY: Final = 1
WITNESS_KEY: Final = 4
NOTE_BYTES_MAX: Final = 16 * 1024
SIGNATURES_MAX: Final = 16
SIZE_MAX: Final = 2**53 - 1
KEY_BYTES: Final = 32
NAME_LENGTH_MAX: Final = 200
_SIGNATURE_BYTES: Final = 64
_TIME_BYTES: Final = 8
_ID_BYTES: Final = 4
_NAME: Final = re.compile(r"^[!-*,-~]{1,200}$")
_DECIMAL: Final = re.compile(r"^(0|[1-9][0-9]{0,15})$")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named Ed25519 key of a log or of a witness: `name+hex(id)+base64(kind || key)`."""

    name: str
    kind: int
    key: bytes

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.kind, self.key)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_b64(bytes([self.kind]) + self.key)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        name, _, rest = text.partition("+")
        number, _, encoded = rest.partition("+")
        raw = _unb64(encoded)
        if not _NAME.match(name) or len(raw) != 1 + KEY_BYTES:
            raise ValueError(f"{text[:80]!r} is not a verifier key")
        key = cls(name, raw[0], raw[1:])
        if key.kind not in (LOG_KEY, WITNESS_KEY) or key.id.hex() != number:
            raise ValueError(f"{text[:80]!r} is not a verifier key: its id does not fit")
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        return f"\u2014 {self.name} {_b64(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it, as read; nothing is verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)

    def joined(self, more: Iterable[Signature]) -> "Note":
        """With these signatures too, each key once."""
        held = {(s.name, s.key_id): s for s in (*self.signatures, *more)}
        return Note(self.text, tuple(held.values())[:SIGNATURES_MAX])

    @classmethod
    def parse(cls, text: str) -> "Note":
        """Strict: UTF-8 text without control characters, one blank line, signature lines."""
        body, blank, lines = text.rpartition("\n\n")
        if not blank or not text.endswith("\n") or len(text.encode()) > NOTE_BYTES_MAX:
            raise ValueError("not a signed note")
        if any(ord(letter) < 0x20 and letter != "\n" for letter in text):
            raise ValueError("not a signed note: it holds control characters")
        signatures = tuple(map(_signature, lines[:-1].split("\n")))
        if not 1 <= len(signatures) <= SIGNATURES_MAX:
            raise ValueError(f"a note has 1 to {SIGNATURES_MAX} signatures")
        return cls(body + "\n", signatures)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: so many entries, under this root."""

    origin: str
    size: int
    root: bytes

    @property
    def tree(self) -> Root:
        return Root(self.size, self.root)

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Strict: exactly three lines. An extension line is refused: nothing of ours writes one."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise ValueError("a checkpoint has exactly three lines")
        origin, size, root = lines[0], lines[1], _unb64(lines[2])
        if not _NAME.match(origin) or not _DECIMAL.match(size) or len(root) != HASH_BYTES:
            raise ValueError("not a checkpoint")
        if int(size) > SIZE_MAX:
            raise ValueError("a checkpoint's size is below 2^53")
        return cls(origin, int(size), root)


def key_id(name: str, kind: int, key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:_ID_BYTES]


def public_key(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def verifier(name: str, private: Ed25519PrivateKey, kind: int = LOG_KEY) -> VerifierKey:
    if not _NAME.match(name):
        raise ValueError(f"{name[:80]!r} cannot name a key: printable ASCII without space or '+'")
    return VerifierKey(name, kind, public_key(private))


def sign(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> Note:
    """The log's own note: it is signed under the log's origin."""
    text = checkpoint.text()
    key = verifier(checkpoint.origin, private)
    return Note(text, (Signature(key.name, key.id, private.sign(text.encode())),))


def cosign(text: str, name: str, private: Ed25519PrivateKey, seconds: int) -> Signature:
    """A witness's signature: it saw this checkpoint at that second, consistent with all before."""
    value = seconds.to_bytes(_TIME_BYTES, "big") + private.sign(_witnessed(text, seconds))
    return Signature(name, verifier(name, private, WITNESS_KEY).id, value)


def opened(note: Note, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note that the log's key has signed. Raises ValueError otherwise."""
    mine = [s for s in note.signatures if (s.name, s.key_id) == (key.name, key.id)]
    if not mine:
        raise ValueError("the log's signature is missing")
    if not all(_holds(key.key, s.value, note.text.encode()) for s in mine):
        raise ValueError("the log's signature does not hold")
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != key.name:
        raise ValueError(f"the checkpoint is of {checkpoint.origin}, not of {key.name}")
    return checkpoint


def witnesses(note: Note, keys: Sequence[VerifierKey]) -> dict[str, int]:
    """Names of the witnesses whose cosignature holds, with the second each saw the checkpoint."""
    seen: dict[str, int] = {}
    for key in keys:
        for one in note.signatures:
            named = (one.name, one.key_id) == (key.name, key.id) and key.kind == WITNESS_KEY
            if named and len(one.value) == _TIME_BYTES + _SIGNATURE_BYTES:
                seconds = int.from_bytes(one.value[:_TIME_BYTES], "big")
                if _holds(key.key, one.value[_TIME_BYTES:], _witnessed(note.text, seconds)):
                    seen[key.name] = seconds
    return seen


def _witnessed(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _holds(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = _unb64(encoded)
    if dash != "\u2014" or not _is_name(name) or len(raw) <= _ID_BYTES:
        raise ValueError("not a signed note: a signature line cannot be read")
    return Signature(name, raw[:_ID_BYTES], raw[_ID_BYTES:])


def _is_name(name: str) -> bool:
    """Of an unknown signer anything goes that keeps the line readable."""
    spaced = any(letter.isspace() for letter in name)
    return 0 < len(name) <= NAME_LENGTH_MAX and not spaced and "+" not in name


def parse_signatures(text: str) -> tuple[Signature, ...]:
    """Signature lines alone, as a witness answers them."""
    lines = text.split("\n")
    if lines.pop() or not 1 <= len(lines) <= SIGNATURES_MAX:
        raise ValueError("not signature lines")
    return tuple(map(_signature, lines))


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unb64(text: str) -> bytes:
    """Exactly the bytes that re-encode to this text."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{text[:80]!r} is not base64") from error
    if _b64(raw) != text:
        raise ValueError(f"{text[:80]!r} is not canonical base64")
    return raw
