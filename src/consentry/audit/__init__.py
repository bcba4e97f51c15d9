"""The append-only log of who did and saw what, and why."""

from .log import Log, Proven
from .model import SYSTEM, Actor, Entry, LoggedAct, Subject
from .receipts import Receipt
from .service import Auditing, Journal, Retention
from .trust import Policy, Vault

__all__ = [
    "SYSTEM",
    "Actor",
    "Auditing",
    "Entry",
    "Journal",
    "Log",
    "LoggedAct",
    "Policy",
    "Proven",
    "Receipt",
    "Retention",
    "Subject",
    "Vault",
]
