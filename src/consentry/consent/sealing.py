"""What an owner's own device puts together: the next statement of a camera, the claim of a key."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from consentry.kernel import canonical
from consentry.kernel.ids import CameraId

from .bodies import (
    AnswerTerms,
    Body,
    Delegation,
    GrantTerms,
    PauseNow,
    PreviewNow,
    Resumption,
    Revocation,
    Rotation,
    Sharing,
    StatementType,
)
from .masks import Masks
from .statements import Statement

KEY_PREFIX: Final = b"consentry/owner-key/v1\n"
"""What a key signs to show that whoever registers it holds it."""

TYPES: Final[Mapping[type, StatementType]] = {
    GrantTerms: StatementType.GRANT,
    Revocation: StatementType.REVOKE,
    PauseNow: StatementType.PAUSE,
    Resumption: StatementType.RESUME,
    Sharing: StatementType.SHARE_NOW,
    AnswerTerms: StatementType.ANSWER,
    PreviewNow: StatementType.PREVIEW,
    Masks: StatementType.MASKS,
    Delegation: StatementType.DELEGATE,
    Rotation: StatementType.ROTATE,
}


def next_statement(held: Mapping[str, Any], body: Body, at: datetime) -> Statement:
    """The statement that follows on what the hub says of a camera (`/api/cameras/…/consent`)."""
    return Statement(
        type=TYPES[type(body)],
        hub=str(held["hub"]),
        camera_id=CameraId(str(held["camera_id"])),
        seq=int(held["seq"]) + 1,
        prev=str(held["head"]),
        issued_at=at,
        body=body,
    )


def key_claim(hub: str, party_id: str, key: str) -> bytes:
    return KEY_PREFIX + canonical.encode({"hub": hub, "party": party_id, "key": key})
