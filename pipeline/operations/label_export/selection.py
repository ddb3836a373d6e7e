"""Selects the media items of a post that become training samples, based on moderators' decisions. Pure.

As for the tag, the last decision for or against forgery determines the label; removing a post or escalating
its case does not affect it. While a case on the post is open again, none of its media items is exported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.operations.label_export.sample import LeftOut, Reason, Truth
from schemas.moderation import DecisionKind
from schemas.posts import Media
from schemas.tags import TAGGED_BY_DECISION
from schemas.verdicts import Label, MediaVerdict
from storage.labels import DecidedPost
from storage.tables import Decision

LABELLING_DECISIONS = frozenset(TAGGED_BY_DECISION)  # those that decide whether a post is forged
FLAGGED = frozenset({Label.DEEPFAKE, Label.SUSPECTED})


@dataclass(frozen=True)
class Candidate:
    """A media item to export, before its bytes are fetched; ``sha256`` and ``pdq`` are empty if unknown."""

    media: Media
    number: int  # in the post, from 1
    truth: Truth
    case: str
    decided_at: datetime
    decisions: int
    author_id: str | None
    model: str
    score: float | None
    sha256: str
    pdq: str


@dataclass(frozen=True)
class Selection:
    """The media items of a post to export and those left out; ``cases``: all decided cases of the post."""

    candidates: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]
    cases: frozenset[str]


def select(post: DecidedPost, min_agreement: int = 1) -> Selection:
    """Select the media items of ``post``, which has at least one labelling decision.

    ``min_agreement`` is the number of moderators whose last labelling decision on the post must equal the
    final one.
    """
    decisions = [row for row in post.decisions if DecisionKind(row.decision) in LABELLING_DECISIONS]
    final = max(decisions, key=lambda decision: (decision.decided_at, str(decision.decision_id)))
    cases = frozenset(str(decision.case_id) for decision in decisions)
    reason = _reason_to_leave_out(post, decisions, final, min_agreement)
    if reason is not None:
        return Selection((), (LeftOut(str(final.case_id), reason),), cases)
    truth = Truth.FAKE if TAGGED_BY_DECISION[DecisionKind(final.decision)] else Truth.REAL
    verdicts = {verdict.uri: verdict for verdict in post.verdict.media} if post.verdict else {}
    candidates, left_out = [], []
    for number, media in enumerate(post.media, 1):
        verdict = verdicts.get(media.uri)
        if _decision_applies(truth, verdict, len(post.media)):
            candidates.append(
                _candidate(post, final, media, verdict, number=number, truth=truth, decisions=len(decisions))
            )
        else:
            sha256 = (verdict and verdict.sha256) or ""
            left_out.append(LeftOut(str(final.case_id), Reason.NOT_FLAGGED, number, sha256))
    return Selection(tuple(candidates), tuple(left_out), cases)


def agreement(decisions: Sequence[Decision], final: Decision) -> int:
    """Return how many moderators' last decision equals ``final``; ``decisions`` is oldest first."""
    last = {decision.moderator: decision.decision for decision in decisions}
    return sum(decision == final.decision for decision in last.values())


def _reason_to_leave_out(
    post: DecidedPost, decisions: Sequence[Decision], final: Decision, min_agreement: int
) -> Reason | None:
    if post.reopened:
        return Reason.REOPENED
    if agreement(decisions, final) < min_agreement:
        return Reason.TOO_FEW_AGREE
    return None if post.media else Reason.MEDIA_UNKNOWN


def _decision_applies(truth: Truth, verdict: MediaVerdict | None, media_in_post: int) -> bool:
    """Whether the decision on the post labels this media item.

    In an authentic post, every media item is real. In a forged post, the only media item is fake, or those
    that the verdict flagged; the others may be real, or forged and not detected.
    """
    if truth is Truth.REAL or media_in_post == 1:
        return True
    return verdict is not None and verdict.label in FLAGGED


def _candidate(
    post: DecidedPost,
    final: Decision,
    media: Media,
    verdict: MediaVerdict | None,
    *,
    number: int,
    truth: Truth,
    decisions: int,
) -> Candidate:
    model = post.verdict.model if post.verdict and verdict else None
    return Candidate(
        media=media,
        number=number,
        truth=truth,
        case=str(final.case_id),
        decided_at=final.decided_at,
        decisions=decisions,
        author_id=post.author_id,
        model=f"{model.name}@{model.version}" if model else "",
        score=verdict.score if verdict else None,
        sha256=(verdict and verdict.sha256) or media.sha256 or "",
        pdq=(verdict and verdict.pdq) or "",
    )
