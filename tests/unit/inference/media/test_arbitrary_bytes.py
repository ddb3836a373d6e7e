"""Whatever the bytes, decoding ends with frames or with a reason."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import Unprocessable
from inference.media import DecodedMedia, MediaLimits, decode
from schemas.verdicts import UnprocessableReason
from tests.unit.inference.media_samples import animation, encoded, portrait

LIMITS = MediaLimits(max_pixels=1_000_000, max_animation_pixels=1_000_000)  # so that a try takes milliseconds
PICTURE = portrait(48, 40)
SEEDS = {
    "JPEG": encoded(PICTURE, "JPEG"),
    "progressive JPEG": encoded(PICTURE, "JPEG", progressive=True),
    "CMYK JPEG": encoded(PICTURE.convert("CMYK"), "JPEG"),
    "PNG": encoded(PICTURE, "PNG"),
    "palette PNG": encoded(PICTURE.convert("P"), "PNG", transparency=3),
    "animated PNG": animation("PNG", 4),
    "GIF": encoded(PICTURE, "GIF"),
    "animated GIF": animation("GIF", 4),
    "TIFF": encoded(PICTURE, "TIFF"),
    "LZW TIFF": encoded(PICTURE, "TIFF", compression="tiff_lzw"),
    "BMP": encoded(PICTURE, "BMP"),
    "WebP": encoded(PICTURE, "WEBP"),
    "transparent WebP": encoded(PICTURE.convert("RGBA"), "WEBP", lossless=True),
    "animated WebP": animation("WEBP", 4),
    "AVIF": encoded(PICTURE, "AVIF"),
    "HEIC": encoded(PICTURE, "HEIF"),
}
MUTATIONS = 60  # of each seed; the corpus of hostile files has more

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow warns about most of these files


def answer(data: bytes) -> DecodedMedia | UnprocessableReason:
    try:
        media = decode(data, limits=LIMITS)
    except Unprocessable as refusal:
        return refusal.reason
    assert 0.0 < media.decoded_share <= 1.0
    assert media.fault or media.decoded_share == 1.0
    assert media.frames
    assert {frame.image.shape for frame in media.frames} == {media.frames[0].image.shape}
    return media


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return the file with some bytes changed, most of them in the header; removed, repeated or cut off."""
    result = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        reach = len(result) if chance.random() < 0.4 else min(len(result), 200)
        at = chance.randrange(4, reach)
        match chance.randrange(5):
            case 0:
                result[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 1:
                result[at] = chance.randrange(256)
            case 2:
                del result[at : at + chance.randint(1, 20)]
            case 3:
                result[at:at] = result[at : at + chance.randint(1, 20)]
            case _:
                del result[max(at, len(result) - chance.randint(1, 200)) :]
    return bytes(result)


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS.keys())
def test_a_mutated_picture_is_decoded_or_refused(seed: bytes) -> None:
    chance = random.Random(12)
    assert isinstance(answer(seed), DecodedMedia)
    for _ in range(MUTATIONS):
        answer(mutated(seed, chance))


SIGNATURES = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\x00", b"MM\x00*", b"BM",
    b"RIFF\x40\0\0\0WEBP", b"\x00\x00\x00\x18ftypavif", b"\x00\x00\x00\x18ftypheic",
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SIGNATURES), st.binary(max_size=300))
def test_arbitrary_bytes_after_a_signature_are_decoded_or_refused(signature: bytes, rest: bytes) -> None:
    answer(signature + rest)
