"""The test vectors of consent, made anew: `python -m tests.consent.vectors` writes them.

They are for other implementations: the edge and the browser. Every key in them is made of its
public name and guards nothing.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consentry.consent.bodies import PauseNow, Resumption, Revocation, Rotation, Sharing
from consentry.consent.fold import accept
from consentry.consent.lens import LensState
from consentry.consent.state import CameraState, Seen
from consentry.consent.statements import Envelope, encode_statement, seal, write_envelope
from consentry.consent.tickets import Ticket, encode_ticket, sign_ticket
from consentry.kernel.canonical import Json, encode
from consentry.kernel.clock import to_text
from consentry.kernel.ids import CameraId, EdgeId

from .hubs import (
    CAMERA,
    DAY,
    HOUR,
    HUB_KEY,
    MINUTE,
    NOON,
    OWNER_KEY,
    TICKET_KEY,
    Hub,
    a_fresh_camera,
    a_statement,
    an_id,
    granted,
    present,
    public,
    sealed,
    terms,
)
from .test_statements import BODIES

FOLDER = Path(__file__).parent.parent / "vectors" / "consent"
SEALS = 1_000
VALUES: list[Json] = [
    {},
    [],
    {"b": 1, "a": 2, "A": 3, "aa": 4},
    {"text": 'quote " backslash \\ slash / tab \t line \n'},
    {"text": "\u0001\u001f\u007f\u0080\u2028\u2029"},
    {"text": "Zürich, 東京, \U0001f4f7"},
    {"numbers": [0, -1, 2**53 - 1, -(2**53) + 1]},
    {"flags": [True, False]},
    {"deep": [[[{"x": [{}]}]]]},
]


def files() -> dict[str, Any]:
    return {
        "canonical.json": canonical(),
        "statements.json": statements(),
        "seals.json": seals(),
        "chains.json": chains(),
        "tickets.json": tickets(),
    }


def canonical() -> list[Any]:
    return [{"value": value, "bytes": encode(value).hex()} for value in VALUES]


def statements() -> list[Any]:
    """One of each kind, sealed by the owner."""
    return [
        {"type": each.type.value, **write_envelope(seal(each, OWNER_KEY))}
        for each in (a_statement(a_fresh_camera(), body) for body in BODIES)
    ]


def seals() -> list[Any]:
    """Many keys over many statements; in every fifth something is wrong."""
    made = []
    for number in range(SEALS):
        key = Ed25519PrivateKey.from_private_bytes(sha256(b"vector %d" % number).digest())
        body = BODIES[number % len(BODIES)]
        at = NOON + number * MINUTE if isinstance(body, PauseNow) else NOON
        data = encode_statement(a_statement(a_fresh_camera(), body, at, seq=number))
        signature = bytearray(key.sign(b"consentry/statement/v1\n" + data))
        if number % 5 == 4:
            signature[number % 64] ^= 1 << number % 8
        made.append(
            {
                "text": data.decode(),
                "key": public(key),
                "sig": bytes(signature).hex(),
                "ok": number % 5 != 4,
            }
        )
    return made


Step = tuple[Envelope, int, bool]


def chains() -> list[Any]:
    """Statements in the order in which they came, each with what became of it."""
    made = []
    for name, step in CHAINS.items():
        state, steps = a_fresh_camera(), []
        for make in step:
            envelope, minutes, confirmed = make(state)
            now = NOON + minutes * MINUTE
            outcome = accept(state, envelope, Seen(now=now, confirmed=confirmed))
            refused = outcome.rejection
            steps.append(
                {
                    "statement": write_envelope(envelope),
                    "seen_at": to_text(now),
                    "at_the_box": confirmed,
                    "reason": refused.reason.value if refused else "",
                    "effective_at": to_text(outcome.effective_at) if outcome.effective_at else "",
                }
            )
            state = outcome.state
        made.append(
            {"name": name, "hub": state.hub, "camera": CAMERA, "owner": public(OWNER_KEY)}
            | {"steps": steps}
        )
    return made


def _step(body: Any, minutes: int = 0, **changes: Any) -> Callable[[CameraState], Step]:
    confirmed = changes.pop("confirmed", False)

    def make(state: CameraState) -> Step:
        return sealed(state, body, NOON + minutes * MINUTE, **changes), minutes, confirmed

    return make


_GRANT = _step(terms(), confirmed=True)
CHAINS: dict[str, tuple[Callable[[CameraState], Step], ...]] = {
    "a first grant cools": (_step(terms()),),
    "narrower at once, wider after a day": (
        _GRANT,
        _step(terms(version=2, max_session_s=60), 1),
        _step(terms(version=3), 2),
    ),
    "pause and resume": (_GRANT, _step(PauseNow(), 1), _step(Resumption(), 2)),
    "a pause out of order counts": (_GRANT, _step(PauseNow(), 1, seq=9, prev="f" * 64)),
    "revoked is final": (_GRANT, _step(Revocation(), 1), _step(terms(version=2), 2)),
    "a share, and a second one the same day": (
        _GRANT,
        _step(Sharing(until=NOON + HOUR), 1),
        _step(Sharing(until=NOON + 2 * HOUR), 60),
    ),
    "a forged rotation": (_GRANT, _step(Rotation(key=public(HUB_KEY)), 1, key=HUB_KEY)),
    "a true rotation": (_GRANT, _step(Rotation(key=public(HUB_KEY)), 1)),
    "a grant of the hub's own": (_step(terms(), key=HUB_KEY),),
    "another hub": (_step(terms(), hub="other.example/log"),),
    "another camera": (_step(terms(), camera_id=CameraId(an_id(50))),),
    "a gap": (_GRANT, _step(Sharing(until=NOON + HOUR), seq=4)),
    "another history": (_GRANT, _step(Sharing(until=NOON + HOUR), prev="f" * 64)),
    "two with one place": (
        _GRANT,
        _step(Sharing(until=NOON + HOUR), 1),
        _step(Resumption(), 2, seq=2),
        _step(Resumption(), 3),
    ),
}


def tickets() -> list[Any]:
    """An edge that holds one grant, and tickets that it takes or refuses."""
    state = granted()
    pins = state.pins
    made = []
    for name, make in TICKETS.items():
        hub = Hub()
        ticket = make(hub, state)
        opened = present(state, ticket)
        made.append(
            {
                "name": name,
                "ticket": encode_ticket(ticket).decode(),
                "reason": opened.reason.value if opened.reason else "",
                "until": to_text(opened.permit.until) if opened.permit else "",
            }
        )
    edge = {
        "origin": pins.origin,
        "edge": pins.edge_id,
        "edge_key": pins.edge_key,
        "owner_key": pins.owner_key,
        "log_key": str(pins.log_key),
        "ticket_key": pins.ticket_key,
        "words": pins.words,
        "now": to_text(NOON),
        "at_the_box": [write_envelope(sealed(a_fresh_camera(), terms()))],
    }
    return [{"edge": edge, "tickets": made}]


def _honest(hub: Hub, state: LensState, **changes: Any) -> Ticket:
    return hub.ticket(state, hub.access(state, NOON, **changes))


def _changed(hub: Hub, state: LensState, **changes: Any) -> Ticket:
    return sign_ticket(replace(_honest(hub, state), **changes), TICKET_KEY)


TICKETS: dict[str, Callable[[Hub, LensState], Ticket]] = {
    "good": _honest,
    "another edge": lambda h, s: _honest(h, s, edge_id=EdgeId(an_id(50))),
    "an older seq": lambda h, s: _honest(h, s, seq=0),
    "a grant that is not held": lambda h, s: _honest(h, s, grant=None),
    "ended": lambda h, s: _honest(h, s, until=NOON),
    "longer than the seal": lambda h, s: _honest(h, s, until=NOON + DAY),
    "from long ago": lambda h, s: _honest(h, s, issued_at=NOON - HOUR),
    "signed by another": lambda h, s: sign_ticket(_honest(h, s), HUB_KEY),
    "another salt": lambda h, s: _changed(h, s, salt=b"t" * 32),
    "another size": lambda h, s: _changed(h, s, size=2),
    "a proof too many": lambda h, s: _changed(h, s, inclusion=(b"x" * 32,)),
    "a jump in the log": lambda h, s: _changed(h, s, consistency=(b"x" * 32,)),
    "no checkpoint": lambda h, s: _changed(h, s, checkpoint="nothing"),
}


def as_text(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(as_text(content))


if __name__ == "__main__":
    main()
