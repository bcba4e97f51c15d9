"""A witness cosigns what extends all it saw, refuses a fork, and forgets nothing."""

import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from consentry.audit.jobs import Asked, gather
from consentry.audit.log import Log
from consentry.audit.merkle import Frontier, Tree, expand, leaf_hash
from consentry.audit.notes import (
    Checkpoint,
    Note,
    VerifierKey,
    parse_signatures,
    sign,
    verifier,
    witnesses,
)
from consentry.audit.trust import Vault
from consentry.audit.witness import SIZE_TYPE, Addition, Witness
from consentry.audit.witnessing import look, make_server
from consentry.infra.db import Database
from tests.kit.chance import VirtualClock
from tests.kit.databases import Databases

from .builders import ORIGIN, filled, write
from .keys import LOG_PRIVATE, OTHER_PRIVATE
from .test_tampering import run
from .test_verification import served

LOG = verifier(ORIGIN, LOG_PRIVATE)


def a_witness(folder: Path, log: VerifierKey = LOG) -> Witness:
    return Witness("w1.example", folder, [log], VirtualClock())


def tree(size: int, flavour: str = "") -> Tree:
    hashes = [leaf_hash(f"{flavour}{i}".encode()) for i in range(size)]
    frontier, _ = Frontier().append(hashes)
    return Tree(size, lambda level, _number, _width: expand(frontier.rows[level]))


def added(old: int, new: int, flavour: str = "") -> str:
    grown = tree(new, flavour)
    note = sign(Checkpoint(ORIGIN, new, grown.root()), LOG_PRIVATE)
    return Addition(old, grown.consistency(old), str(note)).to_text()


def test_it_follows_a_log_and_signs_each_step(tmp_path: Path) -> None:
    witness = a_witness(tmp_path)
    for old, new in ((0, 5), (5, 5), (5, 90), (90, 200)):
        answer = witness.add(added(old, new))
        assert answer.status == 200, answer.body
        note = Note.parse(added(old, new).partition("\n\n")[2])
        signed = note.joined(parse_signatures(answer.body))
        assert list(witnesses(signed, [witness.verifier])) == ["w1.example"]


def test_it_remembers_over_a_restart(tmp_path: Path) -> None:
    assert a_witness(tmp_path).add(added(0, 50)).status == 200
    again = a_witness(tmp_path)
    assert again.seen(ORIGIN).size == 50
    answer = again.add(added(0, 60))
    assert (answer.status, answer.body, answer.media_type) == (409, "50\n", SIZE_TYPE)
    assert again.add(added(50, 60)).status == 200


@pytest.mark.parametrize(("new", "status"), [(50, 409), (60, 422)])
def test_it_refuses_another_history(tmp_path: Path, new: int, status: int) -> None:
    witness = a_witness(tmp_path)
    witness.add(added(0, 50))
    assert witness.add(added(50, new, "forked ")).status == status
    assert witness.seen(ORIGIN).hash == tree(50).root()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("old x\n\nnote", 400),
        ("old 1\n", 400),
        (added(0, 5).replace("old 0\n", "old 9\n"), 400),
        (added(0, 5).replace("old 0\n", "old 0\nAAAA\n"), 400),
        (added(0, 5).replace("old 0\n", "old 0\n" + "A" * 43 + "=\n"), 422),
        (added(0, 5).replace("\n5\n", "\n6\n"), 403),
        (added(0, 5).replace(ORIGIN, "other.test/log"), 404),
    ],
)
def test_it_says_what_is_wrong(tmp_path: Path, text: str, status: int) -> None:
    assert a_witness(tmp_path).add(text).status == status


def test_a_log_signed_by_a_stranger_is_refused(tmp_path: Path) -> None:
    note = sign(Checkpoint(ORIGIN, 5, tree(5).root()), OTHER_PRIVATE)
    assert a_witness(tmp_path).add(Addition(0, [], str(note)).to_text()).status == 403


@pytest.mark.anyio
async def test_the_hub_collects_signatures_and_serves_them(
    sqlite: Database, tmp_path: Path
) -> None:
    log = filled(sqlite, tmp_path, 30)
    witness = a_witness(tmp_path / "w", log.policy.log)
    log._vault.set_policy((witness.verifier,), 1)
    with make_server(witness, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        asked = [Asked(url), Asked("http://127.0.0.1:9")]
        async with httpx.AsyncClient(timeout=5) as client:
            nonsense = await client.post(f"{url}/add-checkpoint", content=b"\xff")
            assert nonsense.status_code == 400
            assert (await client.post(f"{url}/other", content=b"")).status_code == 404
            assert await gather(log, asked, client) == 1
            write(sqlite, 5)
            log.advance()
            assert await gather(log, [Asked(url)], client) == 1  # told its size by a 409
        server.shutdown()
        thread.join()
    public = Note.parse(log.public())
    assert "\n35\n" in public.text
    assert list(witnesses(public, [witness.verifier])) == ["w1.example"]
    assert log.newest() == log.public()


def test_one_look_at_a_hub_signs_or_refuses(sqlite: Database, tmp_path: Path) -> None:
    log = filled(sqlite, tmp_path, 30)
    witness = a_witness(tmp_path / "w", log.policy.log)
    with served(log) as url:
        code, words = look(witness, url, log.policy.log)
        assert (code, len(parse_signatures(words))) == (0, 1)
    other = filled_elsewhere(tmp_path, log)
    with served(other) as url:
        code, words = look(witness, url, log.policy.log)
        assert code == 1
        assert words.startswith("refused: saw 30 entries")
    assert look(witness, "http://127.0.0.1:9", log.policy.log)[0] == 3


def filled_elsewhere(tmp_path: Path, log: Log) -> Log:
    """A second history under the same key."""
    folder = tmp_path / "fork"
    (folder / "keys").mkdir(parents=True)
    (folder / "keys/log.pem").write_bytes((tmp_path / "keys/log.pem").read_bytes())
    trust = replace(log._vault.trust, newest="", public="")
    (folder / "trust.json").write_text(trust.to_json())
    return filled(Databases(None, folder).make(), folder, 30)


def test_the_command_shows_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vault = Vault.open(tmp_path, ORIGIN)
    policy = tmp_path / "trust.json"
    asked = ["--state", tmp_path / "w", "--name", "w1.example", "--policy", policy]
    assert run("witness", *asked, "--show-key") == 0
    key = a_witness(tmp_path / "w", vault.trust.policy.log).verifier
    assert capsys.readouterr().out == f"{key}\n"
    assert run("witness", *asked, "--url", "http://127.0.0.1:9") == 3
    assert run("witness", *asked, "--listen", "nonsense") == 64
