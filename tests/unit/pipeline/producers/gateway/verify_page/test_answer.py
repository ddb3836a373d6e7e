"""The answer says what was found, how sure that is, and nothing that strangers must not learn."""

import pytest

from inference.error_rates import ErrorRates
from pipeline.producers.gateway.verify_page.answer import Outcome, answer_of, bounded_percent
from schemas.verdicts import Label, MediaVerdict, SignalFinding, UnprocessableReason

CHECKS = ("known_media", "credentials", "watermark", "metadata")
RATES = ErrorRates("model@1", found=0.7844, lowest_false=0.0202, highest_false=0.0525)


def verdict(
    label: Label, score: float | None = None, *signals: SignalFinding, **fields: object
) -> MediaVerdict:
    values = {"uri": "s3://local/x", "label": label, "score": score, "threshold": score, "signals": signals}
    return MediaVerdict.model_validate(values | fields)


def finding(
    signal: str, label: Label | None = None, *, decisive: bool = False, detail: str = "x"
) -> SignalFinding:
    return SignalFinding(signal=signal, version="1", label=label, decisive=decisive, detail=detail)


def settled(signal: str, label: Label) -> MediaVerdict:
    return verdict(label, None, finding(signal, label, decisive=True))


@pytest.mark.parametrize(
    ("given", "wording", "advice"),
    [
        (verdict(Label.AUTHENTIC, 0.1), "authentic", "clean"),
        (verdict(Label.SUSPECTED, 0.8), "suspected", "accused"),
        (verdict(Label.DEEPFAKE, 0.999), "detector", "accused"),
        (verdict(Label.NO_FACE), "no_face", "clean"),
        (verdict(Label.UNPROCESSABLE, reason=UnprocessableReason.EMPTY), "unprocessable", "unreadable"),
        (settled("credentials", Label.DEEPFAKE), "credentials", "accused"),
        (settled("watermark", Label.DEEPFAKE), "watermark", "accused"),
        (settled("acme", Label.DEEPFAKE), "marked", "accused"),
        (settled("acme", Label.SUSPECTED), "suspected", "accused"),
        (settled("known_media", Label.DEEPFAKE), "known_deepfake", "accused"),
        (settled("known_media", Label.AUTHENTIC), "known_authentic", "clean"),
    ],
)
def test_the_words_say_what_settled_the_label(given: MediaVerdict, wording: str, advice: str) -> None:
    answer = answer_of(given, (*CHECKS, "acme"), None)

    assert (answer.wording, answer.advice) == (wording, advice)


def test_checks_after_the_decisive_one_were_not_asked() -> None:
    signed = finding("credentials", Label.DEEPFAKE, decisive=True, detail="signed by Acme")

    answer = answer_of(verdict(Label.DEEPFAKE, None, signed), CHECKS, RATES)

    assert [(check.name, check.outcome) for check in answer.checks] == [
        ("known_media", Outcome.NOTHING),
        ("credentials", Outcome.FOUND),
        ("watermark", Outcome.NOT_ASKED),
        ("metadata", Outcome.NOT_ASKED),
    ]
    assert answer.detector.outcome is Outcome.NOT_ASKED
    assert answer.checks[1].detail == "signed by Acme"


def test_all_checks_were_asked_if_a_similar_picture_settles_the_label_afterwards() -> None:
    similar = finding("known_media", Label.DEEPFAKE, decisive=True)

    answer = answer_of(verdict(Label.DEEPFAKE, 0.2, similar), CHECKS, RATES)

    assert [check.outcome for check in answer.checks] == [Outcome.FOUND, *[Outcome.NOTHING] * 3]
    assert answer.detector.percent == 20


def test_the_detector_tells_its_error_rates() -> None:
    detector = answer_of(verdict(Label.AUTHENTIC, 0.123), CHECKS, RATES).detector

    assert detector.model_dump(mode="json") == {
        "outcome": "found",
        "percent": 12,
        "model": "model@1",
        "found_percent": 78,
        "lowest_false_percent": 2,
        "highest_false_percent": 5,
    }


def test_neither_entry_nor_case_nor_list_of_known_media_is_told() -> None:
    known = finding("known_media", Label.DEEPFAKE, decisive=True, detail="deepfake 1f of partner (case 2f)")

    answer = answer_of(verdict(Label.DEEPFAKE, None, known, detail=known.detail), CHECKS, RATES)

    assert "partner" not in answer.model_dump_json()


def test_texts_of_a_file_cannot_control_how_they_are_shown() -> None:
    hostile = finding("metadata", detail="a\u202eb\x1b[2J\u200bc")

    (check,) = answer_of(verdict(Label.AUTHENTIC, 0.1, hostile), ("metadata",), None).checks

    assert check.detail == r"a\u202eb\x1b[2J\u200bc"


@pytest.mark.parametrize(
    ("share", "percent"),
    [(0.0, 1), (0.01, 1), (0.012, 2), (0.5, 50), (0.987, 98), (0.9899, 98), (0.99, 99), (1.0, 99)],
)
def test_an_estimate_is_never_certain(share: float, percent: int) -> None:
    assert bounded_percent(share) == percent
