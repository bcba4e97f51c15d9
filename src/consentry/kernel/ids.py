"""Identities as distinct types over one text form, a UUID version 7 (RFC 9562, section 5.7)."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final, NewType

CameraId = NewType("CameraId", str)
EdgeId = NewType("EdgeId", str)
EntryId = NewType("EntryId", str)
GrantId = NewType("GrantId", str)
AskId = NewType("AskId", str)
IncidentId = NewType("IncidentId", str)
JobId = NewType("JobId", str)
PartyId = NewType("PartyId", str)
"""An agency, a household or a business: whoever can own cameras or ask for them."""
PersonId = NewType("PersonId", str)
SessionId = NewType("SessionId", str)
TicketId = NewType("TicketId", str)

ID_PATTERN: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_ID = re.compile(ID_PATTERN)

IdSource = Callable[[], str]
"""Gives a fresh identity. Passed in, so that a test or a simulation can choose them."""

Randomness = Callable[[int], bytes]
"""Gives that many unpredictable bytes."""


def new_id(at: datetime, noise: bytes) -> str:
    """A UUIDv7 from an instant and ten random bytes. Ids sort by time, to the millisecond."""
    millis = int(at.timestamp() * 1000)
    body = bytearray(millis.to_bytes(6, "big") + noise[:10])
    body[6] = 0x70 | (body[6] & 0x0F)
    body[8] = 0x80 | (body[8] & 0x3F)
    text = body.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None
