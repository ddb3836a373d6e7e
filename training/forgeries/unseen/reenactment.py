"""Change the expression of a face: open or widen the mouth, move the brows."""

import numpy as np

from training.forgeries.blends import alpha_blend
from training.forgeries.masks import TEMPLATE, Floats, affine_between
from training.forgeries.unseen.deformation import deform
from training.forgeries.unseen.outlines import CENTRE, HALF_HEIGHT, HALF_WIDTH, Image

# Points moved by an expression, in coordinates of the 112 px template.
EXPRESSIVE = {
    "left corner": (41.6, 92.4),
    "right corner": (70.7, 92.2),
    "upper lip": (56.0, 89.5),
    "lower lip": (56.0, 95.5),
    "chin": (56.0, 111.0),
    "left brow": (37.0, 41.0),
    "right brow": (75.0, 41.0),
}
# Points that stay in place.
FIXED = ((38.3, 51.7), (73.5, 51.5), (56.0, 71.7), (22.0, 60.0), (90.0, 60.0), (25.0, 90.0), (87.0, 90.0))
ANCHORS = np.array(FIXED, dtype=np.float32)
POINTS = np.array(list(EXPRESSIVE.values()), dtype=np.float32)
REACH = 1.25  # relative to the face's oval; the skin moves up to here
INSIDE_SHADE = 0.3  # relative to the lips' colour; mouths are dark inside
TEETH_SHARE = 0.6


def expression(rng: np.random.Generator) -> tuple[Floats, float]:
    """Return the moves of the points of ``EXPRESSIVE``, (7, 2) template pixels, and the mouth's opening."""
    opening = float(rng.uniform(4, 11)) * float(rng.random() < 0.7)
    wide, up = float(rng.uniform(-3, 4)), float(rng.uniform(-3, 2))
    brows = float(rng.uniform(-4, 3))
    moves = [(-wide, up), (wide, up), (0, -0.15 * opening), (0, 0.85 * opening), (0, 0.8 * opening)]
    return np.array([*moves, (0, brows), (0, brows)], dtype=np.float32), opening


def _template_places(shape: tuple[int, int], landmarks: Floats) -> tuple[Floats, Floats]:
    """Return x and y of each pixel in template coordinates, (H, W) float32 each."""
    inverse = affine_between(landmarks, TEMPLATE)
    ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x, y = (row[0] * xs + row[1] * ys + row[2] for row in inverse.astype(np.float32))
    return x, y


def _oval_distance(
    places: tuple[Floats, Floats], centre: tuple[float, float], half: tuple[float, float]
) -> Floats:
    """Return the distance from an oval's centre, 1 on its outline."""
    x, y = (places[0] - centre[0]) / half[0], (places[1] - centre[1]) / half[1]
    return np.sqrt(x**2 + y**2).astype(np.float32)


def _fill_mouth(
    image: Image, places: tuple[Floats, Floats], opening: float, rng: np.random.Generator
) -> Image:
    """Return the picture with the inside of an opened mouth painted dark, often with a row of teeth."""
    centre, half = (56.0, 92.4 + 0.35 * opening), (float(rng.uniform(8, 10)), 0.42 * opening)
    distance = _oval_distance(places, centre, half)
    if not (distance < 1).any():
        return image
    lips = image[distance < 1].mean(axis=0)
    filled = np.full(image.shape, INSIDE_SHADE, np.float32) * lips.astype(np.float32)
    if rng.random() < TEETH_SHARE:
        rows = np.clip((centre[1] - places[1]) / half[1] / 0.4, 0, 1)[..., None]  # in the upper part
        teeth = np.full(3, lips.mean(), np.float32) * np.array([1.15, 1.1, 1.0], np.float32)
        filled = filled * (1 - rows) + teeth * rows
    soft = np.clip((1 - distance) / 0.4, 0, 1).astype(np.float32)
    return alpha_blend(image, np.clip(filled, 0, 255).astype(np.uint8), soft)


def reenacted(
    image: Image,
    landmarks: Floats,
    source: Image,  # noqa: ARG001  (the identity is kept)
    source_landmarks: Floats,  # noqa: ARG001
    rng: np.random.Generator,
) -> Image:
    """Return the same face with a random expression, warped by moving least squares."""
    moves, opening = expression(rng)
    matrix = affine_between(TEMPLATE, landmarks)
    start, end, anchors = (
        points @ matrix[:, :2].T + matrix[:, 2] for points in (POINTS, POINTS + moves, ANCHORS)
    )
    places = _template_places((image.shape[0], image.shape[1]), landmarks)
    inside = _oval_distance(places, CENTRE, (HALF_WIDTH * REACH, HALF_HEIGHT * REACH))
    weight = np.clip((1 - inside) / 0.3, 0, 1).astype(np.float32)
    warped = deform(image, np.vstack([start, anchors]), np.vstack([end, anchors]), weight)
    return _fill_mouth(warped, places, opening, rng) if opening > 0 else warped
