"""Registration of signals, the order in which they run, and how to disable them."""

from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine

from inference.media import decode
from inference.sandbox import DecoderPool
from pipeline.consumers.detection import signals
from pipeline.consumers.detection.analysis_identity import analysis_identity
from pipeline.consumers.detection.signals import (
    ExaminedMedia,
    Finding,
    Signal,
    SignalContext,
    make_signals,
    register_signal,
)
from pipeline.consumers.detection.signals.examination import examine
from pipeline.errors import DuplicateRegistrationError, UnknownSignalError
from pipeline.settings import Settings
from schemas.posts import Media
from schemas.verdicts import Label
from tests.unit.inference.random_checkpoint import made_up_card

CONTEXT = SignalContext(
    Settings(kafka_bootstrap="localhost:1", database_url="postgresql://localhost/none"),
    cast(Engine, None),
    cast(DecoderPool, None),
)
MEDIA = ExaminedMedia(
    Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg"),
    b"not a picture",
    "1" * 64,
    lambda: decode(b"not a picture", "image/jpeg"),
)


class FakeSignal:
    """Returns the same finding for every media item and counts its calls."""

    version = "3"

    def __init__(self, name: str, finding: Finding | None) -> None:
        self.name, self.finding, self.calls = name, finding, 0

    def examine(self, media: ExaminedMedia) -> Finding | None:
        self.calls += 1
        return self.finding


ADVISORY = FakeSignal("advisory", Finding(None, detail="d" * 1000))
SILENT = FakeSignal("silent", None)
DECISIVE = FakeSignal("decisive", Finding(Label.DEEPFAKE, decisive=True))
LATER_DECISIVE = FakeSignal("later-decisive", Finding(Label.AUTHENTIC, decisive=True))


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> list[FakeSignal]:
    monkeypatch.setattr(signals, "_factories", {})
    fakes = [ADVISORY, SILENT, DECISIVE, LATER_DECISIVE]
    for fake in fakes:
        fake.calls = 0
        register_signal(fake.name, lambda _, fake=fake: fake)
    return fakes


def test_signals_run_in_order_until_one_is_decisive(registered: list[FakeSignal]) -> None:
    findings = examine(MEDIA, make_signals(CONTEXT))

    assert [(finding.signal, finding.version, finding.decisive) for finding in findings] == [
        ("advisory", "3", False),
        ("decisive", "3", True),
    ]
    assert findings[0].detail == "d" * 300
    assert [signal.calls for signal in registered] == [1, 1, 1, 0]


def test_built_in_signals_run_in_the_order_of_their_cost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path))

    assert [signal.name for signal in make_signals(CONTEXT)] == ["credentials", "metadata"]


def test_signal_can_be_disabled(registered: list[FakeSignal]) -> None:
    findings = examine(MEDIA, make_signals(CONTEXT, disabled=["decisive"]))

    assert [finding.signal for finding in findings] == ["advisory", "later-decisive"]


def test_disabling_an_unknown_signal_is_an_error(registered: list[FakeSignal]) -> None:
    with pytest.raises(
        UnknownSignalError, match="names nonsense; the registered signals are: advisory, silent"
    ):
        make_signals(CONTEXT, disabled=["nonsense"])


def test_registering_a_name_twice_is_an_error(registered: list[FakeSignal]) -> None:
    with pytest.raises(DuplicateRegistrationError, match="'advisory' is registered already"):
        register_signal("advisory", lambda _: ADVISORY)


def test_decisive_finding_needs_a_label() -> None:
    with pytest.raises(ValueError, match="needs a label"):
        Finding(None, decisive=True)


class NamedSignal:
    """A signal without behaviour: its name and version are enough for the analysis identity."""

    def __init__(self, name: str, version: str) -> None:
        self.name, self.version = name, version


def named_signal(name: str, version: str) -> Signal:
    return cast(Signal, NamedSignal(name, version))


def test_identity_covers_everything_that_changes_an_answer_and_nothing_else() -> None:
    card = made_up_card()
    identity = analysis_identity(card)

    assert identity.startswith("random@0-")
    assert identity == analysis_identity(card.model_copy(update={"licence": "another", "data": "other"}))
    changed = [
        analysis_identity(card.model_copy(update={"suspect_threshold": 0.4})),
        analysis_identity(card.model_copy(update={"temperature": 2.0})),
        analysis_identity(card.model_copy(update={"input_size": 256})),
        analysis_identity(card.model_copy(update={"sha256": "1" * 64})),
        analysis_identity(card, [named_signal("a", "1")]),
        analysis_identity(card, [named_signal("a", "2")]),
        analysis_identity(card, [named_signal("a", "1"), named_signal("b", "1")]),
        analysis_identity(card, [named_signal("b", "1"), named_signal("a", "1")]),
    ]
    assert len({identity, *changed}) == len(changed) + 1
