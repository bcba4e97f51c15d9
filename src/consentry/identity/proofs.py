"""Tokens, one-time codes and challenges: how each is made, stored and checked.

Pure: chance and the hub's secret come in as arguments. Everything secret is compared in a time
that does not depend on where it differs.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consentry.kernel import canonical
from consentry.kernel.clock import from_micros, to_micros
from consentry.kernel.errors import InvalidError

SESSION_PREFIX: Final = "css_"
API_PREFIX: Final = "cst_"
EDGE_PREFIX: Final = "cse_"
TOKEN_BYTES: Final = 32
TOKEN_LENGTH_MAX: Final = 64

OWNER_AUTH: Final = b"consentry/owner-auth/v1\n"
EDGE_AUTH: Final = b"consentry/edge-auth/v1\n"
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

CODE_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 20
HANDLE_LENGTH: Final = 4
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})

NONCE_BYTES: Final = 32
CHALLENGE_LENGTH_MAX: Final = 400
_MAC_BYTES: Final = 32
_TIME_BYTES: Final = 8


def new_token(prefix: str, noise: bytes) -> str:
    return prefix + base64.urlsafe_b64encode(noise).decode().rstrip("=")


def token_hash(token: str) -> str:
    """What is stored. A token has 256 bits of chance, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code(noise: bytes) -> str:
    """`7K2M-…`: five groups of four letters that are hard to misread, 100 bits in all."""
    letters = [CODE_LETTERS[byte & 31] for byte in reversed(noise[-CODE_LENGTH:])]
    return "-".join("".join(letters[i : i + 4]) for i in range(0, CODE_LENGTH, 4))


def split_code(typed: str) -> tuple[str, str]:
    """The handle and the hash of the secret rest, however the code was typed."""
    plain = typed.upper().translate(_MISREAD)
    return plain[:HANDLE_LENGTH], token_hash(plain[HANDLE_LENGTH:])


def same(stored: str, shown: str) -> bool:
    return hmac.compare_digest(stored.encode(), shown.encode())


@dataclass(frozen=True, slots=True)
class Challenge:
    """Something fresh to sign. `id` carries all of it under the hub's own mark.

    So nothing is stored for whoever only asks, and an unknown key is answered like any other.
    """

    id: str
    nonce: str
    subject: bytes
    expires_at: datetime


def make_challenge(
    secret: bytes, kind: str, subject: bytes, *, noise: bytes, expires_at: datetime
) -> Challenge:
    body = noise[:NONCE_BYTES] + to_micros(expires_at).to_bytes(_TIME_BYTES, "big") + subject
    sealed = base64.urlsafe_b64encode(_mark(secret, kind, body) + body).decode().rstrip("=")
    return Challenge(sealed, to_base64(noise[:NONCE_BYTES]), subject, expires_at)


def open_challenge(secret: bytes, kind: str, id_: str, now: datetime) -> Challenge | None:
    """The challenge behind an id of ours that has not expired; None for anything else."""
    try:
        sealed = base64.b64decode(id_ + "=" * (-len(id_) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    mark, body = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
    if not hmac.compare_digest(mark, _mark(secret, kind, body)):
        return None
    nonce, rest = body[:NONCE_BYTES], body[NONCE_BYTES:]
    expires_at = from_micros(int.from_bytes(rest[:_TIME_BYTES], "big"))
    if now >= expires_at:
        return None
    return Challenge(_canonical_id(sealed), to_base64(nonce), rest[_TIME_BYTES:], expires_at)


def derived(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose from the hub's one identity secret."""
    return hmac.digest(secret, f"consentry/identity/{purpose}".encode(), "sha256")


def verifies(key: bytes, signature: bytes, domain: bytes, said: Mapping[str, str]) -> bool:
    """Whether `key` signed the canonical form of `said` under `domain`."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, domain + canonical.encode(said))
    except (InvalidSignature, ValueError):
        return False
    return True


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def read_key(text: str) -> bytes:
    """A public key as it was sent. Raises InvalidError for any other form."""
    key = from_base64(text, KEY_BYTES)
    if key is None:
        raise InvalidError.of("key", "is not a key", f"base64 of {KEY_BYTES} bytes")
    return key


def from_base64(text: str, size: int) -> bytes | None:
    """Exactly `size` bytes in the one standard form, or None."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return data if len(data) == size and to_base64(data) == text else None


def _mark(secret: bytes, kind: str, body: bytes) -> bytes:
    return hmac.digest(derived(secret, f"challenge/{kind}"), body, "sha256")


def _canonical_id(sealed: bytes) -> str:
    """One spelling, so that a challenge cannot be used again under another one."""
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")
