"""The demo as its visitors meet it: a real process, a real log, and one ask watched to its end."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from consentry.simulation import City
from tests.app.test_start_page import WellFormed

START_S = 120
ENTRIES_MIN = 1_000


@dataclass
class Demo:
    url: str
    data: Path
    process: subprocess.Popen[str]
    said: list[str]


def start(data: Path) -> subprocess.Popen[str]:
    """Its errors go to a file beside the folder: a full pipe would stop it."""
    command = [sys.executable, "-m", "consentry.app.cli", "demo", "--port", "0"]
    with errors_of(data).open("w") as errors:
        return subprocess.Popen(
            [*command, "--data", str(data), "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def errors_of(data: Path) -> Path:
    return data.with_suffix(".errors")


def until_ready(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line.rstrip("\n"))
        if line.startswith("ready "):
            return said
    pytest.fail(f"never ready: {said}")


def end(process: subprocess.Popen[str], data: Path) -> tuple[int, str]:
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=START_S)
    return process.returncode, errors_of(data).read_text()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    data = tmp_path_factory.mktemp("demo") / "halden"
    process = start(data)
    said = until_ready(process)
    yield Demo(said[-1].removeprefix("ready "), data, process, said)
    code, errors = end(process, data)
    assert code == 0, errors
    assert "Traceback" not in errors


@pytest.fixture
def visitor(demo: Demo) -> Iterator[httpx.Client]:
    """A browser tells its origin with every form."""
    with httpx.Client(
        base_url=demo.url, headers={"origin": demo.url}, follow_redirects=True
    ) as client:
        yield client


def consentry(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "consentry.app.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_S)


def test_it_says_when_it_serves_and_who_can_sign_in_without_a_second_factor(demo: Demo) -> None:
    assert re.fullmatch(r"ready http://127\.0\.0\.1:\d+", demo.said[-1])
    text = " ".join(demo.said)
    assert "fictional" in text
    assert "without a second factor" in text
    for role in ("Operator", "Responder", "Investigator", "Supervisor", "Custodian", "Auditor"):
        assert role in text
    for role in ("Agency admin", "Hub admin", "Owner"):
        assert role in text


def test_a_second_start_on_the_same_folder_says_so_and_exits_with_2(demo: Demo) -> None:
    second = consentry("demo", "--port", "0", "--data", str(demo.data), "--no-browser")
    assert second.returncode == 2
    assert "running" in second.stderr
    assert "ready" not in second.stdout


def test_a_hub_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "consentry.db").write_bytes(b"somebody's")
    refused = consentry("demo", "--port", "0", "--data", str(tmp_path), "--no-browser")
    assert refused.returncode == 2
    assert "no demo" in refused.stderr
    assert (tmp_path / "consentry.db").read_bytes() == b"somebody's"


def test_the_past_week_is_in_the_log_and_the_log_verifies(demo: Demo) -> None:
    with sqlite3.connect(demo.data / "consentry.db") as database:
        rows = database.execute("SELECT act, count(*) FROM audit_entry GROUP BY act").fetchall()
    counts = dict(rows)
    assert sum(counts.values()) >= ENTRIES_MIN
    told = {
        "ask_permitted", "ask_refused", "ask_waiting", "ask_approved", "ask_reviewed",
        "ask_lapsed", "break_glass", "statement_accepted", "logged_in", "login_failed",
        "incident_opened", "incident_closed", "stopped_all", "resumed_all", "edge_changed",
        "lawful_basis_recorded", "protected_place_changed",
    }  # fmt: skip
    assert told <= set(counts)
    verified = consentry("audit", "verify", "--data", str(demo.data))
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_the_history_holds_every_state_of_consent(demo: Demo) -> None:
    with sqlite3.connect(demo.data / "consentry.db") as database:
        types = {row[0] for row in database.execute("SELECT DISTINCT type FROM consent_statement")}
        reasons = {row[0] for row in database.execute("SELECT reason FROM consent_ask_camera")}
    assert types >= {"grant", "revoke", "pause", "resume", "share_now", "answer"}
    assert len(reasons - {None}) >= 6


def test_the_summary_names_the_preset_incident_its_cameras_and_their_owners(demo: Demo) -> None:
    summary = json.loads((demo.data / "demo.json").read_text())
    assert summary["url"] == demo.url
    assert len(summary["cameras"]) == 16
    assert {camera["name"] for camera in summary["cameras"]} == {
        camera.name for camera in City.build().preset
    }
    account = next(one for one in summary["accounts"] if "operator" in one["roles"])
    with httpx.Client(base_url=demo.url) as client:
        answer = client.post(
            "/api/sign-in", json={"login": account["login"], "password": account["password"]}
        )
        assert answer.status_code == 201, answer.text
        bearer = {"authorization": f"Bearer {answer.json()['token']}"}
        incident = client.get(f"/api/incidents/{summary['incident']['id']}", headers=bearer)
    assert incident.status_code == 200
    assert incident.json()["address"] == summary["incident"]["address"]


def test_the_owners_keys_are_private_and_no_file_of_the_hub_is_among_them(demo: Demo) -> None:
    keys = list((demo.data / "demo-owners").iterdir())
    assert len(keys) == len(City.build().owners)
    assert all(key.stat().st_mode & 0o777 == 0o600 for key in keys)
    held = {path.read_bytes() for path in (demo.data / "keys").rglob("*") if path.is_file()}
    assert not held & {key.read_bytes() for key in keys}


@pytest.mark.parametrize("view", ["city", "incident", "none-such"])
def test_the_start_page_is_well_formed_and_asks_nobody_else(
    visitor: httpx.Client, view: str
) -> None:
    answer = visitor.get("/", params={"view": view})
    assert answer.status_code == 200
    WellFormed().read(answer.text)
    assert "style=" not in answer.text
    assert not re.findall(r"(?:src|href|action)=\"(?:https?:)?//", answer.text)
    assert "<script" not in answer.text
    assert "invented" in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    for path in set(re.findall(r"(?:src|href)=\"(/start/[^\"]+)\"", answer.text)):
        assert visitor.get(path).status_code == 200, path


def test_the_ground_plan_and_the_layers_are_cached_by_their_content(visitor: httpx.Client) -> None:
    for path in ("/start/city.svg", "/start/city/roads.geojson"):
        first = visitor.get(path)
        assert first.status_code == 200
        assert len(first.content) < 1_500_000
        again = visitor.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert visitor.get("/start/city/faces.geojson").status_code == 404


def test_the_reference_names_every_operation_and_loads_nothing(visitor: httpx.Client) -> None:
    page = visitor.get("/api/docs")
    WellFormed().read(page.text)
    document = visitor.get("/api/openapi.json").json()
    operations = [
        one["operationId"]
        for item in document["paths"].values()
        for one in item.values()
        if isinstance(one, dict) and "operationId" in one
    ]
    assert len(operations) > 30
    assert all(f'id="{name}"' in page.text for name in operations)
    assert "start_" not in " ".join(operations)


def _ask(visitor: httpx.Client, camera: str, purpose: str = "crime_in_progress") -> httpx.Response:
    form = {"camera": camera, "purpose": purpose, "reason": "Looking for who left"}
    return visitor.post("/start/ask", data=form)


def _private_camera() -> str:
    return next(c.key for c in City.build().preset if c.owner.startswith("shop"))


def test_one_ask_is_decided_logged_proved_stopped_and_resumed(
    demo: Demo, visitor: httpx.Client, tmp_path: Path
) -> None:
    page = _ask(visitor, _private_camera())
    assert "Permitted until" in page.text
    assert "Proved" in page.text
    ask = parse_qs(urlsplit(str(page.url)).query)["ask"][0]

    link = re.search(r"/start/receipt/[0-9a-f-]+", page.text)
    assert link is not None
    receipt = tmp_path / "receipt.json"
    receipt.write_text(visitor.get(link.group()).text)
    checked = consentry(
        "audit", "verify", "--receipt", str(receipt), "--policy", str(demo.data / "trust.json")
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr

    stopped = visitor.post("/start/stop", data={"ask": ask})
    assert "Refused: paused" in stopped.text
    shared = visitor.post("/start/share", data={"ask": ask})
    assert shared.text.count("Permitted until") == 2
    WellFormed().read(shared.text)


def test_an_ask_beyond_the_promise_is_refused_in_words(visitor: httpx.Client) -> None:
    page = _ask(visitor, _private_camera(), "training")
    assert "Refused: purpose not consented" in page.text
    assert "The owner did not consent to this purpose." in page.text


@pytest.mark.parametrize(
    "form",
    [
        {"camera": "cam-999", "purpose": "medical", "reason": "Looking for somebody"},
        {"camera": "cam-001", "purpose": "curiosity", "reason": "Looking for somebody"},
        {"camera": "cam-001", "purpose": "medical", "reason": "x"},
        {"camera": "cam-001", "purpose": "medical", "reason": "y" * 201},
        {},
    ],
)
def test_a_form_that_makes_no_sense_is_told_so(visitor: httpx.Client, form: dict[str, str]) -> None:
    answer = visitor.post("/start/ask", data=form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text or answer.headers["content-type"].endswith("problem+json")


def test_a_page_of_another_site_can_do_nothing_here(demo: Demo) -> None:
    foreign = {"origin": "http://elsewhere.example"}
    form = {"camera": "cam-001", "purpose": "medical", "reason": "Looking for somebody"}
    answer = httpx.post(f"{demo.url}/start/ask", data=form, headers=foreign)
    assert answer.status_code == 403


def test_one_click_signs_in_and_out(visitor: httpx.Client) -> None:
    page = visitor.post("/start/sign-in", data={"login": "jonas"})
    assert "Sign out" in page.text
    assert visitor.get("/api/session").json()["name"] == "Jonas Mercer"
    assert "Sign out" not in visitor.post("/start/sign-out").text
    assert visitor.post("/start/sign-in", data={"login": "nobody"}).status_code == 404


def test_an_unknown_ask_is_said_to_be_gone(visitor: httpx.Client) -> None:
    answer = visitor.get("/", params={"ask": "01a1fe15-4697-7ef5-9d13-df7077dfb972"})
    assert answer.status_code == 404
    assert "no longer holds" in answer.text


def test_a_build_that_was_cut_short_starts_anew(tmp_path: Path) -> None:
    data = tmp_path / "cut"
    process = start(data)
    assert process.stdout is not None
    for line in process.stdout:
        if "sealing" in line:
            break
    process.kill()
    process.communicate()
    assert (data / "demo-building").exists()
    again = start(data)
    said = until_ready(again)
    assert any("cut short" in line for line in said)
    code, errors = end(again, data)
    assert code == 0, errors
    assert consentry("audit", "verify", "--data", str(data)).returncode == 0
