"""`consentry audit verify`: a folder, a hub, a bundle, a receipt; each exit code and its words."""

import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cryptography
import pytest

from consentry.audit import LoggedAct, Receipt, Subject
from consentry.audit.bundles import write_bundle
from consentry.audit.layout import TilePath, bundle, unbundle
from consentry.audit.log import Log
from consentry.audit.merkle import leaf_hash
from consentry.audit.notes import WITNESS_KEY, Checkpoint, Note, cosign, sign, verifier
from consentry.audit.ports import Kept
from consentry.audit.store import SqlEntries, SqlLedger, SqlShelf
from consentry.audit.trust import Vault
from consentry.infra.db import Database, metadata
from consentry.kernel.errors import ConsentryError, NotFoundError
from tests.kit.chance import VirtualClock

from .builders import AGENCY, ORIGIN, a_log, an_entry, salts, write
from .keys import OTHER_PRIVATE, SECOND_WITNESS_PRIVATE, WITNESS_PRIVATE
from .test_tampering import run

ROOT = Path(__file__).parents[2]
Said = pytest.CaptureFixture[str]
WITNESS = verifier("w1.example", WITNESS_PRIVATE, WITNESS_KEY)
SECOND_WITNESS = verifier("w2.example", SECOND_WITNESS_PRIVATE, WITNESS_KEY)


class Data:
    """A data folder with a hub's log in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(f"sqlite:///{folder / 'consentry.db'}")
        metadata.create_all(self.database.engine)
        self.log = a_log(self.database, folder)
        self.trust = folder / "trust.json"

    def grow(self, count: int) -> None:
        write(self.database, count)
        while self.log.advance():
            pass

    def bundle(self, path: Path) -> Path:
        def between(start: int, end: int) -> Sequence[Kept]:
            return self.database.read_now(lambda tx: SqlShelf(tx).between(AGENCY, start, end))

        with path.open("wb") as file:
            write_bundle(self.log, file, between)
        return path

    def receipt(self, path: Path, position: int) -> Path:
        (kept,) = self.database.read_now(
            lambda tx: SqlShelf(tx).between(AGENCY, position, position + 1)
        )
        proven = self.log.inclusion(position)
        receipt = Receipt(
            body=kept.body,
            salt=kept.salt,
            position=position,
            inclusion=proven.inclusion,
            checkpoint=proven.checkpoint,
        )
        path.write_text(receipt.to_json())
        return path


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Data]:
    folder = tmp_path / "data"
    folder.mkdir()
    made = Data(folder)
    made.grow(300)
    yield made
    made.database.close()


@contextmanager
def served(log: Log) -> Iterator[str]:
    """The public part of a hub, over HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/log/")
            try:
                body = log.public().encode() if name == "checkpoint" else self._tile(name)
            except (NotFoundError, ValueError):
                self.send_error(404)
                return
            except ConsentryError:
                self.send_error(503)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def _tile(self, name: str) -> bytes:
            path = TilePath.parse(name.removeprefix("tile/"))
            return log.tile(path, log.public_size)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_hub_verifies_as_everybody_reads_it(data: Data, capsys: Said) -> None:
    with served(data.log) as url:
        assert run("verify", "--url", url, "--policy", data.trust) == 0
        said = capsys.readouterr().out
        assert "All 300 leaves" in said
        assert "not proved: The entries themselves are not in this copy" in said
        wrong = data.folder / "other.json"
        policy = data.trust.read_text().replace(str(data.log.policy.log), str(_other_key()))
        wrong.write_text(policy.replace(data.log.newest(), ""))
        assert run("verify", "--url", url, "--policy", wrong) == 1
    assert run("verify", "--url", "http://127.0.0.1:9", "--policy", data.trust) == 3


def _other_key() -> object:
    return verifier(ORIGIN, OTHER_PRIVATE)


def test_what_is_not_published_yet_is_not_called_missing(
    data: Data, tmp_path: Path, capsys: Said
) -> None:
    clock = VirtualClock()
    vault = Vault.open(data.folder, ORIGIN)
    public = vault.trust.public
    late = Log(data.database, SqlLedger, vault, clock, delay=timedelta(minutes=15))
    late.open()
    write(data.database, 7)
    late.advance()
    since = tmp_path / "since"
    since.write_text(late.newest())
    assert Note.parse(public).text == Note.parse(late.public()).text
    with served(late) as url:
        assert run("verify", "--url", url, "--policy", data.trust) == 0
        assert "not yet published" in capsys.readouterr().out
        assert run("verify", "--url", url, "--policy", data.trust, "--since", since) == 3


