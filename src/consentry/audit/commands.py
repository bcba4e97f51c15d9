"""`consentry audit verify` and `consentry audit witness`. Needs only `cryptography`."""

import argparse
import contextlib
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from .copies import BundleCopy, DataCopy, FolderCopy, HubCopy
from .notes import Checkpoint, Note, opened
from .policy import Policy, Trust
from .receipts import Receipt
from .trust import FILE_NAME, load
from .verification import Copy, Finding, Known, Report, Verdict, verify, verify_receipt
from .witness import Witness
from .witnessing import look, make_server

USAGE: Final = 64
_TITLES: Final = {
    Verdict.GOOD: "GOOD",
    Verdict.ALTERED: "ALTERED",
    Verdict.FORKED: "FORKED",
    Verdict.INCOMPLETE: "INCOMPLETE",
    Verdict.UNWITNESSED: "TOO FEW WITNESSES",
}


def add_commands(subparsers: Any) -> None:
    audit = subparsers.add_parser("audit", help="verify and witness the log")
    commands = audit.add_subparsers(dest="audit_command", required=True)
    _add_verify(commands)
    _add_witness(commands)


def _add_verify(commands: Any) -> None:
    parser = commands.add_parser(
        "verify",
        help="check that nothing in the log was changed or dropped",
        description="Exit 0 good, 1 altered, 2 forked, 3 incomplete, 4 too few witnesses; "
        "64 if the question itself is wrong.",
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="a hub's data folder")
    parser.add_argument("--url", metavar="URL", help="a running hub, as everybody reads it")
    parser.add_argument(
        "--bundle", type=Path, metavar="FILE", help="an exported bundle, or a copy of DIR/log"
    )
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="whose keys count (a trust.json)"
    )
    parser.add_argument(
        "--since", type=Path, metavar="FILE", help="a checkpoint that you kept: nothing since gone?"
    )
    parser.add_argument("--receipt", type=Path, metavar="FILE", help="a receipt to check as well")
    parser.set_defaults(run=run_verify)


