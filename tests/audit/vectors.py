"""What edge and browser code is held to: committed files, made by `python -m tests.audit.vectors`.

Everything is fixed: keys, salts, instants. A change of a file is a change of the format.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from consentry.audit import Actor, Entry, LoggedAct, Receipt, Subject
from consentry.audit.body import encode
from consentry.audit.merkle import (
    Frontier,
    Nodes,
    Tree,
    expand,
    leaf_hash,
    public_leaf,
)
from consentry.audit.notes import WITNESS_KEY, Checkpoint, cosign, sign, verifier
from consentry.kernel.ids import EntryId

from .builders import ORIGIN
from .keys import LOG_PRIVATE, OTHER_PRIVATE, WITNESS_PRIVATE

FOLDER = Path(__file__).parents[1] / "vectors" / "audit"
WITNESS = "witness.test/w1"
SECONDS = 1_795_000_000
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
INCLUSIONS = [(0, 1), (0, 2), (1, 2), (2, 3), (0, 7), (6, 7), (5, 8), (99, 257), (256, 257)]
CONSISTENCIES = [(0, 5), (1, 2), (3, 7), (4, 8), (6, 8), (7, 7), (128, 200), (255, 257)]


def salt(index: int) -> bytes:
    return bytes((index + i) % 256 for i in range(32))


def an_entry(index: int) -> Entry:
    number = f"00000000-0000-7000-8000-{index:012x}"
    ticket: dict[str, Any] = {"until": "2026-11-20T15:10:00Z", "seq": index} if index % 2 else {}
    return Entry(
        id=EntryId(number),
        at=AT,
        act=LoggedAct.ASK_PERMITTED if index % 2 else LoggedAct.ASK_REFUSED,
        actor=Actor(kind="person", id="mia", role="operator", agency="city-police", session="s1"),
        on=Subject(kind="camera", id="cam-12", title='Hafen "12" Süd', party="anna"),
        decision="permit" if index % 2 else "no_grant",
        reference="I-7",
        purpose="fire_rescue",
        reason="Rauch\nüber dem Hafen \U0001f525",
        changes={"grant": "ab" * 32} if index % 3 == 0 else {},
        ticket=ticket,
    )


def entry_hashes(size: int) -> list[bytes]:
    return [leaf_hash(public_leaf(salt(i), encode(an_entry(i)))) for i in range(size)]


def tree(size: int) -> Tree:
    frontier, tiles = Frontier().append(entry_hashes(size))
    full = {(tile.level, tile.number): tile.hashes for tile in tiles}

    def nodes(level: int, number: int, width: int) -> Nodes:
        return expand((full.get((level, number)) or frontier.rows[level])[: width * 32])

    return Tree(size, nodes)


def leaves() -> Any:
    return [
        {
            "entry": encode(an_entry(index)).decode(),
            "salt": _b64(salt(index)),
            "leaf": public_leaf(salt(index), encode(an_entry(index))).hex(),
            "leaf_hash": entry_hashes(index + 1)[index].hex(),
        }
        for index in range(8)
    ]


def inclusions() -> Any:
    return [
        {
            "position": position,
            "size": size,
            "leaf_hash": entry_hashes(size)[position].hex(),
            "proof": [step.hex() for step in tree(size).inclusion(position)],
            "root": tree(size).root().hex(),
        }
        for position, size in INCLUSIONS
    ]


def consistencies() -> Any:
    return [
        {
            "old": old,
            "new": new,
            "old_root": tree(old).root().hex(),
            "new_root": tree(new).root().hex(),
            "proof": [step.hex() for step in tree(new).consistency(old)],
        }
        for old, new in CONSISTENCIES
    ]


def checkpoints() -> Any:
    good = sign(Checkpoint(ORIGIN, 257, tree(257).root()), LOG_PRIVATE)
    cosigned = good.joined([cosign(good.text, WITNESS, WITNESS_PRIVATE, SECONDS)])
    foreign = sign(Checkpoint(ORIGIN, 257, tree(257).root()), OTHER_PRIVATE)
    text = str(good)
    return {
        "log_key": str(verifier(ORIGIN, LOG_PRIVATE)),
        "witness_key": str(verifier(WITNESS, WITNESS_PRIVATE, WITNESS_KEY)),
        "accepted": [
            {"note": text, "size": 257, "root": tree(257).root().hex(), "witnesses": {}},
            {
                "note": str(cosigned),
                "size": 257,
                "root": tree(257).root().hex(),
                "witnesses": {WITNESS: SECONDS},
            },
        ],
        "refused": [
            {"why": "another key", "note": str(foreign)},
            {"why": "another size", "note": text.replace("\n257\n", "\n256\n")},
            {"why": "leading zero", "note": text.replace("\n257\n", "\n0257\n")},
            {"why": "an extension line", "note": text.replace("\n\n", "\nmore\n\n")},
            {"why": "another origin", "note": text.replace(ORIGIN, "other.test/log")},
            {"why": "no signature", "note": text.partition("\n\n")[0] + "\n\n"},
            {"why": "no final line feed", "note": text[:-1]},
        ],
    }


def receipts() -> Any:
    note = sign(Checkpoint(ORIGIN, 200, tree(200).root()), LOG_PRIVATE)
    good = json.loads(
        Receipt(
            body=encode(an_entry(77)),
            salt=salt(77),
            position=77,
            inclusion=tuple(tree(200).inclusion(77)),
            checkpoint=str(note),
        ).to_json()
    )
    changed: Mapping[str, Mapping[str, Any]] = {
        "another place": {"position": 78},
        "another salt": {"salt": _b64(salt(78))},
        "a short salt": {"salt": _b64(salt(77)[:31])},
        "a changed entry": {"entry": good["entry"].replace("cam-12", "cam-13")},
        "a shorter proof": {"inclusion": good["inclusion"][:-1]},
        "another checkpoint": {"checkpoint": good["checkpoint"].replace("\n200\n", "\n201\n")},
        "another version": {"v": 2},
    }
    return {
        "log_key": str(verifier(ORIGIN, LOG_PRIVATE)),
        "accepted": [good],
        "refused": [{"why": why, "receipt": good | change} for why, change in changed.items()],
    }


MAKERS = {
    "leaves": leaves,
    "inclusion": inclusions,
    "consistency": consistencies,
    "checkpoints": checkpoints,
    "receipts": receipts,
}


def text(name: str) -> str:
    return json.dumps(MAKERS[name](), indent=1, ensure_ascii=False) + "\n"


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in MAKERS:
        (FOLDER / f"{name}.json").write_text(text(name), encoding="utf-8")
