"""The signal of traces in metadata: shown to moderators, never enough to tag or to suspect.

Anybody can write such traces, and platforms remove them: their absence means nothing.
"""

from dataclasses import dataclass

from inference.provenance.traces import Worth, find_traces
from pipeline.consumers.detection.signals.signal import ExaminedMedia, Finding

CODE_VERSION = 1  # raise it when the code may answer differently


@dataclass(frozen=True)
class MetadataSignal:
    """Lists the traces of generators and editors in a media item."""

    version: str
    name: str = "metadata"

    def examine(self, media: ExaminedMedia) -> Finding | None:
        """Return the traces in words; None if there are none that mean anything. Never raises."""
        telling = [trace for trace in find_traces(media.data) if trace.worth is not Worth.NEUTRAL]
        if not telling:
            return None
        return Finding(None, detail="weak traces, which anybody can write: " + "; ".join(map(str, telling)))


def metadata_signal() -> MetadataSignal:
    """Return the signal."""
    return MetadataSignal(str(CODE_VERSION))
