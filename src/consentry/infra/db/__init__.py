"""One database, two dialects: every unit of work is one plain function in one transaction."""

from .columns import Instant, JsonText
from .database import Database, Transaction, Work
from .tables import metadata

__all__ = ["Database", "Instant", "JsonText", "Transaction", "Work", "metadata"]
