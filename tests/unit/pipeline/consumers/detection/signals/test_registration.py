"""A signal is added by its registration alone, asked in its order, and can be switched off."""

from collections.abc import Iterator
from typing import cast

import pytest
from sqlalchemy import Engine

from inference.media.limits import MediaLimits
from pipeline.consumers.detection.analysis_identity import analysis_identity
from pipeline.consumers.detection.signals import (
    ExaminedMedia,
    Finding,
    Signal,
    SignalContext,
    make_signals,
    register_signal,
    unregister_signal,
)
from pipeline.consumers.detection.signals.examination import examine
from pipeline.errors import DuplicateRegistrationError, UnknownSignalError
from pipeline.settings import Settings
from schemas.posts import Media
from schemas.verdicts import Label
from tests.unit.inference.random_checkpoint import random_checkpoint

CONTEXT = SignalContext(
    Settings(kafka_bootstrap="localhost:1", database_url="postgresql://localhost/none"), cast(Engine, None)
)
MEDIA = ExaminedMedia(
    Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg"), b"not a picture", "1" * 64, MediaLimits()
)


class Saying:
    """Says the same of everything; counts how often it was asked."""

    version = "3"

    def __init__(self, name: str, finding: Finding | None) -> None:
        self.name, self.finding, self.asked = name, finding, 0

    def examine(self, media: ExaminedMedia) -> Finding | None:
        self.asked += 1
        return self.finding


HINT = Saying("hint", Finding(None, detail="d" * 1000))
SILENT = Saying("silent", None)
SURE = Saying("sure", Finding(Label.DEEPFAKE, decisive=True))
LATE = Saying("late", Finding(Label.AUTHENTIC, decisive=True))


@pytest.fixture
def registered() -> Iterator[list[Saying]]:
    signals = [HINT, SILENT, SURE, LATE]
    for signal in signals:
        signal.asked = 0
        register_signal(signal.name, lambda _, signal=signal: signal)
    yield signals
    for signal in signals:
        unregister_signal(signal.name)


def test_signals_are_asked_in_order_until_one_decides(registered: list[Saying]) -> None:
    findings = examine(MEDIA, make_signals(CONTEXT))

    assert [(finding.signal, finding.version, finding.decisive) for finding in findings] == [
        ("hint", "3", False),
        ("sure", "3", True),
    ]
    assert findings[0].detail == "d" * 300
    assert [signal.asked for signal in registered] == [1, 1, 1, 0]


def test_a_signal_can_be_switched_off(registered: list[Saying]) -> None:
    findings = examine(MEDIA, make_signals(CONTEXT, disabled=["sure"]))

    assert [finding.signal for finding in findings] == ["hint", "late"]


def test_a_switch_for_an_unknown_signal_is_an_error(registered: list[Saying]) -> None:
    with pytest.raises(UnknownSignalError, match="names nonsense; the registered signals are: hint, silent"):
        make_signals(CONTEXT, disabled=["nonsense"])


def test_a_name_is_registered_once(registered: list[Saying]) -> None:
    with pytest.raises(DuplicateRegistrationError, match="'hint' is registered already"):
        register_signal("hint", lambda _: HINT)


def test_a_decisive_finding_needs_a_label() -> None:
    with pytest.raises(ValueError, match="needs a label"):
        Finding(None, decisive=True)


class Named:
    """As much of a signal as its identity needs."""

    def __init__(self, name: str, version: str) -> None:
        self.name, self.version = name, version


def named(name: str, version: str) -> Signal:
    return cast(Signal, Named(name, version))


def test_identity_covers_what_changes_an_answer_and_nothing_else() -> None:
    card = random_checkpoint().card
    identity = analysis_identity(card)

    assert identity.startswith("random@0-")
    assert identity == analysis_identity(card.model_copy(update={"licence": "another", "data": "other"}))
    changed = [
        analysis_identity(card.model_copy(update={"suspect_threshold": 0.4})),
        analysis_identity(card.model_copy(update={"temperature": 2.0})),
        analysis_identity(card.model_copy(update={"input_size": 256})),
        analysis_identity(card.model_copy(update={"sha256": "1" * 64})),
        analysis_identity(card, [named("a", "1")]),
        analysis_identity(card, [named("a", "2")]),
        analysis_identity(card, [named("a", "1"), named("b", "1")]),
        analysis_identity(card, [named("b", "1"), named("a", "1")]),
    ]
    assert len({identity, *changed}) == len(changed) + 1
