"""The recovery file of an owner's key: JSON around PKCS#8 that a passphrase opens.

PBKDF2-SHA256 makes the key of AES-256-GCM: both are in every browser, which writes and reads the
same file. Pure: salt and nonce come in as bytes.
"""

import base64
import binascii
import json
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from consentry.kernel.errors import InvalidError

from .reading import Fields

FORM: Final = "consentry/owner-key/v1"
ROUNDS: Final = 600_000
ROUNDS_MAX: Final = 10_000_000
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
FILE_BYTES_MAX: Final = 4_096
_KEY_BYTES: Final = 32


def write_keyfile(key: Ed25519PrivateKey, passphrase: str, salt: bytes, nonce: bytes) -> bytes:
    """The file's bytes. `salt` and `nonce` must be fresh for every file."""
    if len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
        raise ValueError(f"a salt of {SALT_BYTES} and a nonce of {NONCE_BYTES} bytes are needed")
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    sealed = AESGCM(_derive(passphrase, salt, ROUNDS)).encrypt(nonce, plain, FORM.encode())
    parts = {
        "form": FORM,
        "key": key.public_key().public_bytes_raw().hex(),
        "kdf": "PBKDF2-SHA256",
        "rounds": ROUNDS,
        "salt": base64.b64encode(salt).decode(),
        "cipher": "AES-256-GCM",
        "nonce": base64.b64encode(nonce).decode(),
        "sealed": base64.b64encode(sealed).decode(),
    }
    return (json.dumps(parts, indent=2) + "\n").encode()


def open_keyfile(data: bytes, passphrase: str) -> Ed25519PrivateKey:
    """The key. Raises InvalidError for a file of another form or a passphrase that does not fit."""
    fields = _fields(data)
    for name, expected in (("form", FORM), ("kdf", "PBKDF2-SHA256"), ("cipher", "AES-256-GCM")):
        if fields.raw(name) != expected:
            fields.refuse(name, "is of another kind", expected)
    stated = fields.hash("key")
    rounds = fields.integer("rounds", ROUNDS, ROUNDS_MAX)
    salt, nonce, sealed = (_bytes(fields, name) for name in ("salt", "nonce", "sealed"))
    fields.end()
    if len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
        fields.refuse("salt", "or nonce is of another length", f"{SALT_BYTES}, {NONCE_BYTES} bytes")
    try:
        plain = AESGCM(_derive(passphrase, salt, rounds)).decrypt(nonce, sealed, FORM.encode())
    except InvalidTag as error:
        message = "does not open this file, or the file was changed"
        raise InvalidError.of("passphrase", message) from error
    return _key(fields, plain, stated)


def _key(fields: Fields, plain: bytes, stated: str) -> Ed25519PrivateKey:
    key = load_der_private_key(plain, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        fields.refuse("sealed", "holds another kind of key", "Ed25519")
    if key.public_key().public_bytes_raw().hex() != stated:
        fields.refuse("key", "is not the public half of the sealed one")
    return key


def _fields(data: bytes) -> Fields:
    if len(data) > FILE_BYTES_MAX:
        raise InvalidError.of("file", "is too large", f"{FILE_BYTES_MAX} bytes")
    try:
        return Fields(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise InvalidError.of("file", "is not JSON") from error


def _bytes(fields: Fields, name: str) -> bytes:
    try:
        return base64.b64decode(fields.text(name, 1_024), validate=True)
    except (binascii.Error, ValueError):
        fields.refuse(name, "must be base64")


def _derive(passphrase: str, salt: bytes, rounds: int) -> bytes:
    kdf = PBKDF2HMAC(algorithm=SHA256(), length=_KEY_BYTES, salt=salt, iterations=rounds)
    return kdf.derive(passphrase.encode())
