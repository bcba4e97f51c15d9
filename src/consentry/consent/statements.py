"""What owners seal: one byte form for every statement, and the seal over it.

The hub never holds the key. A seal is Ed25519 over a prefix and the canonical bytes; whoever reads
one verifies, parses, encodes again and demands the same bytes.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consentry.kernel.canonical import Json, decode_object, encode
from consentry.kernel.clock import to_text
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import CameraId

from .bodies import AnswerTerms, Body, Sharing, StatementType, read_body
from .model import SHARE_NOW_MAX, WINDOW_MAX
from .reading import Fields

PREFIX: Final = b"consentry/statement/v1\n"
VERSION: Final = 1
ALG: Final = "ed25519"
STATEMENT_BYTES_MAX: Final = 64 * 1024
_BASE64_MAX: Final = -(-STATEMENT_BYTES_MAX // 3) * 4
SEQ_MAX: Final = 1_000_000
HUB_LENGTH_MAX: Final = 200
ANSWER_LIFE_MAX: Final = WINDOW_MAX
FIRST: Final = "0" * 64
"""`prev` of a camera's first statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`hub` is the origin that the owner pinned; `prev` the hash of the statement before."""

    type: StatementType
    hub: str
    camera_id: CameraId
    seq: int
    prev: str
    issued_at: datetime
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A statement as it travels: its bytes untouched, key and seal in hex."""

    bytes: bytes
    key: str
    alg: str
    sig: str

    @property
    def hash(self) -> str:
        return hash_of(self.bytes)


def hash_of(data: bytes) -> str:
    """What `prev`, receipts and approvals name: SHA-256 of the sealed bytes, in hex."""
    return sha256(data).hexdigest()


def encode_statement(statement: Statement) -> bytes:
    return encode(
        {
            "v": VERSION,
            "type": statement.type.value,
            "hub": statement.hub,
            "camera": statement.camera_id,
            "seq": statement.seq,
            "prev": statement.prev,
            "issued_at": to_text(statement.issued_at),
            "body": statement.body.parts(),
        }
    )


def parse_statement(data: bytes) -> Statement:
    """Read sealed bytes. Raises InvalidError naming the field and its limit."""
    if len(data) > STATEMENT_BYTES_MAX:
        raise InvalidError.of("bytes", "are too many", f"{STATEMENT_BYTES_MAX}")
    try:
        parts = decode_object(data)
    except ValueError as error:
        raise InvalidError.of("bytes", str(error), slug="not_canonical") from error
    statement = _read(Fields(parts))
    if encode_statement(statement) != data:
        raise InvalidError.of("bytes", "are not this statement's one form", slug="not_canonical")
    return statement


def _read(fields: Fields) -> Statement:
    fields.integer("v", VERSION, VERSION)
    kind = fields.word("type", StatementType)
    statement = Statement(
        type=kind,
        hub=fields.text("hub", HUB_LENGTH_MAX),
        camera_id=CameraId(fields.id("camera")),
        seq=fields.integer("seq", 0, SEQ_MAX),
        prev=fields.hash("prev"),
        issued_at=fields.time("issued_at"),
        body=read_body(kind, fields.object("body")),
    )
    fields.end()
    _check_times(statement)
    return statement


def _check_times(statement: Statement) -> None:
    """Bounds on what the body allows, counted from when it was sealed."""
    body, at = statement.body, statement.issued_at
    if isinstance(body, Sharing) and not at < body.until <= at + SHARE_NOW_MAX:
        hours = SHARE_NOW_MAX // timedelta(hours=1)
        raise InvalidError.of("body.until", "must follow issued_at", f"at most {hours} hours")
    if isinstance(body, AnswerTerms) and not at < body.not_after <= at + ANSWER_LIFE_MAX:
        days = ANSWER_LIFE_MAX.days
        raise InvalidError.of("body.not_after", "must follow issued_at", f"at most {days} days")


def seal(statement: Statement, key: Ed25519PrivateKey) -> Envelope:
    """What the owner's own device does, and nobody else."""
    data = encode_statement(statement)
    return Envelope(
        bytes=data,
        key=key.public_key().public_bytes_raw().hex(),
        alg=ALG,
        sig=key.sign(PREFIX + data).hex(),
    )


def is_sealed(envelope: Envelope) -> bool:
    """Whether the seal is the stated key's over these bytes. Whose key it is, is not asked."""
    return envelope.alg == ALG and verifies(envelope.key, envelope.sig, PREFIX + envelope.bytes)


def verifies(key: str, signature: str, message: bytes) -> bool:
    """Ed25519 with key and signature in hex; False for whatever cannot be read as such."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def open_envelope(envelope: Envelope) -> Statement:
    """Verify, parse, encode again. Raises InvalidError, `bad_seal` if the seal does not hold."""
    if not is_sealed(envelope):
        raise InvalidError.of("sig", "does not hold over these bytes", slug="bad_seal")
    return parse_statement(envelope.bytes)


def write_envelope(envelope: Envelope) -> dict[str, Json]:
    return {
        "bytes": base64.b64encode(envelope.bytes).decode(),
        "key": envelope.key,
        "alg": envelope.alg,
        "sig": envelope.sig,
    }


def read_envelope(fields: Fields) -> Envelope:
    """Raises InvalidError. Nothing is verified yet."""
    text = fields.text("bytes", _BASE64_MAX)
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        fields.refuse("bytes", "must be base64")
    if base64.b64encode(data).decode() != text:
        fields.refuse("bytes", "must be base64 in its one form")
    envelope = Envelope(
        bytes=data, key=fields.hash("key"), alg=fields.text("alg", 16), sig=fields.signature("sig")
    )
    fields.end()
    return envelope
