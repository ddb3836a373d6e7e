"""What moderators' decisions say of which media of a post. Pure.

The last decision for or against forgery holds, as it does for the tag; to remove a post or to escalate its
case says nothing of forgery. While a case on the post waits again, nothing of it is exported.
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

TELLING = frozenset(TAGGED_BY_DECISION)  # the decisions that say whether a post is forged
FLAGGED = frozenset({Label.DEEPFAKE, Label.SUSPECTED})


@dataclass(frozen=True)
class Candidate:
    """A media to export, before its bytes are there; ``sha256`` and ``pdq`` as far as they are known."""

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
class Choice:
    """What of a post is exported and what is not; ``cases``: all that were decided on it."""

    candidates: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]
    cases: frozenset[str]


def choose(post: DecidedPost, min_agreement: int = 1) -> Choice:
    """What of ``post``, which has at least one telling decision, is exported.

    ``min_agreement`` is how many moderators must agree: their own last telling decision on the post is the
    one that stands.
    """
    telling = [one for one in post.decisions if DecisionKind(one.decision) in TELLING]
    standing = max(telling, key=lambda one: (one.decided_at, str(one.decision_id)))
    cases = frozenset(str(one.case_id) for one in telling)
    doubt = _doubt(post, telling, standing, min_agreement)
    if doubt is not None:
        return Choice((), (LeftOut(str(standing.case_id), doubt),), cases)
    truth = Truth.FAKE if TAGGED_BY_DECISION[DecisionKind(standing.decision)] else Truth.REAL
    found = {one.uri: one for one in post.verdict.media} if post.verdict else {}
    candidates, left_out = [], []
    for number, media in enumerate(post.media, 1):
        finding = found.get(media.uri)
        if _decided_on(truth, finding, len(post.media)):
            candidates.append(
                _candidate(post, standing, media, finding, number=number, truth=truth, decisions=len(telling))
            )
        else:
            sha256 = (finding and finding.sha256) or ""
            left_out.append(LeftOut(str(standing.case_id), Reason.NOT_FLAGGED, number, sha256))
    return Choice(tuple(candidates), tuple(left_out), cases)


def agreement(telling: Sequence[Decision], standing: Decision) -> int:
    """How many moderators' own last decision is the one that stands; ``telling`` is oldest first."""
    last = {one.moderator: one.decision for one in telling}
    return sum(decision == standing.decision for decision in last.values())


def _doubt(
    post: DecidedPost, telling: Sequence[Decision], standing: Decision, min_agreement: int
) -> Reason | None:
    if post.reopened:
        return Reason.REOPENED
    if agreement(telling, standing) < min_agreement:
        return Reason.TOO_FEW_AGREE
    return None if post.media else Reason.MEDIA_UNKNOWN


def _decided_on(truth: Truth, finding: MediaVerdict | None, media_in_post: int) -> bool:
    """Whether the decision speaks of this media.

    A post without forgery has none in any of its media. A forged post has one in some media: in the only one,
    or in those that the verdict flagged; the others may be untouched or be forged unseen.
    """
    if truth is Truth.REAL or media_in_post == 1:
        return True
    return finding is not None and finding.label in FLAGGED


def _candidate(
    post: DecidedPost,
    standing: Decision,
    media: Media,
    finding: MediaVerdict | None,
    *,
    number: int,
    truth: Truth,
    decisions: int,
) -> Candidate:
    model = post.verdict.model if post.verdict and finding else None
    return Candidate(
        media=media,
        number=number,
        truth=truth,
        case=str(standing.case_id),
        decided_at=standing.decided_at,
        decisions=decisions,
        author_id=post.author_id,
        model=f"{model.name}@{model.version}" if model else "",
        score=finding.score if finding else None,
        sha256=(finding and finding.sha256) or media.sha256 or "",
        pdq=(finding and finding.pdq) or "",
    )
