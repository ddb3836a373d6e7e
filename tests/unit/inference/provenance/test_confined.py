"""Credentials are verified in a confined process as outside of it, and damaged files break nothing."""

import random
from collections.abc import Iterator

import pytest

from inference.errors import Unprocessable
from inference.provenance.credentials import CredentialsState
from inference.provenance.reading import read_credentials
from inference.sandbox import Attempt, DecoderPool, Outcome
from tests.unit.inference.provenance.conftest import SAMPLES

MUTATIONS = 100


@pytest.fixture(scope="module")
def attempts() -> list[Attempt]:
    return []


@pytest.fixture(scope="module")
def pool(attempts: list[Attempt]) -> Iterator[DecoderPool]:
    pool = DecoderPool(1, observe=attempts.append)
    yield pool
    pool.close()


@pytest.mark.parametrize("media_type", SAMPLES)
def test_the_result_is_that_of_the_library(
    pool: DecoderPool, attempts: list[Attempt], signed: dict[str, bytes], root: str, media_type: str
) -> None:
    attempts.clear()

    assert pool.read_credentials(signed[media_type], root) == read_credentials(signed[media_type], root)
    assert [attempt.outcome for attempt in attempts] == [Outcome.VERIFIED]


def test_one_process_verifies_and_decodes(pool: DecoderPool, signed: dict[str, bytes], root: str) -> None:
    for _ in range(3):
        assert pool.read_credentials(signed["image/png"], root).state is CredentialsState.TRUSTED
        assert pool.decode(signed["image/png"]).width == 512


@pytest.mark.parametrize("media_type", SAMPLES)
def test_a_damaged_manifest_is_not_trusted_to_say_anything_else(
    pool: DecoderPool, signed: dict[str, bytes], root: str, media_type: str
) -> None:
    """Some bytes of a manifest are padding that no signature covers."""
    stated = pool.read_credentials(signed[media_type], root)
    generator = random.Random(media_type)
    manifest = signed[media_type].index(b"jumb")
    for _ in range(MUTATIONS):
        data = bytearray(signed[media_type])
        start = manifest + generator.randrange(5_000)
        data[start : start + 4] = generator.randbytes(4)
        try:
            credentials = pool.read_credentials(bytes(data), root)
        except Unprocessable:
            continue
        assert credentials == stated or credentials.state is not CredentialsState.TRUSTED
