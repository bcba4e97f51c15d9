"""What the log needs from outside."""

from typing import Protocol

from .model import Entry


class Entries(Protocol):
    def add(self, entry: Entry, salt: bytes) -> None: ...
