"""`consentry owner` from end to end: a key file, a real app behind it, and a plain answer."""

import argparse
import base64
import getpass
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from fastapi import APIRouter, FastAPI, Request

from consentry.consent.commands import add_commands
from consentry.consent.model import Kind, Span, Use
from consentry.consent.owner_client import HubClient
from consentry.infra.db import Database
from consentry.infra.web.guard import Api
from consentry.kernel import canonical
from consentry.kernel.access import ANYONE, Act, Principal
from tests.consent.hub import (
    AGENCY,
    CAMERA,
    HOUSE,
    KEY,
    OPERATOR,
    ORIGIN,
    OTHER_KEY,
    OWNER,
    FakeGate,
    World,
    app_of,
    draft,
    public,
)
from tests.kit import HOUR, MINUTE
from tests.kit.chance import VirtualClock

TOKEN = "css_test"


class Bridge(httpx.BaseTransport):
    """From a command without a loop to an app in one, with no socket between."""

    def __init__(self, app: FastAPI, portal: BlockingPortal) -> None:
        self._asgi = httpx.ASGITransport(app)
        self._portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._portal.call(self._handle, request)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asgi.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


@dataclass
class SignedInGate(FakeGate):
    """As identity's: whoever bears the token is the owner."""

    async def authenticate(self, request: Request) -> Principal:
        held = request.headers.get("authorization") == f"Bearer {TOKEN}"
        return replace(OWNER, stepped_up_at=self.clock.now()) if held else ANYONE


def sign_in_router() -> APIRouter:
    """Plays identity's challenge, with its real words."""
    api = Api("identity")

    @api.post("/api/sign-in/key/challenge", act=Act.SIGN_IN, status_code=201)
    async def challenge(body: dict[str, str]) -> dict[str, str]:
        assert base64.b64decode(body["key"])
        return {
            "challenge_id": "c1",
            "nonce": "n1",
            "origin": ORIGIN,
            "expires_at": "2026-11-20T12:02:00Z",
        }

    @api.post("/api/sign-in/key", act=Act.SIGN_IN, status_code=201)
    async def sign_in(body: dict[str, str]) -> dict[str, str]:
        said = {"challenge_id": "c1", "nonce": "n1", "origin": ORIGIN}
        message = b"consentry/owner-auth/v1\n" + canonical.encode(said)
        signature = base64.b64decode(body["signature"])
        try:
            KEY.public_key().verify(signature, message)
        except InvalidSignature:
            return {"token": "nobody"}
        return {"token": TOKEN}

    @api.get("/api/session", act=Act.READ_SELF)
    async def session() -> dict[str, str]:
        return {"party_id": HOUSE}

    return api.router


@dataclass
class Terminal:
    """One person at a terminal, with a key file and a hub that answers."""

    world: World
    folder: Path
    capture: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers())
        args = parser.parse_args(["owner", *words])
        code: int = args.run(args)
        told = self.capture.readouterr()
        return code, told.out, told.err

    def with_hub(self, *words: str, key: str = "owner.pem") -> tuple[int, str, str]:
        return self.run(*words, "--url", ORIGIN, "--key", str(self.folder / key))

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return str(path)


@pytest.fixture
def terminal(
    sqlite: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Terminal]:
    now = datetime.now(UTC).replace(microsecond=0)  # the commands seal by the real clock
    world = World(sqlite, VirtualClock(now + MINUTE))
    app = app_of(world)
    app.include_router(sign_in_router())
    app.state.gate = SignedInGate(world.database, world.clock)
    for name, key in (("owner.pem", KEY), ("other.pem", OTHER_KEY)):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / name).write_bytes(pem)
    with start_blocking_portal() as portal:
        client = httpx.Client(transport=Bridge(app, portal), base_url=ORIGIN)
        monkeypatch.setattr(HubClient, "at", lambda url, ca: HubClient(client))
        yield Terminal(world, tmp_path, capsys)


FLAGS = (
    *("--agency", AGENCY, "--use", "live", "--use", "clip", "--purpose", "life_safety"),
    *("--kind", "always", "--from", "2026-01-01T00:00:00Z", "--until", "2026-12-31T00:00:00Z"),
)


