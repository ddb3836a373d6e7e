"""What the demo posts, and what must come of each post. Nothing here makes an outcome; it is only awaited."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.demo import pictures
from schemas.verdicts import Label, UnprocessableReason

FLAGGED = frozenset({Label.DEEPFAKE, Label.SUSPECTED})
CLEARED = frozenset({Label.AUTHENTIC})


@dataclass(frozen=True)
class Scene:
    """One post of the demo: its media, and the labels that its verdict may have.

    A flagged post must be tagged if its label is deepfake, and have a case if it is suspected.
    """

    name: str
    about: str
    media_type: str
    make: Callable[[], bytes]
    expected: frozenset[Label]
    reason: UnprocessableReason | None = None
    reposts: str | None = None  # the scene whose bytes these are: judged once, answered twice
    reported: bool = False  # a user reports the post too


SCENES: tuple[Scene, ...] = (
    Scene("portrait", "a real portrait", "image/jpeg", lambda: pictures.jpeg(pictures.portrait()), CLEARED),
    Scene(
        "retouched",
        "its face blended with a changed copy",
        "image/jpeg",
        lambda: pictures.jpeg(pictures.retouched()),
        FLAGGED,
    ),
    Scene(
        "swapped",
        "another face put on it",
        "image/jpeg",
        lambda: pictures.jpeg(pictures.swapped()),
        FLAGGED,
    ),
    Scene(
        "repost",
        "the swapped picture again, by somebody else",
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
