"""Check a kept receipt without the hub: a grant's by its seal, an access's by its proof."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from consentry.audit import receipts, trust
from consentry.kernel.errors import InvalidError

from .bodies import GrantTerms
from .receipts import PROFILE, USE_WORDS, limits
from .statements import Envelope, hash_of, open_envelope

FILE_BYTES_MAX: Final = 512 * 1024


def check_file(path: Path, policy: Path | None, owner_key: str) -> tuple[bool, str]:
    """Whether the receipt holds, and in words what that says."""
    try:
        text = path.read_bytes()[: FILE_BYTES_MAX + 1].decode()
        found = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidError.of(str(path), f"is no receipt that can be read: {error}") from error
    if isinstance(found, dict) and found.get("profile") == PROFILE:
        return check_grant(found, owner_key)
    if policy is None:
        raise InvalidError.of("--policy", "is missing: name a trust.json that you hold")
    return _check_access(text, policy)


def check_grant(found: Mapping[str, Any], owner_key: str) -> tuple[bool, str]:
    """The seal must hold, be the owner's, and say what the receipt says."""
    try:
        held = found["consentry"]
        envelope = Envelope(
            bytes=str(held["sealed"]).encode(),
            key=str(held["key"]),
            alg=str(held["alg"]),
            sig=str(held["sig"]),
        )
        statement = open_envelope(envelope)
        differing = _differences(found, held, statement.body, envelope)
    except (KeyError, TypeError, AttributeError) as error:
        return False, f"This receipt does not hold: {error} is missing or of another form."
    except InvalidError as error:
        return False, f"This receipt does not hold: its {error.detail}."
    if differing:
        return False, f"This receipt does not hold: {differing[0]} is not what was sealed."
    if owner_key and owner_key.lower() != envelope.key:
        return False, f"This receipt does not hold: another key sealed it, {envelope.key}."
    whose = "your key" if owner_key else f"the key {envelope.key} (compare it with yours)"
    return True, f"The grant {found['receipt_id']} stands as {whose} sealed it, word for word."


def _differences(
    found: Mapping[str, Any], held: Mapping[str, Any], body: object, envelope: Envelope
) -> list[str]:
    """Fields of the receipt that the sealed bytes do not bear out."""
    if not isinstance(body, GrantTerms):
        return ["the statement"]
    hash_ = hash_of(envelope.bytes)
    grant = body.grant(held["camera"], hash_, body.not_before)
    purposes = found["pii_processing"]["purposes"]
    parties = found["party_identification"]
    controllers = sorted(p["party_id"] for p in parties if p["party_role"] == "pii_controller")
    said: dict[str, tuple[object, object]] = {
        "record_id": (found["record_id"], hash_),
        "receipt_id": (found["receipt_id"], f"{body.id}/{body.version}"),
        "kind": (held["kind"], body.kind.value),
        "limits": (held["limits"], limits(grant)),
        "purposes": ([each["purpose_type"] for each in purposes], sorted(body.purposes)),
        "party_identification": (controllers, sorted(body.agencies)),
        "services": (
            [each["services"] for each in purposes],
            [[{"service": use.value, "words": USE_WORDS[use]} for use in sorted(body.uses)]]
            * len(purposes),
        ),
        "pii_controllers": (
            [each["pii_controllers"] for each in purposes],
            [sorted(body.agencies)] * len(purposes),
        ),
    }
    return [name for name, (written, sealed) in said.items() if written != sealed]


def _check_access(text: str, policy: Path) -> tuple[bool, str]:
    try:
        checked = receipts.check(receipts.Receipt.parse(text), trust.load(policy).policy)
    except (OSError, ValueError) as error:
        return False, f"This receipt does not hold: {error}."
    entry = checked.entry
    return True, (
        f"The log held this at {checked.checkpoint.size} entries: {entry.act.value} on "
        f"{entry.on.kind} {entry.on.id}, {entry.at.isoformat()}, by {entry.actor.agency}: "
        f"{entry.reason or 'no reason'}."
    )
