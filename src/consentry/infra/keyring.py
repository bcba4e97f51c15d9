"""The hub's own keys, each a file in `DIR/keys/`, outside the database, mode 0600."""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from consentry.kernel.ids import Randomness

from .files import write_durably

PRIVATE: Final = 0o600
SECRET_BYTES: Final = 32


class Keyring:
    """Keys by name; one that is not there yet is made. Raises ValueError for a damaged one."""

    def __init__(self, folder: Path, randomness: Randomness) -> None:
        self._folder = folder
        self._randomness = randomness
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def ed25519(self, name: str) -> Ed25519PrivateKey:
        path = self._folder / f"{name}.pem"
        if not path.exists():
            made = Ed25519PrivateKey.from_private_bytes(self._randomness(32))
            pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_durably(path, pem, PRIVATE)
        held = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(held, Ed25519PrivateKey):
            raise ValueError(f"{path} does not hold an Ed25519 key")
        return held

    def secret(self, name: str) -> bytes:
        """32 bytes that nothing else knows."""
        path = self._folder / f"{name}.secret"
        if not path.exists():
            write_durably(path, self._randomness(SECRET_BYTES), PRIVATE)
        held = path.read_bytes()
        if len(held) != SECRET_BYTES:
            raise ValueError(f"{path} does not hold {SECRET_BYTES} bytes")
        return held
