"""The posts of the demo and the expected results, which the pipeline must produce itself."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.demo import pictures
from schemas.verdicts import Label, UnprocessableReason

FLAGGED = frozenset({Label.DEEPFAKE, Label.SUSPECTED})
CLEARED = frozenset({Label.AUTHENTIC})


@dataclass(frozen=True)
class Scene:
    """A post of the demo: its media item, and the labels that its verdict may have.

    A post must be tagged if its label is deepfake, and have a case if its label is suspected.
    """

    name: str
    description: str
    media_type: str
    make: Callable[[], bytes]
    expected: frozenset[Label]
    reason: UnprocessableReason | None = None
    reposts: str | None = None  # the scene with the same bytes, which are analysed only once
    reported: bool = False  # a user also reports the post


SCENES: tuple[Scene, ...] = (
    Scene("portrait", "a real portrait", "image/jpeg", lambda: pictures.jpeg(pictures.portrait()), CLEARED),
    Scene(
        "retouched",
        "the face blended with an altered copy",
        "image/jpeg",
        lambda: pictures.jpeg(pictures.retouched()),
        FLAGGED,
    ),
    Scene(
        "swapped",
        "the face replaced by another",
        "image/jpeg",
        lambda: pictures.jpeg(pictures.swapped()),
        FLAGGED,
    ),
    Scene(
        "repost",
        "the swapped picture, posted again",
        "image/jpeg",
        lambda: pictures.jpeg(pictures.swapped()),
        FLAGGED,
        reposts="swapped",
    ),
    Scene(
        "coffee",
        "a picture without a face",
        "image/jpeg",
        lambda: pictures.jpeg(pictures.no_face()),
        frozenset({Label.NO_FACE}),
    ),
    Scene(
        "video",
        "H.264 of the real portrait",
        "video/mp4",
        lambda: pictures.video(pictures.portrait()),
        CLEARED,
    ),
    Scene(
        "forged-video",
        "H.264 of the swapped face",
        "video/mp4",
        lambda: pictures.video(pictures.swapped()),
        FLAGGED,
    ),
    Scene(
        "broken",
        "half a JPEG file",
        "image/jpeg",
        lambda: pictures.truncated(pictures.portrait()),
        frozenset({Label.UNPROCESSABLE}),
        reason=UnprocessableReason.TRUNCATED,
    ),
    Scene(
        "reported",
        "a real portrait that a user reports",
        "image/jpeg",
        lambda: pictures.jpeg(pictures.portrait(), quality=88),
        CLEARED,
        reported=True,
    ),
)
