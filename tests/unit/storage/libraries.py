"""Libraries of noise."""

import numpy as np

from gateway.storage.expressions import ExpressionLibrary, LibraryEntry


def entry(seed: int = 0) -> LibraryEntry:
    rng = np.random.default_rng(seed)
    return LibraryEntry(
        rng.random(78, np.float32),
        rng.random((478, 3), np.float32),
        rng.integers(0, 256, (9, 7 + seed, 3), np.uint8),
        0.25 * (seed + 1),
    )


def library(name: str = "Ann", entries: int = 2) -> ExpressionLibrary:
    return ExpressionLibrary.new(name, [entry(n) for n in range(entries)])
