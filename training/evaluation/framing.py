"""The square around a face that serving would cut, where the picture shows that much."""

from collections.abc import Sequence

from training.evaluation.conditions import Box


def fitted(box: Box, shape: Sequence[int], margin: float) -> Box:
    """Return the box from which serving cuts its square; one that would not fit the picture is made to.

    Aligned data sets show less than the face box. In service such a face lies in a wider picture, so nothing
    is mirrored at the edges here: the largest square of the picture is taken.
    """
    x0, y0, x1, y1 = box
    side, most = max(x1 - x0, y1 - y0) * (1 + margin), min(shape[:2])
    if side <= most:
        return box
    half = most / (1 + margin) / 2
    x = min(max((x0 + x1) / 2, most / 2), shape[1] - most / 2)
    y = min(max((y0 + y1) / 2, most / 2), shape[0] - most / 2)
    return x - half, y - half, x + half, y + half
