"""Colours, typeface and number format of the explanation pictures.

Texts are short and English: the only typeface that is always available is Pillow's own, which has no Hangul.
"""

from functools import cache
from math import floor

from PIL import ImageFont

Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
INK: Colour = (33, 37, 41)
FAINT: Colour = (110, 117, 125)  # contrast of 4.7:1 on paper, enough for small text
RULE: Colour = (222, 226, 230)
SUSPECT: Colour = (178, 107, 0)
TAG: Colour = (190, 30, 45)

# Okabe & Ito (2008), distinguishable for colour-blind people; in the order of the suspect faces
FACES: tuple[Colour, ...] = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167))
OTHERS: Colour = (173, 181, 189)

EPSILON = 1e-9  # 0.29 * 100 is slightly less than 29


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return Aileron (CC0), which is part of Pillow; ``size`` is in pixels."""
    loaded = ImageFont.load_default(size)
    assert isinstance(loaded, ImageFont.FreeTypeFont)  # all Pillow wheels include FreeType
    return loaded


def probability(value: float) -> str:
    """Return a probability with two digits, or three from 0.99 on.

    It is truncated, so that it never rounds up to a threshold or to 1.
    """
    digits = 3 if value >= 0.99 else 2
    steps = 10**digits
    return f"{floor(value * steps + EPSILON) / steps:.{digits}f}"
