"""Fit a face box so that the served crop lies within the picture."""

from collections.abc import Sequence

from training.evaluation.conditions import Box


def fit_box(box: Box, shape: Sequence[int], margin: float) -> Box:
    """Return the box, or the box of the picture's largest square if the crop would exceed the picture.

    Aligned data sets show less than the face box. In production such a face lies within a wider picture, so
    edges are not mirrored here.
    """
    x0, y0, x1, y1 = box
    side, available = max(x1 - x0, y1 - y0) * (1 + margin), min(shape[:2])
    if side <= available:
        return box
    half = available / (1 + margin) / 2
    x = min(max((x0 + x1) / 2, available / 2), shape[1] - available / 2)
    y = min(max((y0 + y1) / 2, available / 2), shape[0] - available / 2)
    return x - half, y - half, x + half, y + half
