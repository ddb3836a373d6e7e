"""The posts of the demo and the expected results, which the pipeline must produce itself."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.demo import pictures
from pipeline.demo.decision import (
    CREDENTIALS,
    EARLIER,
    FILE_CHECK,
    KNOWN_MEDIA,
    METADATA,
    MODEL,
    WATERMARK,
)
from pipeline.demo.making import Maker
from schemas.verdicts import Label, UnprocessableReason

TAGGED = frozenset({Label.DEEPFAKE})
FLAGGED = frozenset({Label.DEEPFAKE, Label.SUSPECTED})
CLEARED = frozenset({Label.AUTHENTIC})
NO_FACE = frozenset({Label.NO_FACE})


@dataclass(frozen=True)
class Scene:
    """A post of the demo: its media item, the labels that its verdict may have, and who must decide.

    A post must be tagged if its label is deepfake, and have a case if its label is suspected.
    """

    name: str
    description: str
    make: Callable[[Maker], bytes]
    expected: frozenset[Label]
    media_type: str = "image/jpeg"
    decided_by: str = MODEL
    finding: str | None = None  # the signal that must have found something
    reason: UnprocessableReason | None = None
    reposts: str | None = None  # the scene with the same bytes, which is posted first
    reported: bool = False  # a user also reports the post


SCENES: tuple[Scene, ...] = (
    Scene("portrait", "a real portrait", lambda maker: maker.jpeg(pictures.portrait()), CLEARED),
    Scene(
        "retouched",
        "the face blended with an altered copy",
        lambda maker: maker.jpeg(pictures.retouched()),
        FLAGGED,
    ),
    Scene("swapped", "the face replaced by another", lambda maker: maker.jpeg(pictures.swapped()), FLAGGED),
    Scene(
        "repost",
        "the swapped picture, posted again",
        lambda maker: maker.jpeg(pictures.swapped()),
        FLAGGED,
        decided_by=EARLIER,
        reposts="swapped",
    ),
    Scene("coffee", "a picture without a face", lambda maker: maker.jpeg(pictures.no_face()), NO_FACE),
    Scene(
        "video",
        "H.264 of the real portrait",
        lambda maker: maker.video(pictures.portrait()),
        CLEARED,
        media_type="video/mp4",
    ),
    Scene(
        "forged-video",
        "H.264 of the swapped face",
        lambda maker: maker.video(pictures.swapped()),
        FLAGGED,
        media_type="video/mp4",
    ),
    Scene(
        "broken",
        "half a JPEG file",
        lambda maker: maker.truncated(pictures.portrait()),
        frozenset({Label.UNPROCESSABLE}),
        decided_by=FILE_CHECK,
        reason=UnprocessableReason.TRUNCATED,
    ),
    Scene(
        "reported",
        "a real portrait that a user reports",
        lambda maker: maker.jpeg(pictures.portrait(), quality=88),
        CLEARED,
        reported=True,
    ),
    Scene(
        "known",
        "a file on a list of known deepfakes",
        lambda maker: maker.known(),
        TAGGED,
        decided_by=KNOWN_MEDIA,
        finding=KNOWN_MEDIA,
    ),
    Scene(
        "signed",
        "a trusted signer states that AI made it",
        lambda maker: maker.signed(),
        TAGGED,
        decided_by=CREDENTIALS,
        finding=CREDENTIALS,
    ),
    Scene(
        "marked",
        "our watermark, the signature stripped",
        lambda maker: maker.stripped(),
        TAGGED,
        decided_by=WATERMARK,
        finding=WATERMARK,
    ),
    Scene(
        "traces",
        "no face, EXIF names a generator",
        lambda maker: maker.traced(),
        NO_FACE,
        finding=METADATA,
    ),
)
