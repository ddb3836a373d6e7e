"""Another expression on the same face: mouth opened or drawn wide, brows moved."""

import numpy as np

from training.forgeries.blends import overlay
from training.forgeries.masks import TEMPLATE, Floats, affine_between
from training.forgeries.unseen.deformation import deform
from training.forgeries.unseen.outlines import CENTRE, HALF_HEIGHT, HALF_WIDTH, Image

# Points that an expression moves, in the frame of the 112 px template.
EXPRESSIVE = {
    "left corner": (41.6, 92.4),
    "right corner": (70.7, 92.2),
    "upper lip": (56.0, 89.5),
    "lower lip": (56.0, 95.5),
    "chin": (56.0, 111.0),
    "left brow": (37.0, 41.0),
    "right brow": (75.0, 41.0),
}
# And points that keep it where it is.
FIXED = ((38.3, 51.7), (73.5, 51.5), (56.0, 71.7), (22.0, 60.0), (90.0, 60.0), (25.0, 90.0), (87.0, 90.0))
ANCHORS = np.array(FIXED, dtype=np.float32)
POINTS = np.array(list(EXPRESSIVE.values()), dtype=np.float32)
REACH = 1.25  # of the face's oval: up to there the skin moves along
INSIDE_SHADE = 0.3  # of the lips' colour; mouths are dark inside
TEETH_SHARE = 0.6


def expression(rng: np.random.Generator) -> tuple[Floats, float]:
    """Return how far each point of ``EXPRESSIVE`` moves, (7, 2) template pixels, and the mouth's opening."""
    opening = float(rng.uniform(4, 11)) * float(rng.random() < 0.7)
    wide, up = float(rng.uniform(-3, 4)), float(rng.uniform(-3, 2))
    brows = float(rng.uniform(-4, 3))
    moves = [(-wide, up), (wide, up), (0, -0.15 * opening), (0, 0.85 * opening), (0, 0.8 * opening)]
    return np.array([*moves, (0, brows), (0, brows)], dtype=np.float32), opening


def _template_places(shape: tuple[int, int], landmarks: Floats) -> tuple[Floats, Floats]:
    """Return x and y of each pixel in the template's frame, (H, W) float32 each."""
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
    """Return the picture with the inside of an opened mouth drawn: dark, often with a row of teeth."""
    centre, half = (56.0, 92.4 + 0.35 * opening), (float(rng.uniform(8, 10)), 0.42 * opening)
    distance = _oval_distance(places, centre, half)
    if not (distance < 1).any():
        return image
    lips = image[distance < 1].mean(axis=0)
    drawn = np.full(image.shape, INSIDE_SHADE, np.float32) * lips.astype(np.float32)
    if rng.random() < TEETH_SHARE:
        rows = np.clip((centre[1] - places[1]) / half[1] / 0.4, 0, 1)[..., None]  # in the upper part
        teeth = np.full(3, lips.mean(), np.float32) * np.array([1.15, 1.1, 1.0], np.float32)
        drawn = drawn * (1 - rows) + teeth * rows
    soft = np.clip((1 - distance) / 0.4, 0, 1).astype(np.float32)
    return overlay(image, np.clip(drawn, 0, 255).astype(np.uint8), soft)


def reenacted(
    image: Image,
    landmarks: Floats,
    source: Image,  # noqa: ARG001  (the face stays the person's own)
    source_landmarks: Floats,  # noqa: ARG001
    rng: np.random.Generator,
) -> Image:
    """Return the same face with a drawn expression: bent by moving least squares, the mouth's inside new."""
    moves, opening = expression(rng)
    matrix = affine_between(TEMPLATE, landmarks)
    before, after, still = (
        points @ matrix[:, :2].T + matrix[:, 2] for points in (POINTS, POINTS + moves, ANCHORS)
    )
    places = _template_places((image.shape[0], image.shape[1]), landmarks)
    inside = _oval_distance(places, CENTRE, (HALF_WIDTH * REACH, HALF_HEIGHT * REACH))
    weight = np.clip((1 - inside) / 0.3, 0, 1).astype(np.float32)
    bent = deform(image, np.vstack([before, still]), np.vstack([after, still]), weight)
    return _fill_mouth(bent, places, opening, rng) if opening > 0 else bent