def _add_witness(commands: Any) -> None:
    parser = commands.add_parser(
        "witness",
        help="remember a log's checkpoints and cosign only what extends them",
        description="With --listen it answers POST /add-checkpoint; with --url it looks at a hub "
        "once. Exit 0 cosigned, 1 refused, 3 the hub cannot be read.",
    )
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="key and memory")
    parser.add_argument("--name", required=True, help="the witness's own name, as in a policy")
    parser.add_argument(
        "--policy", type=Path, required=True, metavar="FILE", help="names the log (a trust.json)"
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--listen", metavar="HOST:PORT", help="serve; port 0 picks a free one")
    how.add_argument("--url", metavar="URL", help="look once at this hub and print the cosignature")
    how.add_argument("--show-key", action="store_true", help="print the verifier key and stop")
    parser.set_defaults(run=run_witness)


def run_witness(args: argparse.Namespace) -> int:
    try:
        log = load(args.policy).policy.log
        witness = Witness(args.name, args.state, [log], _Clock())
        if args.show_key:
            print(witness.verifier)
            return 0
        if args.url:
            code, words = look(witness, args.url, log)
            print(words, end="")
            return code
        return _serve(witness, args.listen)
    except (OSError, ValueError) as error:
        return _wrong(str(error))


def _serve(witness: Witness, listen: str) -> int:
    host, _, port = listen.rpartition(":")
    with make_server(witness, host or "127.0.0.1", int(port)) as server:
        address = f"http://{host or '127.0.0.1'}:{server.server_address[1]}"
        print(f"ready {address} as {witness.verifier}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


class _Clock:
    """The real one, without the libraries that the hub's own comes with."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 at the edge of a command

    def monotonic(self) -> float:
        return time.monotonic()


def run_verify(args: argparse.Namespace) -> int:
    chosen = [name for name in ("data", "url", "bundle") if getattr(args, name) is not None]
    if len(chosen) > 1 or not (chosen or args.receipt):
        return _wrong("give one of --data, --url and --bundle, or --receipt with --policy")
    if args.policy is None and args.data is None:
        return _wrong("--url, --bundle and a receipt alone need --policy: a trust.json you hold")
    try:
        report = _verified(args)
    except Finding as found:
        report = Report([(found.verdict, str(found))])
    except sqlite3.Error as error:
        report = Report([(Verdict.ALTERED, f"The tables cannot be read: {error}.")])
    except (OSError, ValueError) as error:
        return _wrong(str(error))
    show(report)
    return int(report.verdict)


def _verified(args: argparse.Namespace) -> Report:
    # Read before the tables: a hub at work may go on in between, but never back.
    trust = _trust(args)
    receipt = Receipt.parse(args.receipt.read_text(encoding="utf-8")) if args.receipt else None
    known = _known(args, trust)
    if receipt is not None and args.data is args.url is args.bundle is None:
        return verify_receipt(receipt, trust.policy)
    return _judged(args, trust, known, receipt)


def _judged(
    args: argparse.Namespace, trust: Trust, known: list[Known], receipt: Receipt | None
) -> Report:
    columns = Report()
    copy = _copy(args, columns)
    cosigned = [trust.cosigned] if trust.cosigned else []
    report = verify(copy, trust.policy, known, cosigned)
    if isinstance(copy, DataCopy):
        copy.close()
        if copy.waiting:
            report.unproved.append(f"{copy.waiting} entries wait for their place in the log.")
    report.faults = [*columns.faults, *report.faults]
    if receipt is not None:
        added = verify_receipt(receipt, trust.policy, report.leaf(receipt.position))
        report.faults += added.faults
        report.proved += added.proved
    return report


def _trust(args: argparse.Namespace) -> Trust:
    path = args.policy or args.data / FILE_NAME
    if not path.is_file():
        raise Finding(Verdict.INCOMPLETE, f"{path} is not there: whose key should count?")
    try:
        return load(path)
    except ValueError as error:
        raise Finding(Verdict.ALTERED, f"{path}: {error}.") from error


def _known(args: argparse.Namespace, trust: Trust) -> list[Known]:
    whole = args.data is not None
    beyond = Verdict.ALTERED if whole else Verdict.GOOD
    known = [
        Known(whose, _checkpoint(note, trust.policy, whose), beyond)
        for whose, note in (
            ("the trust file", trust.newest),
            ("the public", trust.public),
            ("the witnesses", trust.cosigned),
        )
        if note
    ]
    if args.since is not None:
        note = args.since.read_text(encoding="utf-8")
        Note.parse(note)  # another file than a checkpoint is a slip of the hand, not a forged log
        since = _checkpoint(note, trust.policy, "--since")
        beyond = Verdict.ALTERED if whole else Verdict.INCOMPLETE
        known.append(Known("the keeper of --since", since, beyond))
    return known


def _checkpoint(text: str, policy: Policy, whose: str) -> Checkpoint:
    try:
        return opened(Note.parse(text), policy.log)
    except ValueError as error:
        words = f"The checkpoint of {whose} does not hold: {error}."
        raise Finding(Verdict.ALTERED, words) from error


def _copy(args: argparse.Namespace, report: Report) -> Copy:
    if args.data is not None:
        return DataCopy(args.data, report)
    if args.bundle is not None:
        return FolderCopy(args.bundle) if args.bundle.is_dir() else BundleCopy(args.bundle)
    return HubCopy(args.url)


def show(report: Report) -> None:
    """In words, ending with what was proved and what was not."""
    for verdict, words in report.faults:
        print(f"{_TITLES[verdict].lower()}: {words}")
    if report.left_out:
        print(f"... and {report.left_out} more of the kind")
    for words in report.proved:
        print(f"proved: {words}")
    for words in report.unproved:
        print(f"not proved: {words}")
    print(_TITLES[report.verdict])


def _wrong(words: str) -> int:
    print(f"consentry audit: {words}")
    return USAGE
