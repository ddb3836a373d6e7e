"""Which media of which posts become training labels."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from pipeline.operations.label_export.sample import Reason, Truth
from pipeline.operations.label_export.selection import agreement, choose
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
    findings = [
        MediaVerdict(uri=media(n).uri, label=label, score=n / 10, threshold=0.9, sha256=f"{n:064x}")
        for n, label in enumerate(labels, 1)
    ]
    return VerdictIssued(
        verdict_id=uuid4(),
        post_id="p1",
        trigger=Trigger(kind=TriggerKind.CREATED, event_id="e1"),
        label=labels[0],
        score=None,
        media=tuple(findings),
        model=ModelRef(name="lite0", version="0.1.0", weights_sha256="0" * 64),
        issued_at=NOON,
    )


def post(*decisions: Decision, found: tuple[Label, ...] = (Label.SUSPECTED,), **about: object) -> DecidedPost:
    values = {
        "author_id": "a1",
        "media": tuple(media(n) for n in range(1, len(found) + 1)),
        "verdict": verdict(*found),
        "reopened": False,
    } | about
    return DecidedPost("p1", decisions=decisions, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kinds", "truth"),
    [
        (["deepfake"], Truth.FAKE),
        (["authentic"], Truth.REAL),
        (["deepfake", "authentic"], Truth.REAL),  # overturned on appeal
        (["authentic", "deepfake", "authentic"], Truth.REAL),
        (["escalate", "deepfake"], Truth.FAKE),
        (["deepfake", "remove"], Truth.FAKE),  # removed for another reason: what was found stands
    ],
)
def test_the_last_decision_that_tells_is_the_label(kinds: list[str], truth: Truth) -> None:
    chosen = choose(post(*(decision(kind, minute) for minute, kind in enumerate(kinds))))
    assert [one.truth for one in chosen.candidates] == [truth]
    assert chosen.left_out == ()


def test_a_candidate_knows_what_was_known_when_it_was_decided() -> None:
    first, last = decision("deepfake", 0, case=UUID(int=1)), decision("authentic", 5, case=UUID(int=2))
    chosen = choose(post(first, last))
    [one] = chosen.candidates
    assert (one.case, one.decided_at, one.decisions) == (str(UUID(int=2)), last.decided_at, 2)
    assert (one.model, one.score, one.sha256, one.author_id) == ("lite0@0.1.0", 0.1, f"{1:064x}", "a1")
    assert chosen.cases == {str(UUID(int=1)), str(UUID(int=2))}


FOUND = (Label.DEEPFAKE, Label.AUTHENTIC, Label.SUSPECTED, Label.NO_FACE, Label.UNPROCESSABLE)


@pytest.mark.parametrize(
    ("kind", "found", "exported", "left_out"),
    [
        ("deepfake", FOUND, [1, 3], [2, 4, 5]),
        ("authentic", FOUND, [1, 2, 3, 4, 5], []),
        ("deepfake", (Label.AUTHENTIC,), [1], []),  # the only media is what was decided on
    ],
)
def test_of_a_forged_post_with_several_media_only_those_flagged_are_called_fake(
    kind: str, found: tuple[Label, ...], exported: list[int], left_out: list[int]
) -> None:
    chosen = choose(post(decision(kind), found=found))
    assert [one.number for one in chosen.candidates] == exported
    assert [(one.media, one.reason) for one in chosen.left_out] == [(n, Reason.NOT_FLAGGED) for n in left_out]


def test_without_a_verdict_no_media_of_several_is_called_fake() -> None:
    chosen = choose(post(decision("deepfake"), media=(media(1), media(2)), verdict=None))
    assert chosen.candidates == ()
    assert [one.reason for one in chosen.left_out] == [Reason.NOT_FLAGGED] * 2


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"reopened": True}, Reason.REOPENED),
        ({"media": ()}, Reason.MEDIA_UNKNOWN),
        ({"reopened": True, "media": ()}, Reason.REOPENED),
    ],
)
def test_what_is_doubted_or_unknown_is_left_out(about: dict[str, object], reason: Reason) -> None:
    chosen = choose(post(decision("deepfake"), **about))
    assert chosen.candidates == ()
    assert [(one.case, one.reason, one.media) for one in chosen.left_out] == [(str(CASE), reason, 0)]


@pytest.mark.parametrize(
    ("said", "agree"),
    [
        ([("kim", "deepfake")], 1),
        ([("kim", "deepfake"), ("kim", "deepfake")], 1),
        ([("kim", "deepfake"), ("lee", "deepfake")], 2),
        ([("kim", "authentic"), ("lee", "deepfake")], 1),
        ([("kim", "authentic"), ("lee", "deepfake"), ("kim", "deepfake")], 2),  # kim came round
    ],
)
def test_agreement_counts_moderators_by_their_last_word(said: list[tuple[str, str]], agree: int) -> None:
    telling = [decision(kind, minute, who) for minute, (who, kind) in enumerate(said)]
    assert agreement(telling, telling[-1]) == agree
    assert len(choose(post(*telling), min_agreement=agree).candidates) == 1
    [left] = choose(post(*telling), min_agreement=agree + 1).left_out
    assert left.reason is Reason.TOO_FEW_AGREE
