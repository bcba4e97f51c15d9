"""A certificate authority of the hub's own, and the server certificate that it renews.

For `serve` on a machine without a public name: browsers and edges are told to trust the authority
once, by its fingerprint, and the short-lived server certificate can then change as it must.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE: Final = timedelta(days=3650)
SERVER_LIFE: Final = timedelta(days=90)
RENEWED_BEFORE: Final = timedelta(days=30)
BACKDATED: Final = timedelta(hours=1)
"""So that a client whose clock is a little behind takes a fresh certificate too."""
KEY_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
NAMES_MAX: Final = 50

_Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Files for the web server, and what clients pin."""

    certificate: Path
    key: Path
    authority: Path
    fingerprint: str
    """SHA-256 of the authority's certificate, in hex."""
    ends_at: datetime


def prepare(folder: Path, names: Sequence[str], now: datetime) -> ServerCertificate:
    """Make or renew what is missing, ending, or for other names. Safe to call at every start.

    Raises ValueError for no names or too many. The authority is made once and then stays.
    """
    if not 1 <= len(names) <= NAMES_MAX:
        raise ValueError(f"a server certificate is for 1 to {NAMES_MAX} names")
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    authority, signer = _authority(folder, now)
    certificate, key = folder / "server.pem", folder / "server.key"
    held = _read_pair(certificate, key)
    if held is None or not _serves(held, authority, names, now):
        held = _issue(folder, authority, signer, names, now)
    return ServerCertificate(
        certificate=certificate,
        key=key,
        authority=folder / "authority.pem",
        fingerprint=authority.fingerprint(hashes.SHA256()).hex(),
        ends_at=held.not_valid_after_utc,
    )


def renewal_due(ends_at: datetime, now: datetime) -> bool:
    return now >= ends_at - RENEWED_BEFORE


def _authority(folder: Path, now: datetime) -> tuple[x509.Certificate, _Key]:
    certificate, key = folder / "authority.pem", folder / "authority.key"
    held = _read_certificate(certificate)
    if held is not None and key.exists():
        signer = serialization.load_pem_private_key(key.read_bytes(), None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key} does not hold an elliptic curve key")
        return held, signer
    if held is not None or key.exists():
        # A new one would silently break every edge that pinned the old.
        raise ValueError(f"{folder} holds half an authority: restore the missing file")
    return _new_authority(certificate, key, now)


def _new_authority(certificate: Path, key: Path, now: datetime) -> tuple[x509.Certificate, _Key]:
    signer = ec.generate_private_key(ec.SECP256R1())
    name = _name("Consentry local authority")
    made = (
        _builder(name, name, signer.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    _write(key, _private_pem(signer))
    _write(certificate, made.public_bytes(serialization.Encoding.PEM))
    return made, signer


def _issue(
    folder: Path,
    authority: x509.Certificate,
    signer: _Key,
    names: Sequence[str],
    now: datetime,
) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _builder(_name(names[0]), authority.subject, key.public_key(), now, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
        .sign(signer, hashes.SHA256())
    )
    _write(folder / "server.key", _private_pem(key))
    _write(folder / "server.pem", made.public_bytes(serialization.Encoding.PEM))
    return made


def _serves(
    held: x509.Certificate, authority: x509.Certificate, names: Sequence[str], now: datetime
) -> bool:
    alternatives = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    same_names = set(alternatives) == set(_alternatives(names))
    ours = held.issuer == authority.subject
    return same_names and ours and not renewal_due(held.not_valid_after_utc, now)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _alternatives(names: Sequence[str]) -> list[x509.GeneralName]:
    return [_alternative(name) for name in names]


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _private_pem(key: _Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _read_pair(certificate: Path, key: Path) -> x509.Certificate | None:
    """None also where a crash left a new key beside an old certificate."""
    held = _read_certificate(certificate)
    if held is None or not key.exists():
        return None
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    return held if private.public_key() == held.public_key() else None


def _read_certificate(path: Path) -> x509.Certificate | None:
    return x509.load_pem_x509_certificate(path.read_bytes()) if path.exists() else None


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    draft = path.with_suffix(path.suffix + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