def test_a_bundle_verifies_and_a_changed_one_does_not(
    data: Data, tmp_path: Path, capsys: Said
) -> None:
    whole = data.bundle(tmp_path / "log.zip")
    assert run("verify", "--bundle", whole, "--policy", data.trust) == 0
    assert "300 entries in this copy fit their leaves" in capsys.readouterr().out
    changes: dict[str, Callable[[bytes], bytes | None]] = {
        "tile/0/000": lambda old: old[:-1] + bytes([old[-1] ^ 1]),
        "tile/1/000.p/1": lambda _: None,
        "tile/entries/001.p/44": lambda old: old[:-35],
        "tile/entries/000": lambda old: old + old[:35],
        "checkpoint": lambda old: old.replace(b"\n300\n", b"\n299\n"),
        "private/000000000000.jsonl": lambda old: old.replace(b"smoke", b"smoky", 1),
    }
    for name, change in changes.items():
        copy = rewritten(whole, tmp_path / "changed.zip", {name: change})
        assert run("verify", "--bundle", copy, "--policy", data.trust) in (1, 3), name


def rewritten(
    source: Path, target: Path, changes: dict[str, Callable[[bytes], bytes | None]]
) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content: bytes | None = old.read(name)
            if name in changes and content is not None:
                content = changes[name](content)
            if content is not None:
                new.writestr(name, content)
    return target


def test_a_leaf_forged_together_with_its_tile_is_found(data: Data, tmp_path: Path) -> None:
    """CVE-2026-56865: both halves that a reader compares say the same, and both are false."""
    whole = data.bundle(tmp_path / "log.zip")

    def forged(old: bytes) -> list[bytes]:
        leaves = unbundle(old)
        return [*leaves[:10], b"\x01" + b"f" * 32, *leaves[11:]]

    with zipfile.ZipFile(whole) as original:
        leaves = forged(original.read("tile/entries/000"))
    changes: dict[str, Callable[[bytes], bytes | None]] = {
        "tile/entries/000": lambda _: bundle(leaves),
        "tile/0/000": lambda _: b"".join(map(leaf_hash, leaves)),
        "private/000000000000.jsonl": lambda _: None,
    }
    copy = rewritten(whole, tmp_path / "forged.zip", changes)
    assert run("verify", "--bundle", copy, "--policy", data.trust) == 1


def test_a_receipt_holds_offline_and_against_the_log(
    data: Data, tmp_path: Path, capsys: Said
) -> None:
    receipt = data.receipt(tmp_path / "receipt.json", 123)
    data.grow(20)
    assert run("verify", "--receipt", receipt, "--policy", data.trust) == 0
    assert "stood at 123 when the log had 300 entries: ask_permitted by mia" in _out(capsys)
    assert run("verify", "--data", data.folder, "--receipt", receipt) == 0
    text = receipt.read_text()
    for old, new in (
        ("smoke", "smoky"),
        ('"position": 123', '"position": 124'),
        ('"v": 1', '"v": 2'),
    ):
        receipt.write_text(text.replace(old, new))
        assert run("verify", "--receipt", receipt, "--policy", data.trust) in (1, 64)


def _out(capsys: Said) -> str:
    return capsys.readouterr().out


def test_two_receipts_of_one_place_prove_a_fork(data: Data, tmp_path: Path) -> None:
    receipt = data.receipt(tmp_path / "receipt.json", 299)
    other = tmp_path / "other"
    other.mkdir()
    shutil.copytree(data.folder / "keys", other / "keys")
    empty = replace(data.log._vault.trust, newest="", public="")
    (other / "trust.json").write_text(empty.to_json())
    fork = Data(other)
    fork.grow(320)
    assert run("verify", "--data", other) == 0  # alone, it looks like an honest log
    assert run("verify", "--data", other, "--receipt", receipt) == 2
    since = tmp_path / "since"
    since.write_text(data.log.newest())
    assert run("verify", "--data", other, "--since", since) == 2
    fork.database.close()


def test_a_missing_body_needs_its_erasure(data: Data, capsys: Said) -> None:
    with sqlite3.connect(data.folder / "consentry.db") as connection:
        connection.execute("DELETE FROM audit_entry WHERE n = 8")
    connection.close()
    assert run("verify", "--data", data.folder) == 3
    assert "The entry at 7 is missing, and no erasure names it." in _out(capsys)


