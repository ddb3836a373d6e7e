"""Stickers and text bars, used as overlays by the numpy and the torch augmentation.

Sprites are (H, W, 4) uint8 RGBA with a transparent border, so that they can be scaled without a hard edge.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

Image = NDArray[np.uint8]

EDGE = 64  # pixels, shorter side of a sprite
SUPERSAMPLING = 4  # sprites are drawn larger by this factor and averaged
BORDER = 2  # pixels
BAR = (EDGE, 4 * EDGE)
YELLOW, RED, WHITE, BLACK, BLUE = (255, 205, 50), (225, 45, 60), (255,) * 3, (20,) * 3, (60, 120, 240)
TEXTS = (
    "LOL",
    "SHARE THIS",
    "breaking",
    "@someone",
    "WOW!!",
    "sub 4 sub",
    "2024.05.17",
    "LIVE",
    "#mood",
    "wait...",
)

Draw = Callable[[ImageDraw.ImageDraw], None]


def _face(mouth: Draw, eyes: Draw) -> Draw:
    def draw(pen: ImageDraw.ImageDraw) -> None:
        pen.ellipse((16, 16, 240, 240), fill=YELLOW, outline=(200, 150, 20), width=4)
        eyes(pen)
        mouth(pen)

    return draw


def _dots(pen: ImageDraw.ImageDraw) -> None:
    for x in (90, 166):
        pen.ellipse((x - 14, 80, x + 14, 120), fill=BLACK)


def _hearts(pen: ImageDraw.ImageDraw) -> None:
    for x in (84, 172):
        pen.polygon([(x - 28, 95), (x, 130), (x + 28, 95), (x + 14, 80), (x, 92), (x - 14, 80)], fill=RED)


def _heart(pen: ImageDraw.ImageDraw) -> None:
    pen.pieslice((24, 40, 136, 152), 135, 360, fill=RED)
    pen.pieslice((120, 40, 232, 152), 180, 45, fill=RED)
    pen.polygon([(38, 132), (80, 70), (128, 92), (176, 70), (218, 132), (128, 228)], fill=RED)


def _star(pen: ImageDraw.ImageDraw) -> None:
    angles = np.arange(10) * np.pi / 5 - np.pi / 2
    radii = np.where(np.arange(10) % 2, 46, 112)
    points = [(128 + r * np.cos(a), 132 + r * np.sin(a)) for a, r in zip(angles, radii, strict=True)]
    pen.polygon(points, fill=YELLOW, outline=(200, 150, 20))


def _glasses(pen: ImageDraw.ImageDraw) -> None:
    pen.rectangle((12, 96, 244, 112), fill=BLACK)
    for x in (26, 140):
        pen.rounded_rectangle((x, 96, x + 90, 160), 20, fill=BLACK)


def _drop(pen: ImageDraw.ImageDraw) -> None:
    pen.polygon([(128, 24), (62, 150), (194, 150)], fill=BLUE)
    pen.ellipse((56, 104, 200, 236), fill=BLUE)


STICKERS: tuple[Draw, ...] = (
    _face(lambda pen: pen.arc((76, 100, 180, 200), 20, 160, fill=BLACK, width=10), _dots),
    _face(lambda pen: pen.chord((76, 100, 180, 210), 0, 180, fill=BLACK), _dots),
    _face(lambda pen: pen.ellipse((106, 145, 150, 205), fill=BLACK), _dots),
    _face(lambda pen: pen.chord((76, 100, 180, 210), 0, 180, fill=RED), _hearts),
    _heart,
    _star,
    _glasses,
    _drop,
)


def _downscale(picture: Pictures.Image) -> Image:
    """Return the drawing at its final size, colours averaged by alpha, with a transparent border."""
    pixels = np.asarray(picture, dtype=np.float32)
    size = (pixels.shape[1] // SUPERSAMPLING, pixels.shape[0] // SUPERSAMPLING)
    alpha = pixels[..., 3:] / 255
    averaged = cv2.resize(
        np.dstack([pixels[..., :3] * alpha, pixels[..., 3]]), size, interpolation=cv2.INTER_AREA
    )
    colour = averaged[..., :3] / np.maximum(averaged[..., 3:] / 255, 1 / 255)
    sprite = np.dstack([np.clip(np.rint(colour), 0, 255), np.rint(averaged[..., 3])]).astype(np.uint8)
    sprite[:BORDER, :, 3] = sprite[-BORDER:, :, 3] = 0
    sprite[:, :BORDER, 3] = sprite[:, -BORDER:, 3] = 0
    return sprite


def _sticker(draw: Draw) -> Image:
    picture = Pictures.new("RGBA", (EDGE * SUPERSAMPLING, EDGE * SUPERSAMPLING))
    draw(ImageDraw.Draw(picture))
    return _downscale(picture)


def _bar(text: str, colour: tuple[int, ...], background: tuple[int, ...] | None) -> Image:
    """Return a line of text on a bar, or with an outline if there is no background."""
    picture = Pictures.new("RGBA", (BAR[1] * SUPERSAMPLING, BAR[0] * SUPERSAMPLING))
    pen = ImageDraw.Draw(picture)
    if background is not None:
        pen.rectangle((0, 0, *picture.size), fill=background)
    middle = (picture.width / 2, picture.height / 2)
    font = ImageFont.load_default(150)
    outline = 0 if background is not None else 8
    pen.text(middle, text, fill=colour, font=font, anchor="mm", stroke_width=outline, stroke_fill=BLACK)
    return _downscale(picture)


@cache
def stickers() -> tuple[Image, ...]:
    """Return emoji-like sprites of 64x64."""
    return tuple(_sticker(draw) for draw in STICKERS)


@cache
def text_bars() -> tuple[Image, ...]:
    """Return lines of text of 64x256: white with an outline, or on a white, black or translucent bar."""
    styles = ((WHITE, None), (BLACK, (*WHITE, 255)), (WHITE, (*BLACK, 255)), (WHITE, (*BLACK, 140)))
    return tuple(_bar(text, *styles[index % len(styles)]) for index, text in enumerate(TEXTS))


def premultiply(sprite: Image) -> NDArray[np.float32]:
    """Return the sprite (H, W, 4) with premultiplied alpha, so that transparent pixels do not bleed."""
    pixels = sprite.astype(np.float32)
    pixels[..., :3] *= pixels[..., 3:] / 255
    return pixels


def paste(image: Image, sprite: Image, corner: tuple[float, float], width: float, opacity: float) -> Image:
    """Return the picture with a sprite of ``width`` pixels over it, cropped to the picture.

    ``corner`` is the sprite's upper left corner, (x, y) in pixels.
    """
    factor = width / sprite.shape[1]
    pixels = premultiply(sprite)
    if factor < 1:
        pixels = cv2.GaussianBlur(pixels, (0, 0), 0.4 / factor).astype(np.float32)  # against aliasing
    matrix = np.array([[factor, 0, corner[0]], [0, factor, corner[1]]], dtype=np.float32)
    placed = cv2.warpAffine(pixels, matrix, (image.shape[1], image.shape[0]), flags=cv2.INTER_LINEAR)
    mixed = image * (1 - placed[..., 3:] / 255 * opacity) + placed[..., :3] * opacity
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def add_overlay(image: Image, rng: np.random.Generator) -> Image:
    """Return the picture with a sticker or a text bar at a random position and size."""
    height, width = image.shape[:2]
    opacity = float(rng.uniform(0.6, 1.0))
    if rng.random() < 0.5:
        sprite, share = stickers()[int(rng.integers(len(STICKERS)))], rng.uniform(0.12, 0.35)
        left, top = rng.uniform(0, 1 - share, 2)
    else:
        sprite, share = text_bars()[int(rng.integers(len(TEXTS)))], rng.uniform(0.4, 1.0)
        left, top = rng.uniform(0, 1 - share), rng.uniform(0, 1 - share / 4)
    return paste(image, sprite, (left * width, top * height), share * width, opacity)
