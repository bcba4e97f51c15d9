"""What is kept outside the database: the log's key, and `trust.json` beside it.

`trust.json` names the log's key and policy and holds the newest checkpoint that ever left this
hub. A database restored from an older copy, or cut short, falls behind it and is found out.
"""

import contextlib
from dataclasses import replace
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

from .notes import VerifierKey, verifier
from .policy import Policy, Trust

FILE_NAME: Final = "trust.json"
KEY_FILE: Final = "keys/log.pem"
_FILE_BYTES_MAX: Final = 256 * 1024


def load(path: Path) -> Trust:
    if path.stat().st_size > _FILE_BYTES_MAX:
        raise ValueError(f"{path.name} is too large for a trust file")
    return Trust.parse(path.read_text(encoding="utf-8"))


class Vault:
    """The log's private key and its trust file, in one data folder."""

    def __init__(self, path: Path, key: Ed25519PrivateKey, trust: Trust) -> None:
        self._path = path
        self.key = key
        self.trust = trust

    @classmethod
    def open(cls, folder: Path, origin: str) -> "Vault":
        """Open what is there; on the very first start, make it. Never makes half of it anew."""
        path, key_path = folder / FILE_NAME, folder / KEY_FILE
        if not key_path.exists() and (not path.exists() or not load(path).newest):
            return cls._make(path, key_path, origin)
        if not (path.exists() and key_path.exists()):
            there, gone = (path, key_path) if path.exists() else (key_path, path)
            raise ValueError(
                f"{gone} is gone while {there} is there: put it back from a backup. A log with a "
                "new key would be another log."
            )
        held = load_pem_private_key(key_path.read_bytes(), None)
        trust = load(path)
        log = trust.policy.log
        if not isinstance(held, Ed25519PrivateKey) or verifier(log.name, held) != log:
            raise ValueError(f"{key_path} is not the key that {path} names")
        return cls(path, held, trust)

    @classmethod
    def _make(cls, path: Path, key_path: Path, origin: str) -> "Vault":
        key = Ed25519PrivateKey.generate()
        with contextlib.suppress(FileExistsError):
            key_path.parent.mkdir(mode=0o700, parents=True)
        vault = cls(path, key, Trust(policy=Policy(log=verifier(origin, key))))
        # The key last: whoever dies in between has signed nothing, and starts over.
        vault.keep(vault.trust)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_durably(key_path, pem, 0o600)
        return vault

    def keep(self, trust: Trust) -> None:
        """Returns once the file would survive a power cut."""
        write_durably(self._path, trust.to_json().encode())
        self.trust = trust

    def set_policy(self, witnesses: tuple[VerifierKey, ...], quorum: int) -> None:
        policy = replace(self.trust.policy, witnesses=witnesses, quorum=quorum)
        if policy != self.trust.policy:
            self.keep(replace(self.trust, policy=policy))
