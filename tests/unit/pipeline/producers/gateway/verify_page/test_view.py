"""Every answer and refusal can be rendered in both languages, and its HTML is whole."""

from html.parser import HTMLParser
from itertools import product

import pytest

from inference.error_rates import ErrorRates
from pipeline.producers.gateway.verify_page.answer import answer_of
from pipeline.producers.gateway.verify_page.languages import LANGUAGES
from pipeline.producers.gateway.verify_page.refusal import Refusal, RefusalKind
from pipeline.producers.gateway.verify_page.view import View
from schemas.verdicts import Label, MediaVerdict, SignalFinding, UnprocessableReason

VIEW = View(25_000_000)
CHECKS = ("known_media", "credentials", "watermark", "metadata", "acme_signal")
RATES = ErrorRates("model@1", found=0.7, lowest_false=0.01, highest_false=0.05)
VOID = {"meta", "link", "img", "input"}


class Balance(HTMLParser):
    """Counts open elements; fails at an end that fits no start."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass


def assert_whole(page: str) -> None:
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert page.count("<h1") == 1
    assert "None" not in page


def verdicts() -> list[MediaVerdict]:
    """Return a verdict for each label with each finding of each check."""
    base = {"uri": "s3://local/x", "threshold": 0.9}
    plain = [
        MediaVerdict.model_validate(base | {"label": label, "score": score})
        for label, score in product(Label, (None, 0.0, 0.5, 1.0))
    ]
    refused = [
        MediaVerdict.model_validate(base | {"label": Label.UNPROCESSABLE, "score": None, "reason": reason})
        for reason in UnprocessableReason
    ]
    found = [
        MediaVerdict.model_validate(
            base
            | {
                "label": label if decisive else Label.SUSPECTED,
                "score": None,
                "signals": (
                    SignalFinding(signal=name, version="1", label=label, decisive=decisive, detail="<x>"),
                ),
            }
        )
        for name, (label, decisive) in product(
            CHECKS,
            ((Label.DEEPFAKE, True), (Label.AUTHENTIC, True), (Label.SUSPECTED, False), (None, False)),
        )
    ]
    return [*plain, *refused, *found]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rates", [RATES, None], ids=["measured", "unmeasured"])
def test_every_answer_is_rendered(language: str, rates: ErrorRates | None) -> None:
    for verdict in verdicts():
        page = VIEW.answer(language, answer_of(verdict, CHECKS, rates))

        assert_whole(page)
        assert "<x>" not in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", RefusalKind)
def test_every_refusal_is_rendered(language: str, kind: RefusalKind) -> None:
    assert_whole(VIEW.refusal(language, Refusal(kind, 90)))


def test_a_wait_is_told_in_words() -> None:
    page = VIEW.refusal("en", Refusal(RefusalKind.TOO_MANY, 61))

    assert "Try again in 2 minutes" in page
