"""The hub's own authority: a real TLS handshake, renewal in time, keys that nobody else reads."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from consentry.infra.certificates import (
    RENEWED_BEFORE,
    SERVER_LIFE,
    ServerCertificate,
    prepare,
    renewal_due,
)

NAMES = ("localhost", "127.0.0.1", "::1")
NOW = datetime.now(UTC).replace(microsecond=0)


def _serial(made: ServerCertificate) -> int:
    return x509.load_pem_x509_certificate(made.certificate.read_bytes()).serial_number


def _shake_hands(made: ServerCertificate, name: str) -> str | None:
    """A client that trusts this authority alone connects; what version they speak."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.certificate, made.key)
    client = ssl.create_default_context(cafile=str(made.authority))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with ours, server.wrap_socket(ours, server_side=True) as secured:
            secured.recv(1)

    thread = threading.Thread(target=serve)
    with theirs:
        thread.start()
        with client.wrap_socket(theirs, server_hostname=name) as secured:
            version = secured.version()
            secured.send(b"x")
        thread.join()
    return version


@pytest.mark.parametrize("name", NAMES)
def test_a_client_that_trusts_the_authority_connects(tmp_path: Path, name: str) -> None:
    assert _shake_hands(prepare(tmp_path / "tls", NAMES, NOW), name) == "TLSv1.3"


def test_a_second_start_keeps_everything(tmp_path: Path) -> None:
    first = prepare(tmp_path, NAMES, NOW)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert prepare(tmp_path, NAMES, NOW + timedelta(days=1)) == first
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_server_certificate_is_renewed_before_it_ends(tmp_path: Path) -> None:
    first = prepare(tmp_path, NAMES, NOW)
    serial = _serial(first)
    due = NOW + SERVER_LIFE - RENEWED_BEFORE
    assert not renewal_due(first.ends_at, due - timedelta(seconds=1))
    assert renewal_due(first.ends_at, due)
    second = prepare(tmp_path, NAMES, due)
    assert _serial(second) != serial
    assert second.ends_at == due + SERVER_LIFE
    assert second.fingerprint == first.fingerprint


def test_other_names_need_another_certificate_of_the_same_authority(tmp_path: Path) -> None:
    first = prepare(tmp_path, NAMES, NOW)
    serial = _serial(first)
    second = prepare(tmp_path, ("hub.example",), NOW)
    assert _serial(second) != serial
    assert second.fingerprint == first.fingerprint


def test_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    made = prepare(folder, NAMES, NOW)
    for path in (made.key, folder / "authority.key"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_fingerprint_is_that_of_the_authority(tmp_path: Path) -> None:
    made = prepare(tmp_path, NAMES, NOW)
    authority = x509.load_pem_x509_certificate(made.authority.read_bytes())
    assert made.fingerprint == authority.fingerprint(hashes.SHA256()).hex()
    limits = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (limits.ca, limits.path_length) == (True, 0)


@pytest.mark.parametrize("lost", ["authority.key", "authority.pem"])
def test_half_an_authority_is_an_error_and_never_replaced(tmp_path: Path, lost: str) -> None:
    prepare(tmp_path, NAMES, NOW)
    (tmp_path / lost).unlink()
    with pytest.raises(ValueError, match="half an authority"):
        prepare(tmp_path, NAMES, NOW)
    assert not (tmp_path / lost).exists()


def test_a_lost_server_key_is_made_anew(tmp_path: Path) -> None:
    made = prepare(tmp_path, NAMES, NOW)
    made.key.unlink()
    assert _shake_hands(prepare(tmp_path, NAMES, NOW), "localhost") == "TLSv1.3"


def test_a_crash_between_key_and_certificate_heals(tmp_path: Path) -> None:
    made, other = prepare(tmp_path / "a", NAMES, NOW), prepare(tmp_path / "b", NAMES, NOW)
    made.key.write_bytes(other.key.read_bytes())
    assert _shake_hands(prepare(tmp_path / "a", NAMES, NOW), "localhost") == "TLSv1.3"


@pytest.mark.parametrize("names", [(), ("x",) * 51])
def test_no_names_or_too_many_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="1 to 50 names"):
        prepare(tmp_path, names, NOW)
