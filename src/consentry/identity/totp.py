"""One-time codes from an authenticator app (RFC 6238), and the box their secrets lie in."""

import base64
import hmac
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyotp.totp import TOTP

SECRET_BYTES: Final = 20
STEP_S: Final = 30
STEPS_OFF_MAX: Final = 1
CODE_PATTERN: Final = r"^[0-9]{6}$"
ISSUER: Final = "Consentry"
_NONCE_BYTES: Final = 12


def secret_text(secret: bytes) -> str:
    return base64.b32encode(secret).decode()


def enrolment_uri(secret: bytes, login: str) -> str:
    """What the QR code says."""
    return TOTP(secret_text(secret)).provisioning_uri(login, issuer_name=ISSUER)


def matching_step(secret: bytes, code: str, at: datetime, *, after: int) -> int | None:
    """The step whose code this is, one either way; steps up to `after` are used up."""
    totp = TOTP(secret_text(secret))
    now = int(at.timestamp()) // STEP_S
    found = None
    for step in range(now - STEPS_OFF_MAX, now + STEPS_OFF_MAX + 1):
        # Every step is compared, so the time taken does not tell which one was near.
        if hmac.compare_digest(totp.generate_otp(step), code) and step > after:
            found = step
    return found


class Box:
    """AES-256-GCM under a key from outside the database, bound to the person it belongs to."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, secret: bytes, owner: str, noise: bytes) -> bytes:
        nonce = noise[:_NONCE_BYTES]
        return nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Raises ValueError where the row was changed or the key is another one."""
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, owner.encode())
        except InvalidTag as error:
            raise ValueError("the stored one-time secret does not open with this key") from error