def consent_of(terminal: Terminal) -> Any:
    return terminal.world.consents.read_now(lambda c: c.owner.state(OWNER, CAMERA))


def year_flags(terminal: Terminal) -> tuple[str, ...]:
    """Flags of a grant that holds around the test's own now."""
    year = terminal.world.clock.now().year
    start, end = f"{year}-01-01T00:00:00Z", f"{year + 1}-01-01T00:00:00Z"
    head = FLAGS[: FLAGS.index("--from")]
    return (*head, "--from", start, "--until", end)


class TestKeys:
    def test_a_new_key_is_written_once_for_its_owner_alone(self, terminal: Terminal) -> None:
        secret = terminal.write("pass.txt", "correct horse\n")
        out = str(terminal.folder / "key.json")
        words = ("key", "new", "--out", out, "--passphrase-file", secret)
        code, told, _ = terminal.run(*words)
        assert code == 0
        assert json.loads(Path(out).read_text())["key"] in told
        assert Path(out).stat().st_mode & 0o777 == 0o600
        code, _, complaint = terminal.run(*words)
        assert code == 2
        assert "Name another file" in complaint

    @pytest.mark.parametrize("why", [EOFError, getpass.GetPassWarning])
    def test_with_nobody_to_type_a_passphrase_the_flag_is_named(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, why: type[Exception]
    ) -> None:
        def nobody(_prompt: str) -> str:
            raise why

        monkeypatch.setattr("getpass.getpass", nobody)
        out = terminal.folder / "key.json"
        code, _, complaint = terminal.run("key", "new", "--out", str(out))
        assert code == 2
        assert "Nobody is here to type" in complaint
        assert "--passphrase-file" in complaint
        assert not out.exists()

    def test_the_first_key_is_registered(self, terminal: Terminal) -> None:
        token = terminal.write("token", TOKEN)
        code, told, _ = terminal.with_hub("key", "register", "--token-file", token)
        assert (code, public(KEY) in told) == (0, True)
        code, _, complaint = terminal.with_hub("key", "register", "--token-file", token)
        assert code == 1
        assert "rotate" in complaint

    def test_a_wrong_passphrase_is_told(self, terminal: Terminal) -> None:
        secret = terminal.write("pass.txt", "one")
        out = str(terminal.folder / "key.json")
        terminal.run("key", "new", "--out", out, "--passphrase-file", secret)
        wrong = terminal.write("wrong.txt", "two")
        code, _, complaint = terminal.run(
            *("accesses", "--url", ORIGIN, "--key", out, "--passphrase-file", wrong)
        )
        assert code == 2
        assert "does not open this file" in complaint


