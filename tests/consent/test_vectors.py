"""The committed vectors are what the code makes today."""

import json
from typing import Any

import pytest

from consentry.consent.statements import ALG, Envelope, is_sealed

from .vectors import FOLDER, as_text, files

NAMES = sorted(path.name for path in FOLDER.glob("*.json"))


@pytest.fixture(scope="module", name="made")
def _made() -> dict[str, Any]:
    return files()


def test_all_vectors_are_committed(made: dict[str, Any]) -> None:
    assert sorted(made) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_vectors_are_made_anew(name: str, made: dict[str, Any]) -> None:
    assert (FOLDER / name).read_text() == as_text(made[name])


def test_every_seal_vector_verifies_or_fails_as_it_says() -> None:
    vectors = json.loads((FOLDER / "seals.json").read_text())
    assert len(vectors) >= 1_000
    for each in vectors:
        envelope = Envelope(bytes=each["text"].encode(), key=each["key"], alg=ALG, sig=each["sig"])
        assert is_sealed(envelope) is each["ok"]


def test_the_vectors_hold_what_is_taken_and_what_is_refused(made: dict[str, Any]) -> None:
    (tickets,) = made["tickets.json"]
    reasons = {each["reason"] for each in tickets["tickets"]}
    assert reasons >= {"", "wrong_edge", "superseded", "bad_seal", "not_in_log", "log_forked"}
    steps = {step["reason"] for chain in made["chains.json"] for step in chain["steps"]}
    assert steps >= {"", "bad_seal", "wrong_edge", "superseded", "revoked"}
