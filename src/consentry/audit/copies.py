"""Copies of the log for the verifier: a running hub, a bundle, a data folder. Standard library."""

import json
import sqlite3
import urllib.error
import urllib.request
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from consentry.kernel.clock import to_micros

from .body import decode
from .layout import TilePath, unbundle
from .merkle import HASH_BYTES, LEAF_BYTES, SALT_BYTES, TILE_WIDTH
from .notes import NOTE_BYTES_MAX, Checkpoint, Note
from .verification import Body, Finding, Report, Verdict

TIMEOUT_S: Final = 20
TILE_BYTES_MAX: Final = TILE_WIDTH * (LEAF_BYTES + 2)
PRIVATE_BYTES_MAX: Final = 64 * 1024 * 1024
PRIVATE: Final = "private/"
DATABASE: Final = "consentry.db"


class _Files:
    """What hub and bundle share: files by their tlog-tiles names."""

    def _get(self, name: str, limit: int) -> bytes | None:
        raise NotImplementedError

    def checkpoint(self) -> str:
        data = self._get("checkpoint", NOTE_BYTES_MAX)
        if data is None:
            raise Finding(Verdict.INCOMPLETE, "There is no checkpoint.")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise Finding(Verdict.ALTERED, "The checkpoint is not text.") from error

    def leaves(self, size: int) -> Iterator[bytes]:
        for number in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - number * TILE_WIDTH)
            data = self._get(str(TilePath(None, number, width)), TILE_BYTES_MAX)
            if data is None:
                return
            try:
                yield from unbundle(data)
            except ValueError as error:
                raise Finding(Verdict.ALTERED, f"Entry bundle {number}: {error}.") from error

    def tile(self, level: int, number: int, width: int) -> bytes | None:
        return self._get(str(TilePath(level, number, width)), TILE_WIDTH * HASH_BYTES)

    def tiles_partial(self) -> bool:
        return True

    def bodies(self) -> Iterator[Body] | None:
        return None

    def all_bodies(self) -> bool:
        return False


