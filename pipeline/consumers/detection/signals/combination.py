"""Combines the findings of signals and the model's label into one verdict on a media item. Pure functions.

A decisive finding sets the label. Otherwise the model's label applies, and a signal can only raise it to
``suspected``, so that a moderator checks the post.
"""

from collections.abc import Sequence

from schemas.verdicts import Label, MediaVerdict, SignalFinding, UnprocessableReason, worst

_ACCUSING = frozenset({Label.DEEPFAKE, Label.SUSPECTED})


def decisive(findings: Sequence[SignalFinding]) -> SignalFinding | None:
    """Return the decisive finding; None if there is none."""
    return next((finding for finding in findings if finding.decisive), None)


def combined_label(findings: Sequence[SignalFinding], model: Label | None) -> Label:
    """Return the label for ``findings`` and the model's label (None: the model was not run).

    Raise ``ValueError`` if there is neither a decisive finding nor a label of the model.
    """
    finding = decisive(findings)
    if finding is not None and finding.label is not None:
        return finding.label
    if model is None:
        raise ValueError("no finding is decisive and the model was not run")
    raised = [Label.SUSPECTED for finding in findings if finding.label in _ACCUSING]
    return worst([model, *raised])


def combine(verdict: MediaVerdict, findings: Sequence[SignalFinding]) -> MediaVerdict:
    """Return the model's ``verdict`` (or refusal) with the findings of the signals taken into account."""
    if not findings:
        return verdict
    label = combined_label(findings, verdict.label)
    reason: UnprocessableReason | None = verdict.reason if label is Label.UNPROCESSABLE else None
    return verdict.model_copy(update={"label": label, "reason": reason, "signals": tuple(findings)})


def decided_verdict(uri: str, sha256: str, findings: Sequence[SignalFinding]) -> MediaVerdict:
    """Return the verdict on a media item that the model need not look at: it has no score."""
    return MediaVerdict(
        uri=uri,
        label=combined_label(findings, None),
        score=None,
        threshold=None,
        sha256=sha256,
        detail=next((finding.detail for finding in findings if finding.decisive), ""),
        signals=tuple(findings),
    )
