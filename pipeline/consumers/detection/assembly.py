"""Builds requests from events, and verdicts on media items and posts from analyses. Pure functions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import nlargest

from inference.analysis import FaceFinding, MediaAnalysis
from inference.decision import FACES_TOO_SMALL, TOO_MANY_FACES
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
_STRANGERS = frozenset({TriggerKind.REPORTED, TriggerKind.APPEALED})  # whoever reports or appeals names media
_EXPLANATIONS = {
    FACES_TOO_SMALL: "faces were found, but all of them are too small to judge",
    TOO_MANY_FACES: "no forgery among the largest faces, but there are too many to judge all of them",
}
_MAX_DETAIL = 1_000  # characters; the limit of the event schema


@dataclass(frozen=True)
class Request:
    """The request in a post event: analyse these media items of this post."""

    post_id: str
    trigger: Trigger
    media: tuple[Media, ...]
    vouched: bool = True  # whether these are known to be the post's media items

    @property
    def needs_post(self) -> bool:
        """Whether the stored post would change the answer: it gives the media, or vouches for them."""
        return not self.media or not self.vouched


def request_of(event: Event) -> Request:
    """Return the request in an event of one of the ``posts.`` topics."""
    body = event.body
    assert isinstance(body, PostEvent)  # the loop reads no other topics for detection
    trigger = Trigger(kind=_KINDS[type(body)], event_id=event.id, source=event.source)
    return Request(body.post_id, trigger, body.media)


def resolve(request: Request, stored: tuple[Media, ...]) -> Request:
    """Return ``request`` with the media items to analyse; ``stored`` are those of the stored post.

    The stored post's media win. If the post is unknown, nobody vouches for the media that a report or appeal
    names: they may be somebody else's.
    """
    if stored:
        return replace(request, media=stored)
    return replace(request, vouched=request.trigger.kind not in _STRANGERS)


def refusal_verdict(media: Media, error: Unprocessable, sha256: str | None = None) -> MediaVerdict:
    """Return the verdict on a media item that cannot be analysed."""
    return MediaVerdict(
        uri=media.uri,
        label=Label.UNPROCESSABLE,
        score=None,
        threshold=None,
        reason=error.reason,
        detail=error.detail[:_MAX_DETAIL],
        sha256=sha256,
    )


def media_verdict(media: Media, analysis: MediaAnalysis, evidence: Sequence[str] = ()) -> MediaVerdict:
    """Return the model's verdict on a media item; ``evidence`` are URIs."""
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
            for face in _most_suspicious(analysis.faces)
        ),
        evidence=tuple(evidence),
        reason=analysis.reason,
        detail=_EXPLANATIONS.get(analysis.note, analysis.note)[:_MAX_DETAIL],
        sha256=analysis.sha256,
        pdq=analysis.pdq,
    )


def _most_suspicious(faces: Sequence[FaceFinding]) -> list[FaceFinding]:
    """Return the highest-scored faces that fit into a verdict, in their original order."""
    kept = nlargest(MAX_FACES, enumerate(faces), key=lambda numbered: numbered[1].score)
    return [face for _, face in sorted(kept, key=lambda numbered: numbered[0])]


def verdict(
    request: Request,
    media: Sequence[MediaVerdict],
    model: ModelRef,
    *,
    identity: str,
    timings: Mapping[str, float],
    now: datetime,
) -> VerdictIssued:
    """Return the answer to ``request``, with the label of :func:`post_label`."""
    label = post_label(media, vouched=request.vouched)
    scores = [item.score for item in media if item.score is not None]
    content = [item.sha256 or (item.reason or Label.UNPROCESSABLE).value for item in media]
    return VerdictIssued(
        verdict_id=verdict_id(request.post_id, content, identity, request.trigger.cause),
        post_id=request.post_id,
        trigger=request.trigger,
        label=label,
        score=max(scores, default=None),
        media=tuple(media),
        reason=_reason(label, media),
        model=model,
        timings={stage: round(seconds, 6) for stage, seconds in timings.items()},
        issued_at=now,
    )


def post_label(media: Sequence[MediaVerdict], *, vouched: bool) -> Label:
    """Return the label of a post: that of its worst media item.

    Without media the post is unknown, and unprocessable. Media that are not ``vouched`` for can neither tag a
    post nor clear it: a forgery among them makes the post ``suspected``, anything else ``unprocessable``.
    """
    if not media:
        return Label.UNPROCESSABLE
    label = worst(item.label for item in media)
    if vouched:
        return label
    return Label.SUSPECTED if label in (Label.DEEPFAKE, Label.SUSPECTED) else Label.UNPROCESSABLE


def shadow_verdict(
    verdict: VerdictIssued,
    analyses: Mapping[str, MediaAnalysis],
    model: ModelRef,
    *,
    identity: str,
    now: datetime,
) -> ShadowVerdict | None:
    """Return the shadow model's verdict on the media of ``verdict``; None if it analysed none of them.

    ``analyses`` holds the shadow model's analyses by SHA-256.
    """
    analysed = [
        (item, analyses[item.sha256])
        for item in verdict.media
        if item.sha256 is not None and item.sha256 in analyses
    ]
    if not analysed:
        return None
    media = [
        media_verdict(Media(uri=item.uri, media_type=analysis.media_type), analysis)
        for item, analysis in analysed
    ]
    return ShadowVerdict(
        shadow_id=shadow_id(
            verdict.post_id,
            [analysis.sha256 for _, analysis in analysed],
            identity,
            verdict.trigger.cause,
        ),
        verdict_id=verdict.verdict_id,
        post_id=verdict.post_id,
        trigger=verdict.trigger,
        label=worst(item.label for item in media),
        score=max((item.score for item in media if item.score is not None), default=None),
        media=tuple(media),
        model=model,
        timings={stage: round(seconds, 6) for stage, seconds in _total_timings(analysed).items()},
        issued_at=now,
    )


def _total_timings(analysed: Sequence[tuple[MediaVerdict, MediaAnalysis]]) -> Counter[str]:
    timings: Counter[str] = Counter()
    for _, analysis in analysed:
        timings.update(analysis.timings)
    return timings


def _reason(label: Label, media: Sequence[MediaVerdict]) -> UnprocessableReason | None:
    if label is not Label.UNPROCESSABLE:
        return None
    reasons = [item.reason for item in media if item.reason is not None]
    return reasons[0] if reasons else UnprocessableReason.POST_UNKNOWN
