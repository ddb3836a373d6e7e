"""A pool of decoding processes in which the probe format is installed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.sandbox import Attempt, DecoderPool, ProcessLimits

PROBE = Path(__file__).parents[3] / "plugin_probe"


@pytest.fixture(scope="module")
def attempts() -> list[Attempt]:
    """All attempts of the pool, in order."""
    return []


@pytest.fixture(scope="module")
def pool(attempts: list[Attempt]) -> Iterator[DecoderPool]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAKEME_S3_SECRET_KEY", "a-secret")
        patch.setattr(sys, "path", [str(PROBE), *sys.path])
        limits = ProcessLimits(memory_bytes=200_000_000, cpu_seconds=1.0, wall_factor=3.0)
        pool = DecoderPool(2, limits, attempts.append)
        yield pool
        pool.close()
