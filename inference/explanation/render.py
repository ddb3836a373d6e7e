"""Draw a face and, for comparison, the same face under its heat map."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference.explanation import style
from inference.media.decoded import Pixels

EDGE = 320  # of each of the two pictures, in pixels
GAP = 6
STRIP = 38  # height of the caption below, in pixels
OPACITY = 0.72  # of the hottest place; the face must stay visible
FAINTEST = 0.15  # lower heat values leave the picture unchanged
DARKEST = 0.3  # where the faintest heat starts in the colour map; its black end would hide the face
BAR = (96, 10)  # width and height of the scale, in pixels

Heat = NDArray[np.float32]


def overlay(crop: Pixels, heat: Heat) -> Pixels:
    """Return ``crop`` (H, W, 3) under ``heat`` (H, W) in [0, 1]; hotter means lighter and more opaque."""
    strength = np.clip((heat - FAINTEST) / (1 - FAINTEST), 0, 1)
    alpha = (OPACITY * strength**0.75)[..., None]
    mixed = crop * (1 - alpha) + coloured(strength) * alpha
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def coloured(strength: Heat) -> Pixels:
    """Return (H, W, 3) RGB for strengths in [0, 1], in the perceptually uniform colour map Inferno."""
    levels = np.rint(255 * (DARKEST + (1 - DARKEST) * strength)).astype(np.uint8)
    painted = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)
    return np.asarray(cv2.cvtColor(painted, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def heat_panel(crop: Pixels, heat: Heat, *, score: float, suspect: float, tag: float) -> Pixels:
    """Return the face (S, S, 3) next to itself under the heat map (S, S), above score, thresholds, scale."""
    enlarged = cv2.resize(crop, (EDGE, EDGE), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    enlarged_heat = np.asarray(
        cv2.resize(heat, (EDGE, EDGE), interpolation=cv2.INTER_LINEAR), dtype=np.float32
    )
    panel = Image.new("RGB", (2 * EDGE + GAP, EDGE + STRIP), style.PAPER)
    panel.paste(Image.fromarray(enlarged), (0, 0))
    panel.paste(Image.fromarray(overlay(enlarged, enlarged_heat)), (EDGE + GAP, 0))
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
