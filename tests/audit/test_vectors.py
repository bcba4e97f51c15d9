"""The committed vectors are what this code writes, and what it accepts and refuses."""

import json
from base64 import b64decode
from typing import Any

import pytest

from consentry.audit import Policy, Receipt
from consentry.audit.body import decode
from consentry.audit.merkle import Root, extends, includes, leaf_hash, public_leaf
from consentry.audit.notes import Note, VerifierKey, opened, witnesses
from consentry.audit.receipts import check

from . import vectors


def read(name: str) -> Any:
    return json.loads((vectors.FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", vectors.MAKERS)
def test_the_committed_file_is_what_would_be_written_today(name: str) -> None:
    assert (vectors.FOLDER / f"{name}.json").read_text(encoding="utf-8") == vectors.text(name)


def test_leaves() -> None:
    for one in read("leaves"):
        body = one["entry"].encode()
        leaf = public_leaf(b64decode(one["salt"]), body)
        assert (leaf.hex(), leaf_hash(leaf).hex()) == (one["leaf"], one["leaf_hash"])
        assert decode(body).actor.id == "mia"


def test_proofs() -> None:
    for one in read("inclusion"):
        proof = [bytes.fromhex(step) for step in one["proof"]]
        leaf, root = bytes.fromhex(one["leaf_hash"]), bytes.fromhex(one["root"])
        assert includes(leaf, one["position"], one["size"], proof, root)
    for one in read("consistency"):
        proof = [bytes.fromhex(step) for step in one["proof"]]
        old = Root(one["old"], bytes.fromhex(one["old_root"]))
        assert extends(old, Root(one["new"], bytes.fromhex(one["new_root"])), proof)


def test_checkpoints() -> None:
    held = read("checkpoints")
    key, witness = (VerifierKey.parse(held[name]) for name in ("log_key", "witness_key"))
    for one in held["accepted"]:
        note = Note.parse(one["note"])
        checkpoint = opened(note, key)
        assert (checkpoint.size, checkpoint.root.hex()) == (one["size"], one["root"])
        assert witnesses(note, [witness]) == one["witnesses"]
    for one in held["refused"]:
        with pytest.raises(ValueError, match=r"\S"):
            opened(Note.parse(one["note"]), key)


def test_receipts() -> None:
    held = read("receipts")
    policy = Policy(log=VerifierKey.parse(held["log_key"]))
    for one in held["accepted"]:
        assert check(Receipt.parse(json.dumps(one)), policy).entry == vectors.an_entry(77)
    for one in held["refused"]:
        with pytest.raises(ValueError, match=r"\S"):
            check(Receipt.parse(json.dumps(one["receipt"])), policy)
