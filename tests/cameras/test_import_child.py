"""The reading child: bounded, killed when nobody listens, and tried again when it dies."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consentry.cameras import child, jobs
from consentry.cameras.jobs import BOOT
from consentry.infra.jobs.model import ATTEMPTS_MAX, BACKOFF_MAX

from .desk import THREE, Desk

pytestmark = pytest.mark.anyio
OPTIONS = {"format": "csv", "encoding": "utf-8", "delimiter": "", "skip": 0, "expected": None}


def run(mode: str, path: Path, **options: Any) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-P", str(BOOT), mode, str(path)],
        input=json.dumps(OPTIONS | options).encode(),
        capture_output=True,
        env={"PYTHONPATH": str(BOOT.parents[2])},
        check=False,
    )


def test_the_child_loads_neither_web_nor_database() -> None:
    code = (
        "import runpy, sys; sys.argv = ['boot.py', 'check', '/nowhere'];"
        "\ntry: runpy.run_path(BOOT, run_name='__main__')"
        "\nexcept FileNotFoundError: pass"
        "\nprint(*sorted(sys.modules))"
    ).replace("BOOT", repr(str(BOOT)))
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        input=json.dumps(OPTIONS | {"encoding": ""}).encode(),
        capture_output=True,
        env={"PYTHONPATH": str(BOOT.parents[2])},
        check=True,
    )
    loaded = set(done.stdout.decode().split())
    assert "consentry.cameras.child" in loaded or "consentry.cameras.reading" in loaded
    assert not loaded & {"sqlalchemy", "fastapi", "pydantic", "numpy", "consentry.infra.db"}


def test_a_text_without_end_meets_the_bound_on_memory(tmp_path: Path) -> None:
    file = tmp_path / "bomb.json"
    with file.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","features":["')
        out.truncate(child.MEMORY_BYTES_MAX // 2)  # NULs on a disk that stores no such thing
    done = run("check", file, format="geojson")
    told = json.loads(done.stdout)
    assert told["fault"]["field"] == "file"


def test_the_child_cannot_write_a_file(tmp_path: Path) -> None:
    code = (
        "from consentry.cameras import child; child.confine();"
        "open(PATH, 'w').write('x' * 10**6)".replace("PATH", repr(str(tmp_path / "written")))
    )
    env = {"PYTHONPATH": str(BOOT.parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=False)
    assert done.returncode != 0
    assert (tmp_path / "written").stat().st_size == 0


async def test_a_reader_is_killed_when_nobody_listens(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text("name,lat,lon\n" + "A,53.5,9.9\n" * 200_000)
    lines = jobs._read("read", file, OPTIONS, 60.0)
    first = json.loads(await anext(lines))
    assert first["rows"] == 1000
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    mine = [pid for pid in children.read_text().split() if reads(pid, file)]
    assert len(mine) == 1
    await lines.aclose()
    assert not [pid for pid in children.read_text().split() if reads(pid, file)]


def reads(pid: str, file: Path) -> bool:
    try:
        return str(file).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


async def test_a_reader_that_is_too_slow_is_refused_in_words(
    lite: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHECK_S_MAX", 0.0)
    told = await lite.done(THREE)
    assert (told["state"], told["error"]["message"]) == ("failed", "takes too long to read")
    assert lite.spooled() == []


async def test_a_reader_that_dies_is_tried_again_and_then_given_up(
    lite: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "boot.py"
    broken.write_text("raise SystemExit(3)")
    told = (await lite.send(THREE)).json()
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "BOOT", broken)
        await lite.worker.drain()
        assert (await lite.told(told["id"]))["state"] == "waiting"
        for _ in range(ATTEMPTS_MAX):
            lite.hub.clock.advance(BACKOFF_MAX)
            await lite.worker.drain()
    after = await lite.told(told["id"])
    assert (after["state"], after["error"]["field"], lite.spooled()) == ("failed", "file", [])
