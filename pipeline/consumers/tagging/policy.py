"""Whether a verdict or a decision changes the #Deepfake tag of a post, and how that is explained to people.

Pure. The latest decision holds; without one, the latest verdict that is sure of itself. So the outcome
does not depend on the order in which events arrive, nor on how often.
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
    """What stands on a post: the tag or its absence, by which cause, and when that cause came to be."""

    tagged: bool
    cause: TagCause
    cause_at: datetime

    @property
    def _rank(self) -> tuple[bool, datetime, str]:
        """Of two states the one of higher rank holds; ids part causes of the same instant."""
        return self.cause.kind is CauseKind.DECISION, self.cause_at, str(self.cause.id)

    def yields_to(self, other: "TagState") -> bool:
        """Whether ``other`` replaces this state: a decision beats a verdict, then the later one holds."""
        return self._rank < other._rank


@dataclass(frozen=True)
class TagChange:
    """A new state to keep. ``event`` tells the platform, and is null when the tag itself stays as it was."""

    state: TagState
    event: PostTagged | None


def after_verdict(state: TagState | None, verdict: VerdictIssued, *, now: datetime) -> TagChange | None:
    """What ``verdict`` changes on a post in ``state`` (null: never touched); null if nothing."""
    tagged = TAGGED_BY_LABEL.get(verdict.label)
    if tagged is None:
        return None
    cause = TagCause(kind=CauseKind.VERDICT, id=verdict.verdict_id)
    proposed = TagState(tagged, cause, verdict.issued_at)
    return _change(state, proposed, verdict.post_id, explain_verdict(verdict), now)


def after_decision(state: TagState | None, decision: DecisionMade, *, now: datetime) -> TagChange | None:
    """What ``decision`` changes on a post in ``state`` (null: never touched); null if nothing."""
    tagged = TAGGED_BY_DECISION.get(decision.decision)
    if tagged is None:
        return None
    cause = TagCause(kind=CauseKind.DECISION, id=decision.decision_id)
    proposed = TagState(tagged, cause, decision.decided_at)
    return _change(state, proposed, decision.post_id, explain_decision(decision), now)


def _change(
    state: TagState | None, proposed: TagState, post_id: str, why: Explanation, now: datetime
) -> TagChange | None:
    if state is not None and not state.yields_to(proposed):
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
    """What to tell readers of the post about a sure verdict."""
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
    """What to tell readers of the post about a moderator's decision; the moderator is not named."""
    if decision.decision is DecisionKind.DEEPFAKE:
        return Explanation(
            en="A moderator looked at this post and confirmed that it shows a deepfake.",
            ko="운영자가 이 게시물을 검토하여 딥페이크임을 확인했습니다.",
        )
    return Explanation(
        en="A moderator looked at this post and found no forgery.",
        ko="운영자가 이 게시물을 검토하여 위조되지 않았음을 확인했습니다.",
    )
