"""What the pictures of an explanation share: colours, type and how numbers are written.

Words are English and few: the only typeface that is sure to be there is Pillow's own, which has no Hangul.
"""

from functools import cache
from math import floor

from PIL import ImageFont

Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
INK: Colour = (33, 37, 41)
FAINT: Colour = (110, 117, 125)  # 4.7:1 on paper, enough for small text
RULE: Colour = (222, 226, 230)
SUSPECT: Colour = (178, 107, 0)
TAG: Colour = (190, 30, 45)

# Okabe & Ito (2008), told apart by colour-blind people too; in the order of the faces
FACES: tuple[Colour, ...] = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167))
OTHERS: Colour = (173, 181, 189)

EPSILON = 1e-9  # 0.29 * 100 is a little less than 29


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Aileron (CC0), which comes inside Pillow; ``size`` in pixels."""
    loaded = ImageFont.load_default(size)
    assert isinstance(loaded, ImageFont.FreeTypeFont)  # Pillow's wheels all have FreeType
    return loaded


def probability(value: float) -> str:
    """Two digits, three where two would claim certainty; cut off, so that none reaches a threshold or 1."""
    digits = 3 if value >= 0.99 else 2
    steps = 10**digits
    return f"{floor(value * steps + EPSILON) / steps:.{digits}f}"
