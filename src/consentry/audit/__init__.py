"""The append-only log of who did and saw what, and why."""

from .model import SYSTEM, Actor, Entry, LoggedAct, Subject
from .service import Journal

__all__ = ["SYSTEM", "Actor", "Entry", "Journal", "LoggedAct", "Subject"]
