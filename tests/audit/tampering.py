"""Everything that somebody with the database, and at worst the key, could do to the log."""

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

from consentry.audit.merkle import Frontier, leaf_hash, public_leaf
from consentry.audit.notes import Checkpoint, sign
from consentry.audit.trust import Vault

from .builders import ORIGIN

Tampering = Callable[[sqlite3.Connection, random.Random, Path], None]
COLUMNS = ["id", "at", "act", "actor_id", "agency", "subject_kind", "subject_id", "holder"]
COLUMNS += ["reference", "salt", "body"]


def flipped(value: object, chance: random.Random) -> object:
    """Something else of the same kind, by as little as possible."""
    if isinstance(value, int):
        return value + chance.randrange(2, 1000)
    raw = bytearray(value if isinstance(value, bytes) else str(value).encode())
    if not raw:
        return "x"
    raw[chance.randrange(len(raw))] ^= 1
    return bytes(raw) if isinstance(value, bytes) else raw.decode()


def _size(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT size FROM audit_head").fetchone()[0])


def _change(db: sqlite3.Connection, table: str, column: str, row: int, new: object) -> None:
    statement = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608 our own names
    db.execute(statement, (new, row))


def _pick(db: sqlite3.Connection, table: str, chance: random.Random) -> int:
    rows = [row for (row,) in db.execute(f"SELECT rowid FROM {table}")]  # noqa: S608 as above
    return int(chance.choice(rows))


def _flip(db: sqlite3.Connection, chance: random.Random, table: str, columns: list[str]) -> None:
    row, column = _pick(db, table, chance), chance.choice(columns)
    query = f"SELECT {column} FROM {table} WHERE rowid = ?"  # noqa: S608 as above
    (old,) = db.execute(query, (row,)).fetchone()
    _change(db, table, column, row, flipped(old, chance))


def row(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    _flip(db, chance, "audit_entry", COLUMNS)


def renumbered_row(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    db.execute("UPDATE audit_entry SET n = n + 1000000 WHERE n = ?", (1 + chance.randrange(500),))


def leaf(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    _flip(db, chance, "audit_leaf", ["leaf"])


def renumbered_leaf(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    new = 1_000_000 + chance.randrange(1000)
    db.execute("UPDATE audit_leaf SET n = ? WHERE position = ?", (new, chance.randrange(_size(db))))


def tile(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    _flip(db, chance, "audit_tile", ["level", "number", "hashes"])


def added_tile(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    values = (chance.randrange(3), 50 + chance.randrange(9), chance.randbytes(8192))
    db.execute("INSERT INTO audit_tile VALUES (?, ?, ?)", values)


def head(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    _flip(db, chance, "audit_head", ["id", "size", "n", "note"])


def _rebuild(db: sqlite3.Connection) -> Frontier:
    """Tiles anew from the leaves, as only a careful forger would."""
    leaves = [one for (one,) in db.execute("SELECT leaf FROM audit_leaf ORDER BY position")]
    frontier, tiles = Frontier().append(map(leaf_hash, leaves))
    db.execute("DELETE FROM audit_tile")
    rows = [(t.level, t.number, t.hashes) for t in tiles]
    db.executemany("INSERT INTO audit_tile (level, number, hashes) VALUES (?, ?, ?)", rows)
    return frontier


def _forge_entry(db: sqlite3.Connection, chance: random.Random) -> None:
    position = chance.randrange(_size(db))
    query = "SELECT e.n, e.salt, e.body FROM audit_entry e JOIN audit_leaf l USING (n)"
    n, salt, body = db.execute(f"{query} WHERE l.position = ?", (position,)).fetchone()
    new = body.replace(b"smoke over the harbour", b"smoke %d" % chance.randrange(10**6))
    assert new != body
    _change(db, "audit_entry", "body", n, new)
    forged = public_leaf(salt, new)
    db.execute("UPDATE audit_leaf SET leaf = ? WHERE position = ?", (forged, position))


def entry_and_tile(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    """Body, leaf and every tile made to agree with one another; only the signature is missing."""
    _forge_entry(db, chance)
    _rebuild(db)


def dropped_entry(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    db.execute("DELETE FROM audit_entry WHERE n = ?", (_pick(db, "audit_entry", chance),))


def dropped_leaf(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    db.execute("DELETE FROM audit_leaf WHERE position = ?", (chance.randrange(_size(db)),))


def dropped_tile(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    db.execute("DELETE FROM audit_tile WHERE rowid = ?", (_pick(db, "audit_tile", chance),))


def dropped_whole(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    """An entry cut out of every table, and what followed moved up."""
    position = chance.randrange(_size(db) - 1)
    (n,) = db.execute("SELECT n FROM audit_leaf WHERE position = ?", (position,)).fetchone()
    db.execute("DELETE FROM audit_entry WHERE n = ?", (n,))
    db.execute("DELETE FROM audit_leaf WHERE position = ?", (position,))
    for later in range(position + 1, _size(db)):
        db.execute("UPDATE audit_leaf SET position = ? WHERE position = ?", (later - 1, later))
    _rebuild(db)


def reordered(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    one, two = chance.sample(range(_size(db)), 2)
    query = "SELECT leaf FROM audit_leaf WHERE position = ?"
    (first,), (second,) = (db.execute(query, (p,)).fetchone() for p in (one, two))
    db.execute("UPDATE audit_leaf SET leaf = ? WHERE position = ?", (second, one))
    db.execute("UPDATE audit_leaf SET leaf = ? WHERE position = ?", (first, two))
    if chance.random() < 0.5:
        _rebuild(db)


def exchanged(db: sqlite3.Connection, chance: random.Random, _: Path) -> None:
    """Two bodies, with salts, in each other's place."""
    query = "SELECT salt, body FROM audit_entry WHERE n = ?"
    one, two = chance.sample([n for (n,) in db.execute("SELECT n FROM audit_entry")], 2)
    first, second = (db.execute(query, (n,)).fetchone() for n in (one, two))
    db.execute("UPDATE audit_entry SET salt = ?, body = ? WHERE n = ?", (*second, one))
    db.execute("UPDATE audit_entry SET salt = ?, body = ? WHERE n = ?", (*first, two))


def _sign(db: sqlite3.Connection, folder: Path) -> None:
    """What only the log's own key can do; `trust.json` remembers what it signed before."""
    frontier = _rebuild(db)
    key = Vault.open(folder, ORIGIN).key
    note = str(sign(Checkpoint(ORIGIN, frontier.size, frontier.root()), key))
    (last,) = db.execute("SELECT max(n) FROM audit_leaf").fetchone()
    values = (frontier.size, last or 0, note)
    db.execute("UPDATE audit_head SET size = ?, n = ?, note = ?", values)


def truncated(db: sqlite3.Connection, chance: random.Random, folder: Path) -> None:
    """Cut back to an older state that the key really signed."""
    kept = chance.randrange(_size(db))
    db.execute("DELETE FROM audit_leaf WHERE position >= ?", (kept,))
    db.execute("DELETE FROM audit_entry WHERE n NOT IN (SELECT n FROM audit_leaf)")
    _sign(db, folder)


def forked(db: sqlite3.Connection, chance: random.Random, folder: Path) -> None:
    """Another history, signed with the log's own key."""
    _forge_entry(db, chance)
    _sign(db, folder)


KINDS: dict[str, list[Tampering]] = {
    "row": [row, renumbered_row],
    "leaf": [leaf, renumbered_leaf],
    "tile": [tile, added_tile],
    "head": [head],
    "entry and tile together": [entry_and_tile],
    "dropped": [dropped_entry, dropped_leaf, dropped_tile, dropped_whole],
    "reordered": [reordered, exchanged],
    "truncated": [truncated],
    "forked": [forked],
}
