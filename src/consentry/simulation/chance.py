"""One random stream per kind of thing, so that more cameras never move a street."""

import zlib

import numpy as np


def stream(seed: int, kind: str) -> np.random.Generator:
    """The same numbers for the same seed and kind, on every machine."""
    words = np.random.SeedSequence([seed, zlib.crc32(kind.encode())])
    return np.random.Generator(np.random.PCG64(words))
