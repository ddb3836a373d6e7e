"""Which media items of a post become training samples."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from pipeline.operations.label_export.sample import Reason, Truth
from pipeline.operations.label_export.selection import agreement, select
from schemas.posts import Media
from schemas.verdicts import (
    Label,
    MediaVerdict,
    ModelRef,
    Trigger,
    TriggerKind,
    VerdictIssued,
)
from storage.labels import DecidedPost
from storage.tables import Decision

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CASE = UUID(int=1)


def decision(kind: str, minute: int = 0, moderator: str = "kim", case: UUID = CASE) -> Decision:
    return Decision(
        decision_id=uuid4(),
        case_id=case,
        post_id="p1",
        decision=kind,
        moderator=moderator,
        decided_at=NOON + timedelta(minutes=minute),
    )


def media(number: int) -> Media:
    return Media(uri=f"s3://platform-media/{number}.jpg", media_type="image/jpeg")


def verdict(*labels: Label) -> VerdictIssued:
    media_verdicts = [
        MediaVerdict(uri=media(n).uri, label=label, score=n / 10, threshold=0.9, sha256=f"{n:064x}")
        for n, label in enumerate(labels, 1)
    ]
    return VerdictIssued(
        verdict_id=uuid4(),
        post_id="p1",
        trigger=Trigger(kind=TriggerKind.CREATED, event_id="e1"),
        label=labels[0],
        score=None,
        media=tuple(media_verdicts),
        model=ModelRef(name="lite0", version="0.1.0", weights_sha256="0" * 64),
        issued_at=NOON,
    )


def post(
    *decisions: Decision, labels: tuple[Label, ...] = (Label.SUSPECTED,), **fields: object
) -> DecidedPost:
    values = {
        "author_id": "a1",
        "media": tuple(media(n) for n in range(1, len(labels) + 1)),
        "verdict": verdict(*labels),
        "reopened": False,
    } | fields
    return DecidedPost("p1", decisions=decisions, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kinds", "truth"),
    [
        (["deepfake"], Truth.FAKE),
        (["authentic"], Truth.REAL),
        (["deepfake", "authentic"], Truth.REAL),  # overturned on appeal
        (["authentic", "deepfake", "authentic"], Truth.REAL),
        (["escalate", "deepfake"], Truth.FAKE),
        (["deepfake", "remove"], Truth.FAKE),  # removed for another reason; the earlier decision stays
    ],
)
def test_the_last_labelling_decision_is_the_label(kinds: list[str], truth: Truth) -> None:
    selection = select(post(*(decision(kind, minute) for minute, kind in enumerate(kinds))))
    assert [candidate.truth for candidate in selection.candidates] == [truth]
    assert selection.left_out == ()


def test_a_candidate_has_the_data_of_the_decision_and_the_verdict() -> None:
    first, last = decision("deepfake", 0, case=UUID(int=1)), decision("authentic", 5, case=UUID(int=2))
    selection = select(post(first, last))
    [candidate] = selection.candidates
    assert (candidate.case, candidate.decided_at, candidate.decisions) == (
        str(UUID(int=2)),
        last.decided_at,
        2,
    )
    assert (candidate.model, candidate.score, candidate.sha256, candidate.author_id) == (
        "lite0@0.1.0",
        0.1,
        f"{1:064x}",
        "a1",
    )
    assert selection.cases == {str(UUID(int=1)), str(UUID(int=2))}


LABELS = (Label.DEEPFAKE, Label.AUTHENTIC, Label.SUSPECTED, Label.NO_FACE, Label.UNPROCESSABLE)


@pytest.mark.parametrize(
    ("kind", "labels", "exported", "left_out"),
    [
        ("deepfake", LABELS, [1, 3], [2, 4, 5]),
        ("authentic", LABELS, [1, 2, 3, 4, 5], []),
        ("deepfake", (Label.AUTHENTIC,), [1], []),  # the decision is about the only media item
    ],
)
def test_of_several_media_in_a_forged_post_only_flagged_ones_are_fake(
    kind: str, labels: tuple[Label, ...], exported: list[int], left_out: list[int]
) -> None:
    selection = select(post(decision(kind), labels=labels))
    assert [candidate.number for candidate in selection.candidates] == exported
    assert [(item.media, item.reason) for item in selection.left_out] == [
        (n, Reason.NOT_FLAGGED) for n in left_out
    ]


def test_of_several_media_without_a_verdict_none_is_fake() -> None:
    selection = select(post(decision("deepfake"), media=(media(1), media(2)), verdict=None))
    assert selection.candidates == ()
    assert [item.reason for item in selection.left_out] == [Reason.NOT_FLAGGED] * 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"reopened": True}, Reason.REOPENED),
        ({"media": ()}, Reason.MEDIA_UNKNOWN),
        ({"reopened": True, "media": ()}, Reason.REOPENED),
    ],
)
def test_reopened_posts_and_posts_with_unknown_media_are_left_out(
    fields: dict[str, object], reason: Reason
) -> None:
    selection = select(post(decision("deepfake"), **fields))
    assert selection.candidates == ()
    assert [(item.case, item.reason, item.media) for item in selection.left_out] == [(str(CASE), reason, 0)]


@pytest.mark.parametrize(
    ("moderators_and_kinds", "agreeing"),
    [
        ([("kim", "deepfake")], 1),
        ([("kim", "deepfake"), ("kim", "deepfake")], 1),
        ([("kim", "deepfake"), ("lee", "deepfake")], 2),
        ([("kim", "authentic"), ("lee", "deepfake")], 1),
        ([("kim", "authentic"), ("lee", "deepfake"), ("kim", "deepfake")], 2),  # kim changed their decision
    ],
)
def test_agreement_counts_the_last_decision_of_each_moderator(
    moderators_and_kinds: list[tuple[str, str]], agreeing: int
) -> None:
    decisions = [
        decision(kind, minute, moderator) for minute, (moderator, kind) in enumerate(moderators_and_kinds)
    ]
    assert agreement(decisions, decisions[-1]) == agreeing
    assert len(select(post(*decisions), min_agreement=agreeing).candidates) == 1
    [item] = select(post(*decisions), min_agreement=agreeing + 1).left_out
    assert item.reason is Reason.TOO_FEW_AGREE
