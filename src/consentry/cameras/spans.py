"""Runs of neighbouring rows as one array of row numbers."""

import numpy as np

from .columns import Ints


def flattened(starts: Ints, ends: Ints) -> Ints:
    """Every number of the half-open spans, span after span."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    rows: Ints = np.repeat(starts - before, lengths)
    rows += np.arange(len(rows), dtype=np.int64)
    return rows
