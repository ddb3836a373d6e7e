"""How much of an incomplete picture or animation could be decoded."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from inference.media import MediaKind, decode
from tests.unit.inference.media_samples import animation, encoded, portrait

END = b"\0\0\0\0IEND" + struct.pack(">I", zlib.crc32(b"IEND"))


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, position = [], 8
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        found.append((kind, data[position + 8 : position + 8 + length]))
        position += length + 12
    return found


def png_of_rows(picture: Image.Image, part: float) -> bytes:
    """Return the picture with valid data of only a ``part`` of its rows."""
    data = encoded(picture, "PNG")
    rows = zlib.decompress(b"".join(body for kind, body in chunks(data) if kind == b"IDAT"))
    packed = zlib.compress(rows[: int(len(rows) * part)])
    chunk = (
        struct.pack(">I", len(packed)) + b"IDAT" + packed + struct.pack(">I", zlib.crc32(b"IDAT" + packed))
    )
    return data[:33] + chunk + END


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_png_without_its_last_rows_is_decoded_in_part(mode: str, part: float) -> None:
    media = decode(png_of_rows(portrait(100, 100).convert(mode), part))

    assert media.decoded_share == pytest.approx(part, abs=0.01)
    assert media.fault == f"the data hold {media.decoded_share:.0%} of the pixels"


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (8, 8), (33, 17)])
@pytest.mark.parametrize("mode", ["1", "P", "L", "RGB", "RGBA", "I;16"])
def test_a_plain_png_is_complete(mode: str, size: tuple[int, int]) -> None:
    assert decode(encoded(Image.new(mode, size), "PNG")).decoded_share == 1.0


def test_an_animated_png_without_its_last_frames_is_decoded_in_part() -> None:
    complete = animation("PNG")
    frames = [at for at in range(len(complete)) if complete[at : at + 4] == b"fcTL"]

    media = decode(complete[: frames[10] - 4] + END)

    assert (media.kind, media.decoded_share) == (MediaKind.ANIMATION, 10 / 40)
    assert media.fault.startswith("frame 11 cannot be decoded")


def test_of_an_animation_that_breaks_early_the_first_frame_is_judged() -> None:
    # given 640 frames, of which every twentieth would be sampled, and the second is cut off
    noise = np.random.default_rng(0).integers(0, 255, (640, 8, 8, 3), dtype=np.uint8)
    first, *rest = [Image.fromarray(picture) for picture in noise]
    complete = encoded(first, "PNG", save_all=True, append_images=rest, duration=50)
    second = complete.index(b"fdAT")

    media = decode(complete[: second - 4] + END)

    assert (len(media.frames), media.decoded_share) == (1, 1 / 640)
    assert np.array_equal(media.frames[0].image, noise[0])