@pytest.mark.parametrize(
    "change",
    [
        {"position": 8},
        {"leaf": "00"},
        {"confirmed_by": "ann"},
        {"confirmed_by": ""},
        {"position": "7"},
        {},
    ],
)
def test_only_a_whole_erasure_excuses_a_gap(data: Data, change: dict[str, object]) -> None:
    (leaf,) = data.database.read_now(lambda tx: SqlLedger(tx).leaves(7, 8))
    ticket = {"position": 7, "leaf": leaf.hex(), "requested_by": "ann", "confirmed_by": "ben"}
    entry = an_entry(
        act=LoggedAct.ENTRY_ERASED,
        on=Subject(kind="entry", id="x"),
        reason="court order",
        ticket=ticket | change,
    )
    data.database.write_now(lambda tx: SqlEntries(tx).add(entry, salts(32)))
    data.log.advance()
    with sqlite3.connect(data.folder / "consentry.db") as connection:
        connection.execute("DELETE FROM audit_entry WHERE n = 8")
    connection.close()
    assert run("verify", "--data", data.folder) == (3 if change else 0)


def test_a_quorum_is_held_against_the_policy(data: Data, capsys: Said) -> None:
    data.log._vault.set_policy((WITNESS, SECOND_WITNESS), 2)
    assert run("verify", "--data", data.folder) == 4
    assert "Fewer than 2 of 2 witnesses" in _out(capsys)
    note = Note.parse(data.log.newest())
    one = cosign(note.text, WITNESS.name, WITNESS_PRIVATE, 1_800_000_000)
    two = cosign(note.text, SECOND_WITNESS.name, SECOND_WITNESS_PRIVATE, 1_800_000_001)
    data.log.cosigned(note.joined([one]))
    assert run("verify", "--data", data.folder) == 4
    data.log.cosigned(note.joined([one, two]))
    data.grow(10)
    _out(capsys)
    assert run("verify", "--data", data.folder) == 0
    assert "Seen by w1.example, w2.example at 300 entries" in _out(capsys)


def test_a_folder_restored_from_an_older_copy_is_found(data: Data, tmp_path: Path) -> None:
    data.grow(1)
    data.database.close()
    older = tmp_path / "older"
    shutil.copytree(data.folder, older)
    again = Database(f"sqlite:///{data.folder / 'consentry.db'}")
    write(again, 5)
    a_log(again, data.folder).advance()
    again.close()
    shutil.copy(data.trust, older / "trust.json")
    assert run("verify", "--data", data.folder) == 0
    assert run("verify", "--data", older) == 1
    data.database = Database(f"sqlite:///{data.folder / 'consentry.db'}")


@pytest.mark.parametrize(
    "arguments",
    [[], ["--url", "http://x"], ["--bundle", "x.zip"], ["--data", "a", "--url", "b"]],
)
def test_a_wrong_question_is_told_apart_from_a_bad_log(arguments: list[str], capsys: Said) -> None:
    assert run("verify", *arguments) == 64
    assert re.search("--policy|one of", _out(capsys))


def test_nothing_there_is_incomplete(tmp_path: Path, capsys: Said) -> None:
    assert run("verify", "--data", tmp_path) == 3
    assert "trust.json is not there" in _out(capsys)


def test_a_database_that_is_none_is_altered(data: Data) -> None:
    broken = data.folder.parent / "broken"
    broken.mkdir()
    shutil.copy(data.trust, broken)
    (broken / "consentry.db").write_bytes(b"no database " * 1000)
    assert run("verify", "--data", broken) == 1


def test_the_verifier_needs_no_more_than_cryptography(data: Data) -> None:
    """It must run where no hub is installed: on an auditor's own machine."""
    program = (
        "import argparse, sys\n"
        "from consentry.audit.commands import add_commands\n"
        "parser = argparse.ArgumentParser()\n"
        "add_commands(parser.add_subparsers())\n"
        "asked = parser.parse_args()\n"
        "code = asked.run(asked)\n"
        "known = sys.stdlib_module_names | {'consentry', 'cryptography', '__main__'}\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "more = {r for r in roots - known if not r.startswith(('_', 'cython', 'sitecustomize'))}\n"
        "sys.exit(f'loaded {sorted(more)}' if more else code)\n"
    )
    command = [sys.executable, "-S", "-c", program, "audit", "verify", "--data", str(data.folder)]
    site = Path(cryptography.__file__).parents[1]
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{site}"}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr + ran.stdout


def test_a_head_signed_by_a_stranger_is_altered(data: Data) -> None:
    note = Note.parse(data.log.newest())
    foreign = sign(Checkpoint.parse(note.text), OTHER_PRIVATE)
    with sqlite3.connect(data.folder / "consentry.db") as connection:
        connection.execute("UPDATE audit_head SET note = ?", (str(foreign),))
    connection.close()
    assert run("verify", "--data", data.folder) == 1
