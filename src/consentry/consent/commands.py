"""`consentry owner`: keys, seals, words and receipts for an owner without a browser.

Everything is sealed here, with a key that never leaves this machine. Exit codes: 0 done, 1 the
hub refused, 2 the question itself is wrong, 3 the hub cannot be reached, 4 a receipt does not
hold, 5 not confirmed.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from .bodies import Body
    from .owner_client import HubClient

DONE, REFUSED, USAGE, UNREACHABLE, NOT_HELD, UNCONFIRMED = range(6)
ACCESSES_MAX: Final = 10_000
EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 the hub refused, 2 the question itself is wrong, 3 the hub cannot be "
    "reached, 4 a receipt does not hold, 5 not confirmed."
)
REPEATED_TERMS: Final = {
    "agency": "the id of who may ask",
    "use": "such as live or playback",
    "purpose": "such as life_safety",
    "incident-type": "such as fire",
    "hours": "such as 'mon-fri 22:00-06:00'",
}
PLAIN_TERMS: Final = {
    "kind": "registry, ask, owner_emergency, incident, schedule or always",
    "from": "when it begins, such as 2026-11-20T15:00:00Z",
    "until": "when it ends, at most 366 days later",
    "tz": "of the hours, such as Europe/Berlin",
    "masks": "the hash of the masks",
    "agency-key": "the key that must sign each entry",
}
COUNTED_TERMS: Final = {
    "radius-m": "metres around an incident",
    "max-session-s": "seconds that one look may last",
}


def add_commands(subparsers: Any) -> None:
    owner = subparsers.add_parser(
        "owner", help="seal, stop and check as the owner of cameras", epilog=EXIT_CODES
    )
    acts = owner.add_subparsers(metavar="ACT", required=True)
    _add_key(acts)
    _add_seals(acts)
    _add_readers(acts)


def _add_key(acts: Any) -> None:
    key = acts.add_parser("key", help="make a key, or register it with a hub")
    steps = key.add_subparsers(metavar="STEP", required=True)
    new = steps.add_parser("new", help="make a key and write its recovery file", epilog=EXIT_CODES)
    new.add_argument("--out", type=Path, required=True, metavar="FILE", help="must not exist yet")
    new.add_argument("--passphrase-file", type=Path, metavar="FILE", help="none: it is asked for")
    new.set_defaults(run=_told(_key_new))
    register = steps.add_parser("register", help="pin your first key", epilog=EXIT_CODES)
    _add_hub(register)
    register.add_argument(
        "--token-file", type=Path, required=True, metavar="FILE", help="of a signed-in session"
    )
    register.set_defaults(run=_told(_key_register))


def _add_seals(acts: Any) -> None:
    seal = acts.add_parser("seal", help="seal a grant", epilog=EXIT_CODES)
    seal.add_argument("description", nargs="?", type=Path, metavar="FILE", help="TOML or JSON")
    for name, words in REPEATED_TERMS.items():
        seal.add_argument(f"--{name}", action="append", default=[], help=f"{words}; repeatable")
    for name, words in PLAIN_TERMS.items():
        seal.add_argument(f"--{name}", default="", help=words)
    for name, words in COUNTED_TERMS.items():
        seal.add_argument(f"--{name}", type=int, help=words)
    seal.add_argument("--grant", default="", metavar="ID", help="a new version of this grant")
    revoke = acts.add_parser("revoke", help="withdraw a grant, for good", epilog=EXIT_CODES)
    revoke.add_argument("--grant", default="", metavar="ID", help="none: all of the camera")
    pause = acts.add_parser("pause", help="stop sharing at once", epilog=EXIT_CODES)
    resume = acts.add_parser("resume", help="end a stop", epilog=EXIT_CODES)
    answer = acts.add_parser("answer", help="say yes or no to an ask", epilog=EXIT_CODES)
    answer.add_argument("--ask", required=True, metavar="ID")
    answer.add_argument("--no", action="store_true", help="decline; a yes is sealed")
    for name in ("from", "until"):
        answer.add_argument(f"--{name}", default="", help="a part of the window, or all of it")
    for parser, run in (
        (seal, _seal),
        (revoke, _revoke),
        (pause, _pause),
        (resume, _resume),
        (answer, _answer),
    ):
        _add_hub(parser)
        parser.add_argument("--camera", required=True, metavar="ID")
        parser.add_argument("--yes", action="store_true", help="do not ask before sealing")
        parser.set_defaults(run=_told(run), sealing=True)


def _add_readers(acts: Any) -> None:
    accesses = acts.add_parser("accesses", help="who looked, when and why", epilog=EXIT_CODES)
    _add_hub(accesses)
    accesses.add_argument("--limit", type=int, default=50)
    accesses.add_argument("--receipts", type=Path, metavar="DIR", help="keep their receipts there")
    accesses.set_defaults(run=_told(_accesses))
    words = acts.add_parser("words", help="the six words to compare at the box", epilog=EXIT_CODES)
    _add_hub(words)
    words.add_argument("--edge-key", required=True, metavar="KEY", help="as the box shows it")
    words.set_defaults(run=_told(_words))
    verify = acts.add_parser("verify", help="check a receipt without the hub", epilog=EXIT_CODES)
    verify.add_argument("receipt", type=Path, metavar="FILE")
    verify.add_argument("--policy", type=Path, metavar="FILE", help="a trust.json that you hold")
    verify.add_argument("--owner-key", default="", metavar="KEY", help="the key that must seal")
    verify.set_defaults(run=_told(_verify))


def _add_hub(parser: Any) -> None:
    parser.add_argument("--url", required=True, help="of the hub, such as https://hub.example")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="your key")
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="the hub's own authority")


Command = Callable[[argparse.Namespace], int]


def _told(run: Command) -> Command:
    """Failures as plain text on the error stream, with the next step and an exit code."""

    def told(args: argparse.Namespace) -> int:
        from consentry.kernel.errors import InvalidError

        from .owner_client import OwnerError

        try:
            return run(args)
        except OwnerError as error:
            print(error, file=sys.stderr)
            return error.code
        except InvalidError as error:
            for fault in error.faults:
                limit = f" (limit: {fault.limit})" if fault.limit else ""
                print(f"{fault.field}: {fault.message}{limit}", file=sys.stderr)
            nothing = "Nothing was sealed. " if getattr(args, "sealing", False) else ""
            print(f"{nothing}Correct this and try again.", file=sys.stderr)
            return USAGE

    return told


@dataclass(frozen=True)
class _Signed:
    """A signed-in owner with their key."""

    hub: "HubClient"
    key: "Ed25519PrivateKey"

    @classmethod
    def of(cls, args: argparse.Namespace) -> "_Signed":
        from .owner_client import HubClient, load_key

        key = load_key(args.key, args.passphrase_file)
        hub = HubClient.at(args.url, args.ca)
        hub.sign_in(key)
        return cls(hub, key)


def _key_new(args: argparse.Namespace) -> int:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from consentry.infra.system import randomness

    from .keyfile import NONCE_BYTES, SALT_BYTES, write_keyfile
    from .owner_client import OwnerError, read_passphrase

    passphrase = read_passphrase(args.passphrase_file)
    if not passphrase:
        raise OwnerError("An empty passphrase protects nothing. Choose one.", USAGE)
    key = Ed25519PrivateKey.generate()
    data = write_keyfile(key, passphrase, randomness(SALT_BYTES), randomness(NONCE_BYTES))
    try:
        handle = os.open(args.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        words = f"{args.out} cannot be made: {error.strerror}. Name another file with --out."
        raise OwnerError(words, USAGE) from error
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    print(f"Your public key: {key.public_key().public_bytes_raw().hex()}")
    print(f"The key is in {args.out}. Keep it and the passphrase apart; nobody can restore them.")
    print("Next: consentry owner key register, then compare the six words at the box.")
    return DONE


def _key_register(args: argparse.Namespace) -> int:
    from .owner_client import HubClient, load_key, read_passphrase
    from .sealing import key_claim

    key = load_key(args.key, args.passphrase_file)
    hub = HubClient.at(args.url, args.ca)
    hub.use_token(read_passphrase(args.token_file))
    public = key.public_key().public_bytes_raw().hex()
    party = str(hub.get("/api/session")["party_id"])
    proof = key.sign(key_claim(str(hub.get("/api/trust")["origin"]), party, public)).hex()
    hub.post("/api/owner/keys", {"key": public, "proof": proof})
    print(f"The hub has pinned {public}.")
    print("Next: consentry owner words, and compare them at the box.")
    return DONE


def _seal(args: argparse.Namespace) -> int:
    from consentry.infra.system import fresh_id

    from .grant_files import read_file, terms_of

    described = {} if args.description is None else read_file(args.description)
    described |= _flags(args)
    signed = _Signed.of(args)
    held = signed.hub.get(f"/api/cameras/{args.camera}/consent")
    grant_id = args.grant or str(described.get("id") or fresh_id())
    newest = max((g["version"] for g in held["grants"] if g["id"] == grant_id), default=0)
    return _send(args, signed, held, terms_of(described, grant_id=grant_id, version=newest + 1))


def _flags(args: argparse.Namespace) -> dict[str, Any]:
    """The flags that were given; each beats the file."""
    from .owner_client import public_key

    lists = {
        "agencies": args.agency,
        "uses": args.use,
        "purposes": args.purpose,
        "incident_types": args.incident_type,
        "hours": args.hours,
    }
    plain = {
        "kind": args.kind,
        "from": getattr(args, "from"),
        "until": args.until,
        "tz": args.tz,
        "masks": args.masks,
        "agency_key": args.agency_key and public_key("--agency-key", args.agency_key),
        "radius_m": args.radius_m,
        "max_session_s": args.max_session_s,
    }
    return {name: value for name, value in (lists | plain).items() if value not in (None, "", [])}


def _revoke(args: argparse.Namespace) -> int:
    from consentry.kernel.ids import GrantId

    from .bodies import Revocation
    from .owner_client import checked_id

    grant_id = GrantId(checked_id("--grant", args.grant)) if args.grant else None
    return _seal_body(args, Revocation(grant_id=grant_id))


def _pause(args: argparse.Namespace) -> int:
    from .bodies import PauseNow

    return _seal_body(args, PauseNow())


def _resume(args: argparse.Namespace) -> int:
    from .bodies import Resumption

    signed = _Signed.of(args)
    held = signed.hub.get(f"/api/cameras/{args.camera}/consent")
    return _send(args, signed, held, Resumption(settles=tuple(held["closed_by"])))


def _seal_body(args: argparse.Namespace, body: "Body") -> int:
    signed = _Signed.of(args)
    return _send(args, signed, signed.hub.get(f"/api/cameras/{args.camera}/consent"), body)


def _answer(args: argparse.Namespace) -> int:
    from .owner_client import OwnerError

    signed = _Signed.of(args)
    waiting = signed.hub.items("/api/owner/asks", ACCESSES_MAX)
    found = [w for w in waiting if (w["ask_id"], w["camera_id"]) == (args.ask, args.camera)]
    if not found:
        raise OwnerError("No such ask waits for you. List them at /api/owner/asks.", REFUSED)
    if args.no:
        signed.hub.post(f"/api/owner/asks/{args.ask}/cameras/{args.camera}/refusal", {})
        print("Declined. It stays declined, however often it is asked.")
        return DONE
    held = signed.hub.get(f"/api/cameras/{args.camera}/consent")
    return _send(args, signed, held, _answer_body(args, found[0]))


def _answer_body(args: argparse.Namespace, ask: Mapping[str, Any]) -> "Body":
    """The whole window unless a part is named; for the picture of now, until the ask lapses."""
    from .bodies import StatementType, read_body
    from .reading import Fields

    window = ask["window"] or {"from": ask["asked_at"], "until": ask["lapses_at"]}
    parts = {
        "ask": ask["ask_id"],
        "agency": ask["agency_id"],
        "use": ask["use"],
        "purpose": ask["purpose"],
        "from": getattr(args, "from") or _second(window["from"]),
        "until": args.until or _second(window["until"]),
        "not_after": _second(ask["lapses_at"]),
    }
    return read_body(StatementType.ANSWER, Fields(parts))


def _second(text: str) -> str:
    """An instant as the hub writes it, as seals write it: whole seconds in UTC."""
    from datetime import datetime

    from consentry.kernel.clock import to_text

    return to_text(datetime.fromisoformat(text))


def _send(args: argparse.Namespace, signed: _Signed, held: Mapping[str, Any], body: "Body") -> int:
    """Show what is promised, seal it here, send it."""
    from consentry.infra.system import SystemClock

    from .owner_client import confirmed
    from .plain_words import in_words
    from .sealing import next_statement
    from .statements import seal, write_envelope

    print("\n".join(in_words(body, {})))
    if not args.yes and not confirmed():
        print("Nothing was sealed.", file=sys.stderr)
        return UNCONFIRMED
    statement = next_statement(held, body, SystemClock().now())
    envelope = write_envelope(seal(statement, signed.key))
    taken = signed.hub.post(f"/api/cameras/{args.camera}/statements", envelope)
    print(f"Sealed as number {taken['seq']}, {taken['hash']}.")
    print(taken["words"])
    return DONE


def _accesses(args: argparse.Namespace) -> int:
    import json

    signed = _Signed.of(args)
    found = signed.hub.items("/api/owner/accesses", max(1, min(args.limit, ACCESSES_MAX)))
    for one in found:
        who = f"{one['person']}, {one['agency']}" if one["hidden_until"] is None else "delayed"
        print(f"{one['at']}  {one['decision']:<19}  {one['camera_id']}  {who}")
        print(
            f"    {one['use'] or ''} {one['purpose'] or ''}  {one['why']}  {one['words']}".rstrip()
        )
        if args.receipts is not None and one["hidden_until"] is None:
            receipt = signed.hub.get(f"/api/owner/accesses/{one['entry_id']}/receipt")["receipt"]
            args.receipts.mkdir(parents=True, exist_ok=True)
            path = args.receipts / f"{one['entry_id']}.json"
            path.write_text(json.dumps(receipt, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(f"{len(found)} accesses.")
    return DONE


def _words(args: argparse.Namespace) -> int:
    from consentry.audit import notes

    from .owner_client import HubClient, load_key, public_key
    from .words import Pinned, six_words

    edge_key = public_key("--edge-key", args.edge_key)
    key = load_key(args.key, args.passphrase_file)
    trust = HubClient.at(args.url, args.ca).get("/api/trust")
    pinned = Pinned(
        origin=str(trust["origin"]),
        owner_key=key.public_key().public_bytes_raw().hex(),
        edge_key=edge_key,
        log_key=notes.VerifierKey.parse(str(trust["log_key"])).key.hex(),
        ticket_key=str(trust["ticket_key"]),
    )
    print(six_words(pinned))
    print("Type these at the box. If it refuses them, somebody stands between you: share nothing.")
    return DONE


def _verify(args: argparse.Namespace) -> int:
    from .owner_client import public_key
    from .receipt_check import check_file

    owner_key = args.owner_key and public_key("--owner-key", args.owner_key)
    held, words = check_file(args.receipt, args.policy, owner_key)
    print(words, file=sys.stdout if held else sys.stderr)
    return DONE if held else NOT_HELD
