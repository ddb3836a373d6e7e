"""Pictures of every colour mode and orientation are decoded to upright 8-bit RGB."""

import numpy as np
import pytest
from PIL import Image

from inference.media import decode
from inference.media.decoded import Pixels
from inference.media.limits import MediaLimits
from tests.unit.inference.media_samples import encoded, portrait

EXIF_ORIENTATION = 0x112


def pixels(picture: Image.Image, file_format: str, **options: object) -> Pixels:
    return decode(encoded(picture, file_format, **options)).frames[0].image


@pytest.mark.parametrize("file_format", ["JPEG", "AVIF", "PNG", "WEBP"])
def test_exif_orientation_is_applied(file_format: str) -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6  # shown after a quarter turn clockwise
    rotated = Image.new("RGB", (60, 40), "black")
    rotated.paste("white", (0, 0, 60, 20))  # the upper half becomes the right half when upright

    upright = pixels(rotated, file_format, exif=exif, quality=100)

    assert upright.shape == (60, 40, 3)
    assert upright[:, :15].max() < 30
    assert upright[:, 25:].min() > 225


def test_transparency_is_shown_over_white() -> None:
    transparent = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    translucent = Image.new("RGBA", (4, 4), (255, 0, 0, 127))

    assert (pixels(transparent, "PNG") == 255).all()
    assert pixels(translucent, "PNG")[0, 0].tolist() == [255, 128, 128]


def test_transparent_palette_colours_are_shown_over_white() -> None:
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([10, 20, 30] + [0] * 765)

    assert pixels(picture, "PNG")[0, 0].tolist() == [10, 20, 30]
    assert pixels(picture, "PNG", transparency=0)[0, 0].tolist() == [255, 255, 255]


def test_cmyk_keeps_its_colours() -> None:
    expected = np.asarray(portrait(), dtype=float)
    assert np.abs(pixels(portrait().convert("CMYK"), "JPEG", quality=95) - expected).mean() < 5


def test_sixteen_bits_keep_their_brightness() -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (8, 1))
    assert pixels(Image.fromarray(ramp), "PNG")[0, :, 0].tolist() == list(range(256))


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey_is_decoded_to_three_equal_channels(mode: str) -> None:
    image = pixels(portrait(32, 32).convert(mode), "PNG")
    assert image.shape == (32, 32, 3)
    assert (image[..., 0] == image[..., 2]).all()


def test_a_large_picture_is_reduced_and_its_original_size_kept() -> None:
    large = encoded(Image.new("RGB", (5_000, 1_000), "navy"), "PNG")

    media = decode(large, limits=MediaLimits(max_picture_side=2_500))

    assert (media.width, media.height) == (5_000, 1_000)
    assert media.frames[0].image.shape == (500, 2_500, 3)
    assert media.scale == 0.5


def test_frames_of_a_large_animation_are_reduced() -> None:
    """Without the limit, 32 frames of 50 MP would take 5 GB."""
    frames = [Image.new("RGB", (640, 320), (shade, 0, 0)) for shade in (10, 120, 240)]
    animation = encoded(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True
    )

    media = decode(animation, limits=MediaLimits(max_frame_side=320))

    assert (media.width, media.height) == (640, 320)
    assert [frame.image.shape for frame in media.frames] == [(160, 320, 3)] * 3
    assert [int(frame.image[0, 0, 0]) for frame in media.frames] == [10, 120, 240]
