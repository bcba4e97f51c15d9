"""Keys are made once, kept private, and a damaged one is never quietly replaced."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from consentry.infra.files import write_durably
from consentry.infra.keyring import Keyring
from tests.kit.chance import CountingBytes


def a_keyring(folder: Path) -> Keyring:
    return Keyring(folder / "keys", CountingBytes())


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    keys = a_keyring(tmp_path)
    first = keys.ed25519("ticket").public_key()
    again = a_keyring(tmp_path).ed25519("ticket").public_key()
    raw = [key.public_bytes(Encoding.Raw, PublicFormat.Raw) for key in (first, again)]
    assert raw[0] == raw[1]
    assert (tmp_path / "keys" / "ticket.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    first = a_keyring(tmp_path).secret("identity")
    assert len(first) == 32
    assert a_keyring(tmp_path).secret("identity") == first
    assert a_keyring(tmp_path).secret("other") == first  # the same chance, another file
    assert (tmp_path / "keys" / "identity.secret").stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_is_an_error_and_stays(tmp_path: Path) -> None:
    keys = a_keyring(tmp_path)
    for name in ("ticket.pem", "identity.secret"):
        (tmp_path / "keys" / name).write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"\w"):
        keys.ed25519("ticket")
    with pytest.raises(ValueError, match="32 bytes"):
        keys.secret("identity")
    assert (tmp_path / "keys" / "ticket.pem").read_bytes() == b"damaged"


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    write_durably(path, b"old")
    write_durably(path, b"new and longer")
    assert path.read_bytes() == b"new and longer"
    assert list(tmp_path.iterdir()) == [path]