class TestSeals:
    def test_flags_make_a_grant_in_plain_words(self, terminal: Terminal) -> None:
        terminal.world.pin()
        words = ("seal", "--camera", CAMERA, "--yes", *year_flags(terminal))
        code, told, _ = terminal.with_hub(*words)
        assert code == 0
        assert "watch the picture of now" in told
        assert "to protect life" in told
        grant = consent_of(terminal).grants[0]
        assert (grant.kind, grant.uses) == (Kind.ALWAYS, {Use.LIVE, Use.CLIP})
        again = terminal.with_hub(*words, "--grant", grant.id)
        assert again[0] == 0
        assert [g.version for g in consent_of(terminal).grants] == [1, 2]

    def test_a_file_makes_a_grant(self, terminal: Terminal) -> None:
        terminal.world.pin()
        year = terminal.world.clock.now().year
        path = terminal.write(
            "grant.toml",
            f"""
            agencies = ["{AGENCY}"]
            kind = "schedule"
            uses = ["live"]
            purposes = ["life_safety", "medical"]
            hours = ["mon-fri 22:00-06:00", "sat,sun 00:00-24:00"]
            tz = "Europe/Berlin"
            from = {year}-01-01T00:00:00Z
            until = {year + 1}-01-01T00:00:00Z
            """,
        )
        code, told, _ = terminal.with_hub("seal", path, "--camera", CAMERA, "--yes")
        assert code == 0
        assert "mon,tue,wed,thu,fri 22:00-06:00; sat,sun 00:00-24:00 (Europe/Berlin)" in told

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            (("--until", "2025-01-01T00:00:00Z"), "not_after"),
            (("--until", "tomorrow"), "not_after"),
            (("--kind", "sometimes"), "kind"),
            (("--kind", "incident"), "incident_types"),
            (("--max-session-s", "0"), "max_session_s"),
            (("--hours", "noon to six"), "hours[0]"),
            (("--tz", "Europe/Berlin"), "tz: goes with hours; name both or neither"),
            (("--until", "2025-12-31T00:00:00Z"), "(limit: later than not_before)"),
            (("--agency-key", "zzz"), "--agency-key is no public key"),
            (("--grant", "zzz"), "id: must be an identity"),
        ],
    )
    def test_a_faulty_description_names_the_field_and_seals_nothing(
        self, terminal: Terminal, changes: tuple[str, str], said: str
    ) -> None:
        terminal.world.pin()
        words = ("seal", "--camera", CAMERA, "--yes", *FLAGS, *changes)
        code, _, complaint = terminal.with_hub(*words)
        assert code == 2
        assert said in complaint
        assert ("Nothing was sealed" in complaint) == ("--agency-key" not in changes)
        assert terminal.world.entries.held == []

    def test_an_unknown_time_zone_is_named_with_an_example(self, terminal: Terminal) -> None:
        terminal.world.pin()
        zone = ("--hours", "mon-fri 08:00-18:00", "--tz", "Europe/Atlantis")
        words = ("seal", "--camera", CAMERA, "--yes", *year_flags(terminal), *zone)
        code, _, complaint = terminal.with_hub(*words)
        assert code == 1
        assert "body.tz: is not a known time zone, such as Europe/Berlin" in complaint

    def test_a_revocation_names_a_grant_by_its_id(self, terminal: Terminal) -> None:
        terminal.world.pin()
        words = ("revoke", "--camera", CAMERA, "--yes", "--grant", "zzz")
        code, _, complaint = terminal.with_hub(*words)
        assert code == 2
        assert complaint.startswith("--grant: 'zzz' is no id")
        assert terminal.world.entries.held == []

    def test_nobody_to_confirm_means_no(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        terminal.world.pin()
        monkeypatch.setattr("builtins.input", lambda _: "n")
        code, _, complaint = terminal.with_hub("seal", "--camera", CAMERA, *year_flags(terminal))
        assert (code, complaint) == (5, "Nothing was sealed.\n")

        def nobody(_prompt: str) -> str:
            raise EOFError

        monkeypatch.setattr("builtins.input", nobody)
        code, _, complaint = terminal.with_hub("pause", "--camera", CAMERA)
        assert code == 5
        assert "nothing was sealed. Add --yes." in complaint
        assert terminal.world.entries.held == []

    def test_pause_resume_and_revoke(self, terminal: Terminal) -> None:
        terminal.world.pin()
        terminal.with_hub("seal", "--camera", CAMERA, "--yes", *year_flags(terminal))
        for act in ("pause", "resume", "revoke"):
            code, told, complaint = terminal.with_hub(act, "--camera", CAMERA, "--yes")
            assert code == 0, complaint
            assert "not yet confirmed by the camera's edge" in told
        state = consent_of(terminal)
        assert state.seq == 4
        assert state.grants[0].revoked_at is not None

    def test_the_hubs_refusal_is_told_with_the_next_step(self, terminal: Terminal) -> None:
        words = ("pause", "--camera", CAMERA, "--yes")
        code, _, complaint = terminal.with_hub(*words)
        assert code == 1
        assert "register your first key" in complaint
        code, _, complaint = terminal.with_hub(*words, key="other.pem")
        assert code == 1
        assert "register this key" in complaint


class TestReading:
    def test_accesses_are_listed_and_their_receipts_kept(self, terminal: Terminal) -> None:
        world = terminal.world
        world.pin()
        world.base()
        terminal.with_hub("seal", "--camera", CAMERA, "--yes", *year_flags(terminal))
        fresh = asker(world)
        world.consents.write_now(lambda c: c.asks.ask(fresh, draft()))
        kept = terminal.folder / "receipts"
        code, told, _ = terminal.with_hub("accesses", "--receipts", str(kept))
        assert code == 0
        assert "Olga, Fire Halden" in told
        assert "Smoke seen over the roof." in told
        assert len(list(kept.glob("*.json"))) == 1

    def test_an_ask_is_answered_with_the_whole_window(self, terminal: Terminal) -> None:
        world = terminal.world
        world.pin()
        world.base()
        flags = [*year_flags(terminal), "--kind", "ask"]
        terminal.with_hub("seal", "--camera", CAMERA, "--yes", *flags)
        world.clock.advance(HOUR)
        window = Span(start=world.clock.now() - 30 * MINUTE, end=world.clock.now() - MINUTE)
        fresh = asker(world)
        asked = world.consents.write_now(
            lambda c: c.asks.ask(fresh, draft(use=Use.CLIP, window=window))
        )
        words = ("answer", "--camera", CAMERA, "--ask", asked.ask.id, "--yes")
        code, told, complaint = terminal.with_hub(*words)
        assert code == 0, complaint
        assert "nothing else" in told
        opened = world.consents.write_now(lambda c: c.asks.renew(fresh, asked.ask.id))
        assert opened.ask.state.value == "permitted"

    def test_the_six_words_are_printed(self, terminal: Terminal) -> None:
        code, told, _ = terminal.with_hub("words", "--edge-key", "44" * 32)
        assert code == 0
        assert len(told.splitlines()[0].split()) == 6

    def test_an_edge_key_reads_alike_in_hex_and_base64(self, terminal: Terminal) -> None:
        key = bytes(range(200, 232))
        forms = (key.hex(), key.hex().upper(), base64.b64encode(key).decode())
        told = {terminal.with_hub("words", "--edge-key", form)[:2] for form in forms}
        assert len(told) == 1
        assert told.pop()[0] == 0

    @pytest.mark.parametrize("key", ["zzz", "", "44" * 31, "44" * 33, "RERE", "44" * 31 + "4g"])
    def test_what_is_no_key_makes_no_words(self, terminal: Terminal, key: str) -> None:
        code, told, complaint = terminal.with_hub("words", "--edge-key", key)
        assert (code, told) == (2, "")
        assert "--edge-key is no public key" in complaint
        assert "64 hexadecimal digits" in complaint
        assert "base64" in complaint

    def test_a_receipt_is_verified_offline(self, terminal: Terminal) -> None:
        vector = Path(__file__).parents[1] / "vectors" / "consent_receipts" / "always.json"
        assert terminal.run("verify", str(vector), "--owner-key", public(KEY))[0] == 0
        spoilt = terminal.write("bad.json", vector.read_text().replace("1800", "1801", 1))
        code, _, complaint = terminal.run("verify", spoilt)
        assert code == 4
        assert "does not hold" in complaint

    def test_what_cannot_be_verified_speaks_of_no_seal(self, terminal: Terminal) -> None:
        other = terminal.write("other.json", "{}")
        vector = Path(__file__).parents[1] / "vectors" / "consent_receipts" / "always.json"
        for words, said in (
            ((str(terminal.folder / "none.json"),), "no receipt that can be read"),
            ((other,), "--policy: is missing"),
            ((str(vector), "--owner-key", "zzz"), "--owner-key is no public key"),
        ):
            code, _, complaint = terminal.run("verify", *words)
            assert code == 2
            assert said in complaint
            assert "sealed" not in complaint


@pytest.mark.parametrize("url", ["nonsense", "", "hub.example", "ftp://hub.example", "https://"])
def test_an_address_that_is_none_is_refused_at_once(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "owner.pem").write_bytes(pem)
    one = Terminal(Any, tmp_path, capsys)  # type: ignore[arg-type]  # no hub is reached
    code, _, complaint = one.run(*("accesses", "--url", url, "--key", str(tmp_path / "owner.pem")))
    assert code == 2
    assert complaint.startswith("--url: ")
    assert ".." not in complaint


def asker(world: World) -> Principal:
    """The operator, freshly signed in by the test's own clock."""
    return replace(OPERATOR, stepped_up_at=world.clock.now())
