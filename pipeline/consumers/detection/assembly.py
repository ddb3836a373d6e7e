"""How a verdict is put together: what an event asks, what is said of each media, and of the post. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from inference.analysis import FaceFinding, MediaAnalysis
from inference.decision import FACES_TOO_SMALL
from inference.errors import Unprocessable
from schemas.envelope import Event
from schemas.identity import shadow_id, verdict_id
from schemas.posts import Media, PostAppealed, PostCreated, PostEvent, PostReplayed, PostReported
from schemas.verdicts import (
    MAX_FACES,
    Box,
    FaceVerdict,
    Label,
    MediaVerdict,
    ModelRef,
    ShadowVerdict,
    Trigger,
    TriggerKind,
    UnprocessableReason,
    VerdictIssued,
    worst,
)

_KINDS: dict[type, TriggerKind] = {
    PostCreated: TriggerKind.CREATED,
    PostReported: TriggerKind.REPORTED,
    PostAppealed: TriggerKind.APPEALED,
    PostReplayed: TriggerKind.REPLAYED,
}
_IN_WORDS = {FACES_TOO_SMALL: "faces were found, but all of them are too small to judge"}
_MAX_DETAIL = 1_000  # characters, as the contract has it


@dataclass(frozen=True)
class Question:
    """What a post event asks: the forged faces in which media, of which post, because of what."""

    post_id: str
    trigger: Trigger
    media: tuple[Media, ...]  # empty: those that were stored with the post


def question(event: Event) -> Question:
    """The question in an event of one of the ``posts.`` topics."""
    body = event.body
    assert isinstance(body, PostEvent)  # the loop reads no other topics for detection
    return Question(body.post_id, Trigger(kind=_KINDS[type(body)], event_id=event.id), body.media)


def refused(media: Media, error: Unprocessable, sha256: str | None = None) -> MediaVerdict:
    """What is said of a media that cannot be judged."""
    return MediaVerdict(
        uri=media.uri,
        label=Label.UNPROCESSABLE,
        score=None,
        threshold=None,
        reason=error.reason,
        detail=error.detail[:_MAX_DETAIL],
        sha256=sha256,
    )


def judged(media: Media, analysis: MediaAnalysis, evidence: Sequence[str] = ()) -> MediaVerdict:
    """What is said of a media that the model has looked at."""
    return MediaVerdict(
        uri=media.uri,
        label=analysis.label,
        score=analysis.score,
        threshold=None if analysis.score is None else analysis.threshold,
        faces=tuple(
            FaceVerdict(
                box=Box(x0=face.box[0], y0=face.box[1], x1=face.box[2], y1=face.box[3]),
                score=face.score,
                seconds=face.seconds,
                track=face.track,
            )
            for face in _worst_faces(analysis.faces)
        ),
        evidence=tuple(evidence),
        detail=_IN_WORDS.get(analysis.note, analysis.note),
        sha256=analysis.sha256,
        pdq=analysis.pdq,
    )


def _worst_faces(faces: Sequence[FaceFinding]) -> list[FaceFinding]:
    """Those that a verdict has room for, in their order: a crowd in a long video has more."""
    kept = nlargest(MAX_FACES, enumerate(faces), key=lambda numbered: numbered[1].score)
    return [face for _, face in sorted(kept, key=lambda numbered: numbered[0])]


def verdict(
    asked: Question,
    media: Sequence[MediaVerdict],
    model: ModelRef,
    *,
    timings: Mapping[str, float],
    now: datetime,
) -> VerdictIssued:
    """The answer to ``asked``: the post is as bad as its worst media; without media it is unknown to us."""
    label = worst(one.label for one in media) if media else Label.UNPROCESSABLE
    scores = [one.score for one in media if one.score is not None]
    content = [one.sha256 or (one.reason or Label.UNPROCESSABLE).value for one in media]
    return VerdictIssued(
        verdict_id=verdict_id(
            asked.post_id, content, f"{model.name}@{model.version}", asked.trigger.event_id
        ),
        post_id=asked.post_id,
        trigger=asked.trigger,
        label=label,
        score=max(scores, default=None),
        media=tuple(media),
        reason=_reason(label, media),
        model=model,
        timings={stage: round(seconds, 6) for stage, seconds in timings.items()},
        issued_at=now,
    )


def shadow_verdict(
    beside: VerdictIssued, opinions: Mapping[str, MediaAnalysis], model: ModelRef, now: datetime
) -> ShadowVerdict | None:
    """What a model on trial says of the media of a verdict; none if it looked at none of them.

    ``opinions`` holds its analyses by SHA-256.
    """
    judged_again = [
        (one, opinions[one.sha256])
        for one in beside.media
        if one.sha256 is not None and one.sha256 in opinions
    ]
    if not judged_again:
        return None
    media = [
        judged(Media(uri=one.uri, media_type=opinion.media_type), opinion) for one, opinion in judged_again
    ]
    return ShadowVerdict(
        shadow_id=shadow_id(
            beside.post_id,
            [opinion.sha256 for _, opinion in judged_again],
            f"{model.name}@{model.version}",
            beside.trigger.event_id,
        ),
        verdict_id=beside.verdict_id,
        post_id=beside.post_id,
        trigger=beside.trigger,
        label=worst(one.label for one in media),
        score=max((one.score for one in media if one.score is not None), default=None),
        media=tuple(media),
        model=model,
        timings={stage: round(spent, 6) for stage, spent in _together(judged_again).items()},
        issued_at=now,
    )


def _together(judged_again: Sequence[tuple[MediaVerdict, MediaAnalysis]]) -> Counter[str]:
    timings: Counter[str] = Counter()
    for _, opinion in judged_again:
        timings.update(opinion.timings)
    return timings


def _reason(label: Label, media: Sequence[MediaVerdict]) -> UnprocessableReason | None:
    if label is not Label.UNPROCESSABLE:
        return None
    reasons = [one.reason for one in media if one.reason is not None]
    return reasons[0] if reasons else UnprocessableReason.POST_UNKNOWN
