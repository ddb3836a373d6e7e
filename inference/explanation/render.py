"""Draw a heat map over the face it is about, beside the face itself, so that one can compare."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference.explanation import style
from inference.media.decoded import Pixels

EDGE = 320  # of each of the two pictures, in pixels
GAP = 6
STRIP = 38  # the caption below
OPACITY = 0.72  # of the hottest place: the face must stay visible beneath
FAINTEST = 0.15  # heat below it leaves the picture as it is
DARKEST = 0.3  # where in the colour map the faintest heat begins: its black end would hide the face
BAR = (96, 10)  # of the scale, in pixels

Heat = NDArray[np.float32]


def overlay(crop: Pixels, heat: Heat) -> Pixels:
    """Return ``crop`` (H, W, 3) under ``heat`` (H, W) in [0, 1]: the hotter, the lighter and denser."""
    strength = np.clip((heat - FAINTEST) / (1 - FAINTEST), 0, 1)
    alpha = (OPACITY * strength**0.75)[..., None]
    mixed = crop * (1 - alpha) + coloured(strength) * alpha
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def coloured(strength: Heat) -> Pixels:
    """Return (H, W, 3) RGB for strengths in [0, 1], of the perceptually uniform map Inferno."""
    levels = np.rint(255 * (DARKEST + (1 - DARKEST) * strength)).astype(np.uint8)
    painted = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)
    return np.asarray(cv2.cvtColor(painted, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def heat_panel(crop: Pixels, heat: Heat, *, score: float, suspect: float, tag: float) -> Pixels:
    """Return the face (S, S, 3), the same under its heat (S, S), and below score, thresholds and scale."""
    large = cv2.resize(crop, (EDGE, EDGE), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    warm = np.asarray(cv2.resize(heat, (EDGE, EDGE), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
    panel = Image.new("RGB", (2 * EDGE + GAP, EDGE + STRIP), style.PAPER)
    panel.paste(Image.fromarray(large), (0, 0))
    panel.paste(Image.fromarray(overlay(large, warm)), (EDGE + GAP, 0))
    _caption(panel, score, suspect, tag)
    _scale(panel)
    return np.asarray(panel, dtype=np.uint8)


def _caption(panel: Image.Image, score: float, suspect: float, tag: float) -> None:
    draw, middle = ImageDraw.Draw(panel), EDGE + STRIP // 2
    colour = style.TAG if score >= tag else style.SUSPECT if score >= suspect else style.INK
    x = 10.0
    for text, size, ink in (
        (f"score {style.probability(score)}", 17, colour),
        (
            f"suspected from {style.probability(suspect)}, deepfake from {style.probability(tag)}",
            13,
            style.FAINT,
        ),
    ):
        draw.text((x, middle), text, ink, style.font(size), anchor="lm")
        x += draw.textlength(text, style.font(size)) + 14


def _scale(panel: Image.Image) -> None:
    draw, middle = ImageDraw.Draw(panel), EDGE + STRIP // 2
    width, height = BAR
    ramp = np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))
    right = panel.width - 10 - draw.textlength("strong", style.font(13)) - 6
    panel.paste(Image.fromarray(coloured(ramp)), (round(right) - width, middle - height // 2))
    draw.text((right + 6, middle), "strong", style.FAINT, style.font(13), anchor="lm")
    draw.text((right - width - 6, middle), "weak", style.FAINT, style.font(13), anchor="rm")
