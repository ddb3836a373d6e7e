"""WebP pictures decoded by OpenCV have the pixels that Pillow gives."""

import io

import numpy as np
import pytest
from PIL import Image

from inference.media import decode
from inference.media.webp_chunks import read_header
from tests.unit.inference.media_samples import encoded, portrait


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (61, 43), (300, 700)])
def test_an_opaque_picture_is_that_of_pillow(size: tuple[int, int], lossless: bool) -> None:
    data = encoded(portrait(*size), "WEBP", lossless=lossless)

    media = decode(data)

    assert (media.width, media.height) == size
    assert np.array_equal(media.frames[0].image, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def test_a_transparent_picture_is_shown_on_white() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (600, 40, 4), dtype=np.uint8)
    data = encoded(Image.fromarray(picture), "WEBP", lossless=True, exact=True)

    pillow = Image.open(io.BytesIO(data)).convert("RGBA")
    white = Image.alpha_composite(Image.new("RGBA", pillow.size, "white"), pillow).convert("RGB")
    assert np.array_equal(decode(data).frames[0].image, np.asarray(white))


@pytest.mark.parametrize(
    "options", [{}, {"lossless": True}, {"exif": b"Exif\0\0"}], ids=["lossy", "lossless", "extended"]
)
def test_the_size_is_that_of_the_header(options: dict[str, object]) -> None:
    header = read_header(encoded(portrait(61, 43), "WEBP", **options))

    assert (header.width, header.height, header.animated) == (61, 43, False)