class HubCopy(_Files):
    """A running hub, as everybody can read it."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("the URL starts with http:// or https://")
        self._url = url.rstrip("/")

    def _get(self, name: str, limit: int) -> bytes | None:
        try:
            address = f"{self._url}/log/{name}"
            with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:  # noqa: S310 checked
                data: bytes = answer.read(limit + 1)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404:
                    return None
            raise Finding(Verdict.INCOMPLETE, f"The hub answers {error.code}.") from error
        except OSError as error:
            raise Finding(Verdict.INCOMPLETE, f"The hub cannot be read: {error}.") from error
        if len(data) > limit:
            raise Finding(Verdict.ALTERED, f"{name} is too large.")
        return data


class FolderCopy(_Files):
    """The published log as files: `DIR/log/`, or a copy of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _get(self, name: str, limit: int) -> bytes | None:
        try:
            with (self._folder / name).open("rb") as file:
                data = file.read(limit + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Finding(Verdict.INCOMPLETE, f"{name} cannot be read: {error}.") from error
        if len(data) > limit:
            raise Finding(Verdict.ALTERED, f"{name} is too large.")
        return data


class BundleCopy(_Files):
    """A zip of checkpoint, tiles and, for auditors, private entries."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise Finding(Verdict.INCOMPLETE, f"The bundle cannot be read: {error}.") from error

    def _get(self, name: str, limit: int) -> bytes | None:
        try:
            with self._zip.open(name) as member:
                data = member.read(limit + 1)
        except KeyError:
            return None
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise Finding(Verdict.ALTERED, f"{name} cannot be read: {error}.") from error
        if len(data) > limit:
            raise Finding(Verdict.ALTERED, f"{name} is too large.")
        return data

    def bodies(self) -> Iterator[Body] | None:
        names = [name for name in self._zip.namelist() if name.startswith(PRIVATE)]
        return self._private(names) if names else None

    def _private(self, names: list[str]) -> Iterator[Body]:
        for name in names:
            data = self._get(name, PRIVATE_BYTES_MAX) or b""
            for line in data.splitlines():
                try:
                    value = json.loads(line)
                    salt = b64decode(value["salt"], validate=True)
                    yield Body(int(value["position"]), salt, value["entry"].encode())
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    words = f"A line of {name} is not an entry: {error}."
                    raise Finding(Verdict.ALTERED, words) from error


_HEAD: Final = "SELECT id, size, n, note FROM audit_head"
_LEAVES: Final = "SELECT position, n, leaf FROM audit_leaf ORDER BY position"
_TILE: Final = "SELECT hashes FROM audit_tile WHERE level = ? AND number = ?"
_TILES: Final = "SELECT level, number, typeof(hashes) FROM audit_tile"
_ENTRIES: Final = """
    SELECT e.n, e.id, e.at, e.act, e.actor_id, e.agency, e.subject_kind, e.subject_id, e.holder,
           e.reference, e.salt, e.body, l.position
    FROM audit_entry e LEFT JOIN audit_leaf l ON l.n = e.n ORDER BY e.n
"""


class DataCopy:
    """The four tables of a data folder, each stored column held against what it must be."""

    def __init__(self, folder: Path, report: Report) -> None:
        path = folder / DATABASE
        if not path.is_file():
            raise Finding(Verdict.INCOMPLETE, f"{path} is not there.")
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        self._connection.isolation_level = None
        self._connection.execute("BEGIN")  # one snapshot, also of a hub at work
        self._report = report
        self._head_n = 0
        self.waiting = 0

    def close(self) -> None:
        self._connection.close()

    def checkpoint(self) -> str:
        rows = self._connection.execute(_HEAD).fetchall()
        if len(rows) != 1:
            words = f"The table audit_head has {len(rows)} rows instead of one."
            raise Finding(Verdict.ALTERED, words)
        key, size, self._head_n, note = rows[0]
        if not isinstance(note, str) or not isinstance(self._head_n, int):
            raise Finding(Verdict.ALTERED, "The stored head does not have its form.")
        try:
            signed = Checkpoint.parse(Note.parse(note).text).size
        except ValueError as error:
            raise Finding(Verdict.ALTERED, f"The stored head cannot be read: {error}.") from error
        if (key, size) != (1, signed):
            words = f"The stored head says {size}, but its checkpoint is signed for {signed}."
            raise Finding(Verdict.ALTERED, words)
        self._stored_tiles(signed)
        return note

    def leaves(self, size: int) -> Iterator[bytes]:
        last = 0
        for index, (position, n, leaf) in enumerate(self._connection.execute(_LEAVES)):
            if position != index:
                words = f"The leaf after {index - 1} is numbered {position}."
                raise Finding(Verdict.ALTERED, words)
            if not isinstance(leaf, bytes) or not isinstance(n, int) or n <= last:
                words = f"Leaf {index} does not belong to the entry that it names."
                raise Finding(Verdict.ALTERED, words)
            last = n
            yield leaf
        if last != self._head_n:
            words = f"The stored head says number {self._head_n}, the last leaf {last}."
            self._report.fault(Verdict.ALTERED, words)

    def tile(self, level: int, number: int, width: int) -> bytes | None:
        row = self._connection.execute(_TILE, (level, number)).fetchone()
        if row is None:
            return None
        return row[0] if isinstance(row[0], bytes) else b""

    def tiles_partial(self) -> bool:
        return False

    def bodies(self) -> Iterator[Body]:
        for row in self._connection.execute(_ENTRIES):
            n, *columns, salt, body, position = row
            if not isinstance(salt, bytes) or not isinstance(body, bytes):
                self._report.fault(Verdict.ALTERED, f"Entry {n} does not have its form.")
                continue
            self._columns(n, columns, salt, body)
            if position is not None:
                yield Body(position, salt, body)
            elif n <= self._head_n:
                words = f"Entry {n} stands in no place of the log, though later ones do."
                self._report.fault(Verdict.ALTERED, words)
            else:
                self.waiting += 1

    def all_bodies(self) -> bool:
        return True

    def _stored_tiles(self, size: int) -> None:
        """No tile beyond the tree: those within it are compared one by one."""
        for level, number, kind in self._connection.execute(_TILES):
            placed = isinstance(level, int) and isinstance(number, int) and kind == "blob"
            if not placed or level < 0 or not 0 <= number < size >> 8 * (level + 1):
                words = f"There is a tile {number} of level {level} that the log cannot have."
                self._report.fault(Verdict.ALTERED, words)

    def _columns(self, n: int, columns: list[object], salt: bytes, body: bytes) -> None:
        try:
            entry = decode(body)
        except ValueError as error:
            self._report.fault(Verdict.ALTERED, f"Entry {n} cannot be read: {error}.")
            return
        expected = [
            entry.id,
            to_micros(entry.at),
            entry.act.value,
            entry.actor.id,
            entry.actor.agency,
            entry.on.kind,
            entry.on.id,
            entry.on.party,
            entry.reference,
        ]
        if columns != expected or len(salt) != SALT_BYTES:
            words = f"A column of entry {n} says something else than its body."
            self._report.fault(Verdict.ALTERED, words)
