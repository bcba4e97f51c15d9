"""`consentry serve`, as an administrator meets it: a real process on an empty folder."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from consentry.app import cli
from tests.kit.databases import Databases

PASSWORD = "correct horse battery staple"


@contextmanager
def serving(*options: str, **settings: str) -> "Iterator[tuple[str, IO[str]]]":
    """A running hub: its address, and its standard output from the line after."""
    command = [sys.executable, "-m", "consentry.app.cli", "serve", *options]
    environment = os.environ | settings
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            ready, _, url = process.stdout.readline().strip().partition(" ")
            assert ready == "ready", process.stdout.read()
            yield url, process.stdout
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(15) == 0


def call(url: str, body: Any = None, context: ssl.SSLContext | None = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def patiently(url: str, body: Any) -> tuple[int, Any]:
    """After a wrong guess the next one is waited for: delays instead of lock-outs."""
    for _ in range(20):
        status, _ = answer = call(url, body)
        if status != 429:
            return answer
        time.sleep(0.5)
    raise AssertionError("still too many guesses after ten seconds")


def set_up_body(code: str) -> dict[str, Any]:
    person = {"login": "first", "name": "First Admin", "password": PASSWORD}
    return {"code": code, "agency": "Port Halden Police", "first_person": person}


def printed_code(output: IO[str]) -> str:
    for line in output:
        if found := re.search(r"works once: +(\S+)", line):
            return found.group(1)
    raise AssertionError("no code was printed")


def test_the_first_start_is_set_up_with_the_printed_code_and_only_once(
    databases: Databases, tmp_path: Path
) -> None:
    data = str(tmp_path / "hub")
    own = {
        "CONSENTRY_DATABASE__URL": databases.url(),
        "CONSENTRY_HUB__ORIGIN": "https://hub.example",
    }
    with serving("--data", data, "--port", "0", "--host", "0.0.0.0", **own) as (url, output):
        assert url.startswith("http://127.0.0.1:"), "not set up yet: loopback alone"
        code = printed_code(output)
        status, problem = call(f"{url}/api/cameras")
        assert (status, problem["type"]) == (503, "urn:consentry:problem:not_set_up")
        assert call(f"{url}/api/set-up", set_up_body("AAAA-BBBB-CCCC-DDDD-EEEE"))[0] == 401
        status, founded = patiently(f"{url}/api/set-up", set_up_body(code))
        assert status == 201
        assert founded["second_factor"], "staff need a second factor outside the demo"
        assert call(f"{url}/api/set-up", set_up_body(code))[0] == 409
        assert call(f"{url}/api/cameras")[0] == 401
    with serving("--data", data, "--port", "0", **own) as (url, _):
        assert call(f"{url}/readyz")[1]["waiting_for"] == []
        # What is public comes a quarter of an hour late, so the mirror is empty yet.
        assert list((tmp_path / "hub" / "log").iterdir()) == []
        assert call(f"{url}/api/set-up", set_up_body(code))[0] == 409


def test_beyond_loopback_it_speaks_tls_with_its_own_authority(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    with serving("--data", str(data), "--port", "0") as (url, output):
        call(f"{url}/api/set-up", set_up_body(printed_code(output)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    origin = f"https://localhost:{port}"
    options = ["--data", str(data), "--host", "0.0.0.0", "--port", port]
    with serving(*options, CONSENTRY_HUB__ORIGIN=origin) as (url, _):
        assert url.startswith("https://")
        trusted = ssl.create_default_context(cafile=str(data / "keys" / "tls" / "authority.pem"))
        assert call(f"{origin}/healthz", context=trusted)[0] == 200


def test_a_second_start_on_the_same_folder_is_told_so(tmp_path: Path) -> None:
    with serving("--data", str(tmp_path), "--port", "0"):
        command = [sys.executable, "-m", "consentry.app.cli", "serve", "--data", str(tmp_path)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 2
    assert "Another Consentry is running" in second.stderr


def test_the_schema_can_be_upgraded_by_hand(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "consentry.app.cli", "db", "upgrade", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.startswith("The database is at schema 0")


def test_whoever_listens_beyond_loopback_says_how_the_hub_is_reached(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "consentry.app.cli", "serve", "--data", str(tmp_path)]
    told = subprocess.run(
        [*command, "--host", "0.0.0.0"], capture_output=True, text=True, timeout=30, check=False
    )
    assert told.returncode == 1
    assert "hub.origin is missing" in told.stderr


def test_every_command_has_help() -> None:
    parser = cli.build_parser()
    text = parser.format_help()
    for command in ("demo", "serve", "db", "audit", "owner"):
        assert command in text
