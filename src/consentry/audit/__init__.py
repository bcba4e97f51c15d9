"""The append-only log of who did and saw what, and why."""

from .log import Log, Proven
from .model import SYSTEM, Actor, Entry, LoggedAct, Subject
from .service import Journal
from .trust import Policy, Vault

__all__ = [
    "SYSTEM",
    "Actor",
    "Entry",
    "Journal",
    "Log",
    "LoggedAct",
    "Policy",
    "Proven",
    "Subject",
    "Vault",
]
