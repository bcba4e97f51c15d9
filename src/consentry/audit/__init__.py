"""The append-only log of who did and saw what, and why.

The running `log.Log` and its `trust.Vault` are not part of this face: they do I/O, and only the
composition root holds them. Features see what they prove through ports of their own.
"""

from .model import SYSTEM, Actor, Entry, LoggedAct, Subject
from .policy import Policy
from .receipts import Proven, Receipt
from .service import Auditing, Journal, Retention

__all__ = [
    "SYSTEM",
    "Actor",
    "Auditing",
    "Entry",
    "Journal",
    "LoggedAct",
    "Policy",
    "Proven",
    "Receipt",
    "Retention",
    "Subject",
]
