"""The tag follows the latest decision, else the latest confident verdict, in any order of events."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.consumers.tagging.policy import TagChange, TagState, after_decision, after_verdict
from schemas.identity import tag_event_id
from schemas.moderation import DecisionKind, DecisionMade
from schemas.tags import CauseKind, TagAction, TagCause
from schemas.verdicts import Label, MediaVerdict, ModelRef, Trigger, TriggerKind, VerdictIssued

START = datetime(2026, 11, 23, tzinfo=UTC)
NOW = START + timedelta(days=1)


def verdict(label: Label, minute: int, score: float | None = 0.97) -> VerdictIssued:
    media = MediaVerdict(uri="s3://platform-media/a.jpg", label=label, score=score, threshold=0.9)
    return VerdictIssued(
        verdict_id=UUID(int=minute),
        post_id="post-1",
        trigger=Trigger(kind=TriggerKind.CREATED, event_id="e1"),
        label=label,
        score=score,
        media=(media,),
        model=ModelRef(name="net", version="1", weights_sha256="0" * 64),
        issued_at=START + timedelta(minutes=minute),
    )


def decision(kind: DecisionKind, minute: int) -> DecisionMade:
    return DecisionMade(
        decision_id=UUID(int=1000 + minute),
        case_id=UUID(int=1),
        post_id="post-1",
        decision=kind,
        moderator="kim",
        decided_at=START + timedelta(minutes=minute),
    )


def state(tagged: bool, kind: CauseKind, minute: int) -> TagState:
    number = minute if kind is CauseKind.VERDICT else 1000 + minute
    return TagState(tagged, TagCause(kind=kind, id=UUID(int=number)), START + timedelta(minutes=minute))


def apply(before: TagState | None, event: VerdictIssued | DecisionMade) -> TagChange | None:
    if isinstance(event, VerdictIssued):
        return after_verdict(before, event, now=NOW)
    return after_decision(before, event, now=NOW)


BY_VERDICT, BY_DECISION = CauseKind.VERDICT, CauseKind.DECISION
ADD, REMOVE = TagAction.ADD, TagAction.REMOVE


@pytest.mark.parametrize(
    ("before", "event", "after", "action"),
    [
        # verdicts alone
        (None, verdict(Label.DEEPFAKE, 5), state(True, BY_VERDICT, 5), ADD),
        (None, verdict(Label.AUTHENTIC, 5), state(False, BY_VERDICT, 5), None),
        (None, verdict(Label.NO_FACE, 5), state(False, BY_VERDICT, 5), None),
        (state(True, BY_VERDICT, 3), verdict(Label.AUTHENTIC, 5), state(False, BY_VERDICT, 5), REMOVE),
        (state(True, BY_VERDICT, 3), verdict(Label.NO_FACE, 5), state(False, BY_VERDICT, 5), REMOVE),
        (state(False, BY_VERDICT, 3), verdict(Label.DEEPFAKE, 5), state(True, BY_VERDICT, 5), ADD),
        (state(True, BY_VERDICT, 3), verdict(Label.DEEPFAKE, 5), state(True, BY_VERDICT, 5), None),
        # decisions win over verdicts, also over later ones
        (None, decision(DecisionKind.DEEPFAKE, 5), state(True, BY_DECISION, 5), ADD),
        (None, decision(DecisionKind.AUTHENTIC, 5), state(False, BY_DECISION, 5), None),
        (
            state(True, BY_VERDICT, 9),
            decision(DecisionKind.AUTHENTIC, 5),
            state(False, BY_DECISION, 5),
            REMOVE,
        ),
        (
            state(True, BY_VERDICT, 9),
            decision(DecisionKind.DEEPFAKE, 5),
            state(True, BY_DECISION, 5),
            None,
        ),
        (
            state(True, BY_DECISION, 3),
            decision(DecisionKind.AUTHENTIC, 5),
            state(False, BY_DECISION, 5),
            REMOVE,
        ),
    ],
)
def test_event_that_changes_the_state(
    before: TagState | None,
    event: VerdictIssued | DecisionMade,
    after: TagState,
    action: TagAction | None,
) -> None:
    change = apply(before, event)

    assert change is not None
    assert change.state == after
    assert (change.event.action if change.event else None) == action


@pytest.mark.parametrize(
    ("before", "event"),
    [
        (None, verdict(Label.SUSPECTED, 5)),
        (None, verdict(Label.UNPROCESSABLE, 5)),
        (state(True, BY_VERDICT, 3), verdict(Label.SUSPECTED, 5)),
        (state(True, BY_VERDICT, 3), verdict(Label.UNPROCESSABLE, 5)),
        (state(True, BY_VERDICT, 3), verdict(Label.AUTHENTIC, 2)),  # older
        (state(True, BY_VERDICT, 3), verdict(Label.DEEPFAKE, 3)),  # the same event again
        (state(False, BY_DECISION, 3), verdict(Label.DEEPFAKE, 5)),  # a decision wins
        (state(True, BY_DECISION, 3), verdict(Label.AUTHENTIC, 5)),
        (state(True, BY_DECISION, 3), decision(DecisionKind.AUTHENTIC, 2)),  # older
        (state(True, BY_DECISION, 3), decision(DecisionKind.REMOVE, 5)),  # does not decide about forgery
        (None, decision(DecisionKind.ESCALATE, 5)),
    ],
)
def test_event_that_changes_nothing(before: TagState | None, event: VerdictIssued | DecisionMade) -> None:
    assert apply(before, event) is None


def test_tag_event_has_its_cause_and_an_explanation_in_both_languages() -> None:
    change = apply(None, verdict(Label.DEEPFAKE, 5))

    assert change is not None
    assert change.event is not None
    assert change.event.tag_event_id == tag_event_id("post-1", "add", UUID(int=5))
    assert change.event.cause == TagCause(kind=BY_VERDICT, id=UUID(int=5))
    assert change.event.tag == "#Deepfake"
    assert change.event.tagged_at == NOW
    assert change.event.why.en == "An automatic check found a forged face in this post (probability 97%)."
    assert "확률 97%" in change.event.why.ko


EVENTS = st.lists(
    st.builds(verdict, st.sampled_from(Label), st.integers(0, 8))
    | st.builds(decision, st.sampled_from(DecisionKind), st.integers(0, 8)),
    max_size=10,
    unique_by=lambda event: (type(event), getattr(event, "verdict_id", None) or event.decision_id),
)


def run(events: Sequence[VerdictIssued | DecisionMade]) -> tuple[TagState | None, list[TagAction]]:
    current: TagState | None = None
    actions: list[TagAction] = []
    for event in events:
        change = apply(current, event)
        if change is not None:
            current = change.state
            actions += [change.event.action] if change.event else []
    return current, actions


@given(events=EVENTS, data=st.data())
def test_order_and_repetition_of_events_do_not_matter(
    events: list[VerdictIssued | DecisionMade], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(events + events[: len(events) // 2]))

    assert run(shuffled)[0] == run(events)[0]


@given(events=EVENTS)
def test_latest_decision_wins(events: list[VerdictIssued | DecisionMade]) -> None:
    tag_decisions = (DecisionKind.DEEPFAKE, DecisionKind.AUTHENTIC)
    decisions = [
        event for event in events if isinstance(event, DecisionMade) and event.decision in tag_decisions
    ]

    final, _ = run(events)

    if decisions:
        last = max(decisions, key=lambda decision: decision.decided_at)
        assert final is not None
        assert final.cause.id == last.decision_id
        assert final.tagged == (last.decision is DecisionKind.DEEPFAKE)


@given(events=EVENTS)
def test_tag_is_never_added_or_removed_twice_in_a_row(events: list[VerdictIssued | DecisionMade]) -> None:
    final, actions = run(events + events)

    assert actions == [ADD, REMOVE] * (len(actions) // 2) + [ADD] * (len(actions) % 2)
    assert (final is not None and final.tagged) == (len(actions) % 2 == 1)
