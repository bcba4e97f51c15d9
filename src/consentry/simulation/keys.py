"""The demo owners' keys, in a folder that no code of the hub opens.

A real owner's key never comes near the hub. Here every owner is played by the demo, so that their
keys lie in `DIR/demo-owners/`, beside the hub's folder of its own keys and apart from it. The keys
of the boxes beside their cameras lie in `DIR/demo-edges/`, for whoever plays those.
"""

import os
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

OWNERS: Final = "demo-owners"
EDGES: Final = "demo-edges"
PRIVATE: Final = 0o600


class KeyFolder:
    """One Ed25519 key for each name, as `NAME.pem` (PKCS #8)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, Ed25519PrivateKey] = {}

    def make(self, name: str, randomness: Randomness) -> Ed25519PrivateKey:
        key = Ed25519PrivateKey.from_private_bytes(randomness(32))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        handle = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        self._held[name] = key
        return key

    def of(self, name: str) -> Ed25519PrivateKey:
        """Raises FileNotFoundError where the demo made none."""
        if name not in self._held:
            key = load_pem_private_key(self.path(name).read_bytes(), None)
            if not isinstance(key, Ed25519PrivateKey):
                raise TypeError(f"{self.path(name)} does not hold an Ed25519 key")
            self._held[name] = key
        return self._held[name]

    def path(self, name: str) -> Path:
        return self._folder / f"{name}.pem"


def public_hex(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()
