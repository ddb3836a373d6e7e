"""Runs the signals on a media item, in order, until one of them is decisive."""

from collections.abc import Sequence
from time import monotonic

from pipeline.consumers.detection.signals.signal import ExaminedMedia, Signal
from pipeline.runtime import metrics
from schemas.verdicts import MAX_SIGNAL_DETAIL, SignalFinding


def examine(media: ExaminedMedia, signals: Sequence[Signal]) -> tuple[SignalFinding, ...]:
    """Return the findings in the order of ``signals``; none follows a decisive one."""
    findings: list[SignalFinding] = []
    for signal in signals:
        start = monotonic()
        finding = signal.examine(media)
        metrics.SIGNAL_SECONDS.labels(signal.name).observe(monotonic() - start)
        if finding is None:
            continue
        metrics.SIGNAL_FINDINGS.labels(signal.name, "decisive" if finding.decisive else "advisory").inc()
        findings.append(
            SignalFinding(
                signal=signal.name,
                version=signal.version,
                label=finding.label,
                decisive=finding.decisive,
                detail=finding.detail[:MAX_SIGNAL_DETAIL],
            )
        )
        if finding.decisive:
            break
    return tuple(findings)
