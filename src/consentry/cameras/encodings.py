"""Files as text, whatever they were saved by: the encoding is declared, marked, or found out."""

import codecs
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Final

from consentry.kernel.errors import InvalidError

ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
CHUNK: Final = 1024 * 1024
SAMPLE: Final = 4096
BROKEN: Final = "\ufffd"
"""What undecodable bytes become. A row that holds one is refused; the rest of the file is not."""


def detect(path: Path, declared: str = "") -> str:
    """The encoding of this file. Raises InvalidError for one that is not known here."""
    if declared:
        return _declared(declared)
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if sample[1::2].count(0) > len(sample) // 4:
        return "utf-16-le"
    if sample[0::2].count(0) > len(sample) // 4:
        return "utf-16-be"
    return _unmarked(path)


def open_text(path: Path, encoding: str) -> TextIOWrapper:
    """The file as text with its line ends as they are; undecodable bytes become `BROKEN`."""
    return TextIOWrapper(path.open("rb"), encoding, errors="replace", newline="")


class Utf8:
    """A text file as a stream of UTF-8 bytes, for a parser that reads nothing else."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text

    def read(self, size: int) -> bytes:
        # Lone surrogates of broken UTF-16 have no UTF-8 form.
        return self._text.read(size).encode("utf-8", "replace")


def _declared(name: str) -> str:
    try:
        known = codecs.lookup(name).name.replace("_", "-")
    except (LookupError, ValueError):
        known = ""
    named = {"windows-1252": "cp1252", "iso8859-1": "cp1252", "latin-1": "cp1252"}.get(known, known)
    if named not in ENCODINGS:
        message = f"{name[:40]!r} is not an encoding that is read here"
        raise InvalidError.of("encoding", message, ", ".join(ENCODINGS))
    return named


def _unmarked(path: Path) -> str:
    """UTF-8 if that is what it holds, spoilt in places perhaps; else what old Windows wrote."""
    good = bad = 0
    with path.open("rb") as raw, TextIOWrapper(BufferedReader(raw.raw), "utf-8", "replace") as text:
        while chunk := text.read(CHUNK):
            if chunk.isascii():
                continue
            broken = chunk.count(BROKEN)
            bad += broken
            good += sum(letter > "\x7f" for letter in chunk) - broken
    return "utf-8" if bad <= good else "cp1252"
