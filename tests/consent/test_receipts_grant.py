"""Consent receipts: the committed vectors, their check without a hub, and what an owner is told."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from consentry.consent.model import Hours, IncidentType, Kind, Pause, Purpose, Use
from consentry.consent.receipt_check import check_file, check_grant
from consentry.consent.receipts import Issue, consent_receipt, state_of
from consentry.consent.records import Held
from consentry.infra.db import Database
from consentry.kernel import canonical
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import EntryId
from tests.consent.hub import (
    AGENCY,
    CAMERA,
    GRANT,
    HOUSE,
    HUB,
    KEY,
    OWNER,
    World,
    as_,
    grant_terms,
    public,
    sealed,
)
from tests.kit import DAY, HOUR, NOON
from tests.kit.chance import VirtualClock

VECTORS = Path(__file__).parents[1] / "vectors" / "consent_receipts"
ENTRY = EntryId("01a1f8d3-ea00-7000-8000-00000000aaaa")

CASES: dict[str, dict[str, Any]] = {
    "always": {},
    "incident": {
        "kind": Kind.INCIDENT,
        "incident_types": frozenset({IncidentType.FIRE, IncidentType.MEDICAL}),
        "radius_m": 250,
        "agency_key": "ab" * 32,
    },
    "schedule": {
        "kind": Kind.SCHEDULE,
        "uses": frozenset({Use.LIVE, Use.CLIP, Use.SEARCH}),
        "purposes": frozenset({Purpose.MISSING_PERSON}),
        "hours": (
            Hours(days=frozenset(range(5)), start_min=1320, end_min=360),
            Hours(days=frozenset({5, 6}), start_min=0, end_min=1440),
        ),
        "tz": "Europe/Berlin",
    },
}


def receipt(name: str) -> dict[str, Any]:
    terms = grant_terms(**CASES[name])
    envelope = sealed(terms)
    held = Held(
        camera_id=CAMERA,
        n=1,
        seq=1,
        hash=envelope.hash,
        type="grant",
        received_at=NOON,
        bytes=envelope.bytes,
        key=envelope.key,
        alg=envelope.alg,
        sig=envelope.sig,
        entry_id=ENTRY,
    )
    issue = Issue(
        grant=terms.grant(CAMERA, envelope.hash, NOON),
        held=held,
        owner_id=HOUSE,
        owner_name="Hanna",
        agencies={AGENCY: "Fire Halden"},
        state="active",
        at=NOON + HOUR,
    )
    return dict(consent_receipt(HUB, issue))


@pytest.mark.parametrize("name", list(CASES))
def test_the_receipt_is_the_committed_one(name: str) -> None:
    vector = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    assert receipt(name) == vector
    assert canonical.decode(canonical.encode(vector)) == vector


def test_every_vector_belongs_to_a_case() -> None:
    assert {path.stem for path in VECTORS.glob("*.json")} == set(CASES)


@pytest.mark.parametrize("name", list(CASES))
def test_it_has_the_parts_that_the_standard_asks_for(name: str) -> None:
    found = receipt(name)
    assert {"schema_version", "receipt_id", "record_id", "pii_principal_id"} <= found.keys()
    assert {"pii_processing", "party_identification", "events"} <= found.keys()
    assert {p["party_role"] for p in found["party_identification"]} == {
        *("pii_principal", "pii_controller", "pii_processor")
    }
    for purpose in found["pii_processing"]["purposes"]:
        assert purpose["withdrawal_method"]
        assert purpose["pii_controllers"] == [AGENCY]


@pytest.mark.parametrize("name", list(CASES))
def test_a_kept_receipt_is_checked_without_the_hub(name: str, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt(name)), "utf-8")
    held, words = check_file(path, None, public(KEY))
    assert held, words
    assert "word for word" in words


SPOILS = {
    "limit": lambda r: r["consentry"]["limits"].update(max_session_s=9999),
    "kind": lambda r: r["consentry"].update(kind="schedule"),
    "purpose": lambda r: r["pii_processing"]["purposes"].pop(),
    "use": lambda r: r["pii_processing"]["purposes"][0]["services"].pop(),
    "controller": lambda r: r["pii_processing"]["purposes"][0]["pii_controllers"].append(HOUSE),
    "party": lambda r: r["party_identification"].pop(1),
    "record": lambda r: r.update(record_id="0" * 64),
    "number": lambda r: r.update(receipt_id=f"{GRANT}/2"),
    "sealed": lambda r: r["consentry"].update(sealed=r["consentry"]["sealed"].replace("18", "19")),
    "sig": lambda r: r["consentry"].update(sig="00" * 64),
    "missing": lambda r: r.pop("consentry"),
    "another shape": lambda r: r.update(consentry=[]),
}


@pytest.mark.parametrize("name", list(SPOILS))
def test_a_changed_receipt_does_not_hold(name: str) -> None:
    found = copy.deepcopy(receipt("always"))
    SPOILS[name](found)
    held, words = check_grant(found, public(KEY))
    assert not held
    assert words.startswith("This receipt does not hold")


def test_a_receipt_of_another_key_does_not_hold_for_its_owner() -> None:
    assert check_grant(receipt("always"), "22" * 32)[0] is False
    assert check_grant(receipt("always"), "")[0] is True


@pytest.mark.parametrize("content", [b"\xff", b"{", b"[" * 100_000])
def test_a_file_that_is_no_receipt_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(content)
    with pytest.raises(InvalidError):
        check_file(path, None, "")


@pytest.mark.parametrize(
    ("changes", "pauses", "after", "state"),
    [
        ({}, (), HOUR, "active"),
        ({"not_before": NOON + DAY}, (), HOUR, "pending"),
        ({}, (Pause(start=NOON),), HOUR, "suspended"),
        ({}, (), 30 * DAY, "expired"),
    ],
)
def test_a_grant_has_one_state_at_a_time(
    changes: dict[str, Any], pauses: tuple[Pause, ...], after: Any, state: str
) -> None:
    grant = grant_terms(**changes).grant(CAMERA, "0" * 64, NOON)
    assert state_of(grant, pauses, NOON + after) == state


@pytest.mark.anyio
async def test_an_owner_gets_the_receipt_of_each_version(
    sqlite: Database, clock: VirtualClock
) -> None:
    world = World(sqlite, clock)
    first = world.ready()
    world.put(sealed(grant_terms(version=2, max_session_s=60), seq=2, prev=first.hash))
    client = world.client()
    path = f"/api/cameras/{CAMERA}/grants/{GRANT}/receipt"
    newest = (await client.get(path, headers=as_(OWNER))).json()["receipt"]
    older = (await client.get(path, params={"version": 1}, headers=as_(OWNER))).json()["receipt"]
    assert (newest["receipt_id"], older["receipt_id"]) == (f"{GRANT}/2", f"{GRANT}/1")
    assert older["events"][-1]["event_state"] == "superseded"
    assert check_grant(newest, public(KEY))[0]
    assert check_grant(older, public(KEY))[0]
    missing = await client.get(path, params={"version": 3}, headers=as_(OWNER))
    assert missing.status_code == 404
