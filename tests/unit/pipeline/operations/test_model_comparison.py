"""How verdicts of two models are joined and compared."""

import json
from uuid import UUID

import pytest
from rich.console import Console

from pipeline.cli.models_view import comparison_view
from pipeline.operations.model_comparison import Comparison, compare_models
from schemas.base import Contract
from schemas.envelope import Event
from schemas.verdicts import Label, MediaVerdict, ModelRef, ShadowVerdict, Trigger, TriggerKind, VerdictIssued

NOW = "2026-11-23T12:00:00Z"
TRIGGER = Trigger(kind=TriggerKind.CREATED, event_id="event-1")


def media(number: int, label: Label, score: float | None) -> MediaVerdict:
    return MediaVerdict(
        uri=f"s3://platform-media/{number}.jpg",
        label=label,
        score=score,
        threshold=None if score is None else 0.9,
        sha256=f"{number:064x}",
    )


def event(body: Contract) -> Event:
    return Event(id="e", source="test", type="t", body=body)


def model(name: str) -> ModelRef:
    return ModelRef(name=name, version="1", weights_sha256="0" * 64)


def verdict(number: int, *media_verdicts: MediaVerdict) -> Event:
    return event(
        VerdictIssued.model_validate(
            {
                "verdict_id": UUID(int=number),
                "post_id": f"post-{number}",
                "trigger": TRIGGER,
                "label": media_verdicts[0].label,
                "score": media_verdicts[0].score,
                "media": media_verdicts,
                "model": model("first"),
                "issued_at": NOW,
            }
        )
    )


def shadow(number: int, *media_verdicts: MediaVerdict, name: str = "trial") -> Event:
    return event(
        ShadowVerdict.model_validate(
            {
                "shadow_id": UUID(int=1000 + number),
                "verdict_id": UUID(int=number),
                "post_id": f"post-{number}",
                "trigger": TRIGGER,
                "label": media_verdicts[0].label,
                "score": media_verdicts[0].score,
                "media": media_verdicts,
                "model": model(name),
                "issued_at": NOW,
            }
        )
    )


REAL, FAKE, UNSURE = Label.AUTHENTIC, Label.DEEPFAKE, Label.SUSPECTED


@pytest.fixture
def comparison() -> Comparison:
    """Four media items of three verdicts: two with equal labels, one close and one far apart."""
    verdicts = [
        verdict(1, media(1, REAL, 0.1), media(2, FAKE, 0.95)),
        verdict(2, media(3, UNSURE, 0.5)),
        verdict(3, media(4, REAL, 0.1)),
    ]
    shadows = [
        shadow(1, media(1, REAL, 0.3), media(2, FAKE, 0.95)),
        shadow(2, media(3, REAL, 0.4)),
        shadow(3, media(4, FAKE, 0.9)),
    ]
    [result] = compare_models(verdicts, shadows)
    return result


def test_figures(comparison: Comparison) -> None:
    assert comparison.models == ("first@1", "trial@1")
    assert len(comparison.pairs) == 4
    assert comparison.agreeing == 0.5
    assert comparison.agreement == {
        ("authentic", "authentic"): 1,
        ("deepfake", "deepfake"): 1,
        ("suspected", "authentic"): 1,
        ("authentic", "deepfake"): 1,
    }
    assert comparison.mean_difference == pytest.approx((0.2 + 0 + 0.1 + 0.8) / 4)
    assert comparison.score_correlation == pytest.approx(0.4192, abs=0.001)


def test_different_labels_come_before_different_scores(comparison: Comparison) -> None:
    assert [pair.verdict.uri[-5] for pair in comparison.most_different(4)] == ["4", "3", "1", "2"]
    assert len(comparison.most_different(1)) == 1


def test_events_without_a_counterpart_are_ignored_and_repeats_count_once() -> None:
    verdicts = [
        verdict(1, media(1, REAL, 0.1)),
        verdict(1, media(1, REAL, 0.1)),
        verdict(2, media(2, REAL, 0.1)),
    ]
    shadows = [shadow(1, media(1, REAL, 0.2)), shadow(1, media(1, REAL, 0.2)), shadow(9, media(2, REAL, 0.1))]

    [result] = compare_models(verdicts, shadows)

    assert [(pair.post_id, pair.difference) for pair in result.pairs] == [("post-1", pytest.approx(0.1))]


def test_each_pair_of_models_has_its_own_comparison() -> None:
    verdicts = [verdict(1, media(1, REAL, 0.1))]
    shadows = [shadow(1, media(1, REAL, 0.2)), shadow(1, media(1, FAKE, 0.9), name="another")]

    comparisons = compare_models(verdicts, shadows)

    assert [(comparison.models[1], comparison.agreeing) for comparison in comparisons] == [
        ("another@1", 0.0),
        ("trial@1", 1.0),
    ]


def test_media_without_scores_are_compared_by_label_only() -> None:
    [result] = compare_models(
        [verdict(1, media(1, Label.NO_FACE, None))], [shadow(1, media(1, Label.NO_FACE, None))]
    )

    assert (result.mean_difference, result.score_correlation, result.agreeing) == (None, None, 1.0)


def test_no_events_give_no_comparison() -> None:
    assert compare_models([], []) == []


def test_the_comparison_is_rendered_as_text_and_json(comparison: Comparison) -> None:
    console = Console(width=100, record=True)
    console.print(comparison_view(comparison, limit=2))
    shown = console.export_text()

    assert "serving model first@1, shadow model trial@1" in shown
    assert "4 media items, 50.0% with the same label" in shown
    assert "s3://platform-media/4.jpg" in shown
    assert "s3://platform-media/1.jpg" not in shown
    document = json.loads(json.dumps(comparison.document(1)))
    assert (document["media"], document["same_label"]) == (4, 0.5)
    assert document["most_different"][0]["shadow"] == {"label": "deepfake", "score": 0.9}
