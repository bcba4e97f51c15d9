"""A serving process has its folder to itself, tells when it serves, and ends when it is asked."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from consentry.app.process import FolderInUseError, address, hold, listen

PROGRAM = """
from fastapi import FastAPI
from consentry.app.process import address, listen, serve
app = FastAPI()
listening = listen("127.0.0.1", 0)
serve(app, listening, lambda: print("ready", address(listening), flush=True))
print("ended", flush=True)
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_says_when_it_serves_and_ends_cleanly(ending: signal.Signals) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        ready, url = process.stdout.readline().split()
        assert ready == "ready"
        with urllib.request.urlopen(f"{url}/openapi.json", timeout=10) as answer:  # noqa: S310
            assert answer.status == 200
        process.send_signal(ending)
        assert process.stdout.readline() == "ended\n"
        assert process.wait(10) == 0


def test_a_folder_serves_one_process_at_a_time(tmp_path: Path) -> None:
    with hold(tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
        with pytest.raises(FolderInUseError, match="running"), hold(tmp_path / "data"):
            pytest.fail("held twice")
    with hold(tmp_path / "data"):
        pass


def test_port_zero_picks_a_free_one_and_a_taken_one_is_an_error() -> None:
    with listen("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        assert address(first) == f"http://127.0.0.1:{port}"
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", port)
