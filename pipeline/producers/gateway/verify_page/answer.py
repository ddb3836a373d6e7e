"""What the page tells about a file, made from its verdict. Pure.

Scores are rounded to a whole per cent from 1 to 99: the model is never surer, and exact scores would help
those who try forgeries against it. Of known media, neither the entry, its case nor its list is told.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from pydantic import BaseModel, Field

from inference.error_rates import ErrorRates
from pipeline.producers.gateway.validation_errors import printable
from schemas.verdicts import Label, MediaVerdict, SignalFinding, UnprocessableReason

KNOWN_MEDIA = "known_media"  # the name that detection gives this check
_ACCUSING = (Label.DEEPFAKE, Label.SUSPECTED)
_LEAST = 0.01
_MARKS = ("credentials", "watermark")  # by which a file itself says that AI made it


class Outcome(StrEnum):
    """What became of one check."""

    FOUND = "found"
    NOTHING = "nothing"
    NOT_ASKED = "not_asked"  # an earlier check had settled the label
    UNREADABLE = "unreadable"  # only the detector: the file could not be decoded


class Check(BaseModel):
    """One check other than the detector."""

    name: str
    outcome: Outcome
    label: Label | None = Field(default=None, description="The check's own opinion; null: it only informs.")
    decisive: bool = Field(default=False, description="True if this alone settled the label.")
    detail: str = Field(default="", description="What was found, in English; it may quote the file.")


class DetectorResult(BaseModel):
    """The network's result, with how often it errs, in per cent."""

    outcome: Outcome = Field(description="`nothing`: there is no face to judge.")
    percent: int | None = Field(default=None, description="Estimate that a face is forged, 1 to 99.")
    model: str | None = None
    found_percent: int | None = Field(default=None, description="Share of forgeries that it suspected.")
    lowest_false_percent: int | None = Field(
        default=None, description="Share of real faces that it suspected, in the best group of people."
    )
    highest_false_percent: int | None = Field(default=None, description="The same in the worst group.")


class Answer(BaseModel):
    """The answer to a check of a file."""

    label: Label
    wording: str = Field(description="Which words say it best, such as `credentials` or `suspected`.")
    reason: UnprocessableReason | None = None
    checks: tuple[Check, ...]
    detector: DetectorResult

    @property
    def advice(self) -> str:
        """Which advice fits: ``accused``, ``unreadable`` or ``clean``."""
        if self.label in _ACCUSING:
            return "accused"
        return "unreadable" if self.label is Label.UNPROCESSABLE else "clean"


def answer_of(verdict: MediaVerdict, names: Sequence[str], rates: ErrorRates | None) -> Answer:
    """Return the answer for a verdict of the checks with these ``names``, in the order they were asked."""
    settled = next((finding for finding in verdict.signals if finding.decisive), None)
    model_asked = settled is None or verdict.score is not None or verdict.pdq is not None
    asked = names if model_asked or settled is None else names[: names.index(settled.signal) + 1]
    return Answer(
        label=verdict.label,
        wording=_wording(verdict.label, settled),
        reason=verdict.reason,
        checks=tuple(_checks(verdict.signals, names, asked)),
        detector=_detector(verdict, rates, asked=model_asked),
    )


def bounded_percent(share: float) -> int:
    """Return a share from 0 to 1 in per cent: 1 is 1 % or less, 99 is 99 % or more, all else is rounded."""
    if share <= _LEAST or share >= 1 - _LEAST:
        return 1 if share <= _LEAST else 99
    return min(98, max(2, round(100 * share)))


def _wording(label: Label, settled: SignalFinding | None) -> str:
    if settled is None:
        return "detector" if label is Label.DEEPFAKE else label.value
    if settled.signal == KNOWN_MEDIA:
        return f"known_{label.value}"
    if label is not Label.DEEPFAKE:
        return label.value
    return settled.signal if settled.signal in _MARKS else "marked"


def _checks(findings: Sequence[SignalFinding], names: Iterable[str], asked: Sequence[str]) -> Iterable[Check]:
    found = {finding.signal: finding for finding in findings}
    for name in names:
        finding = found.get(name)
        if finding is None:
            yield Check(name=name, outcome=Outcome.NOTHING if name in asked else Outcome.NOT_ASKED)
        else:
            yield Check(
                name=name,
                outcome=Outcome.FOUND,
                label=finding.label,
                decisive=finding.decisive,
                detail="" if name == KNOWN_MEDIA else printable(finding.detail),
            )


def _detector(verdict: MediaVerdict, rates: ErrorRates | None, *, asked: bool) -> DetectorResult:
    if not asked:
        return DetectorResult(outcome=Outcome.NOT_ASKED)
    if verdict.score is None:
        no_face = verdict.label is Label.NO_FACE
        return DetectorResult(outcome=Outcome.NOTHING if no_face else Outcome.UNREADABLE)
    return DetectorResult(outcome=Outcome.FOUND, percent=bounded_percent(verdict.score), **_rates(rates))


def _rates(rates: ErrorRates | None) -> dict[str, int | str]:
    if rates is None:
        return {}
    return {
        "model": rates.model,
        "found_percent": bounded_percent(rates.found),
        "lowest_false_percent": bounded_percent(rates.lowest_false),
        "highest_false_percent": bounded_percent(rates.highest_false),
    }
