"""Decides whether a verdict or decision changes the #Deepfake tag of a post, and explains the change.

Pure functions. The latest decision determines the tag. Without a decision, the latest confident verdict does
(deepfake, authentic or no face). The result does not depend on the order of events or on repeated delivery.
"""

from dataclasses import dataclass
from datetime import datetime

from schemas.identity import tag_event_id
from schemas.moderation import DecisionKind, DecisionMade
from schemas.tags import (
    TAGGED_BY_DECISION,
    TAGGED_BY_LABEL,
    CauseKind,
    Explanation,
    PostTagged,
    TagAction,
    TagCause,
)
from schemas.verdicts import Label, VerdictIssued


@dataclass(frozen=True)
class TagState:
    """Whether a post is tagged, the cause of that, and the time of the cause."""

    tagged: bool
    cause: TagCause
    cause_at: datetime

    @property
    def _rank(self) -> tuple[bool, datetime, str]:
        """The state with the higher rank wins. Ids break ties between causes with the same time."""
        return self.cause.kind is CauseKind.DECISION, self.cause_at, str(self.cause.id)

    def is_replaced_by(self, other: "TagState") -> bool:
        """Return whether ``other`` wins: decisions win over verdicts, then later causes over earlier ones."""
        return self._rank < other._rank


@dataclass(frozen=True)
class TagChange:
    """A new state to store. ``event`` notifies the platform; None if only the cause changed, not the tag."""

    state: TagState
    event: PostTagged | None


def after_verdict(state: TagState | None, verdict: VerdictIssued, *, now: datetime) -> TagChange | None:
    """Return the change that ``verdict`` makes to ``state`` (None: no state yet); None if it makes none."""
    tagged = TAGGED_BY_LABEL.get(verdict.label)
    if tagged is None:
        return None
    cause = TagCause(kind=CauseKind.VERDICT, id=verdict.verdict_id)
    proposed = TagState(tagged, cause, verdict.issued_at)
    return _change(state, proposed, verdict.post_id, explain_verdict(verdict), now)


def after_decision(state: TagState | None, decision: DecisionMade, *, now: datetime) -> TagChange | None:
    """Return the change that ``decision`` makes to ``state`` (None: no state yet); None if it makes none."""
    tagged = TAGGED_BY_DECISION.get(decision.decision)
    if tagged is None:
        return None
    cause = TagCause(kind=CauseKind.DECISION, id=decision.decision_id)
    proposed = TagState(tagged, cause, decision.decided_at)
    return _change(state, proposed, decision.post_id, explain_decision(decision), now)


def _change(
    state: TagState | None, proposed: TagState, post_id: str, why: Explanation, now: datetime
) -> TagChange | None:
    if state is not None and not state.is_replaced_by(proposed):
        return None
    if proposed.tagged == (state is not None and state.tagged):
        return TagChange(proposed, None)
    action = TagAction.ADD if proposed.tagged else TagAction.REMOVE
    event = PostTagged(
        tag_event_id=tag_event_id(post_id, action.value, proposed.cause.id),
        post_id=post_id,
        action=action,
        why=why,
        cause=proposed.cause,
        tagged_at=now,
    )
    return TagChange(proposed, event)


def explain_verdict(verdict: VerdictIssued) -> Explanation:
    """Return the explanation of a confident verdict for readers of the post."""
    if verdict.label is not Label.DEEPFAKE:
        return Explanation(
            en="A later automatic check found no forged face in this post.",
            ko="이후의 자동 검사에서 이 게시물에 위조된 얼굴이 발견되지 않았습니다.",
        )
    if verdict.score is None:
        return Explanation(
            en="An automatic check found a forged face in this post.",
            ko="자동 검사에서 이 게시물에 위조된 얼굴이 발견되었습니다.",
        )
    return Explanation(
        en=f"An automatic check found a forged face in this post (probability {verdict.score:.0%}).",
        ko=f"자동 검사에서 이 게시물에 위조된 얼굴이 발견되었습니다(확률 {verdict.score:.0%}).",
    )


def explain_decision(decision: DecisionMade) -> Explanation:
    """Return the explanation of a decision for readers of the post. It does not name the moderator."""
    if decision.decision is DecisionKind.DEEPFAKE:
        return Explanation(
            en="A moderator looked at this post and confirmed that it shows a deepfake.",
            ko="운영자가 이 게시물을 검토하여 딥페이크임을 확인했습니다.",
        )
    return Explanation(
        en="A moderator looked at this post and found no forgery.",
        ko="운영자가 이 게시물을 검토하여 위조되지 않았음을 확인했습니다.",
    )
