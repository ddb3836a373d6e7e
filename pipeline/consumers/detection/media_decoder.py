"""Decodes media items in confined processes, within a budget of memory for their frames."""

from inference.errors import SandboxUnavailableError
from inference.media.decoded import DecodedMedia
from inference.media.limits import MediaLimits
from inference.media.sniff import sniff
from inference.sandbox import Attempt, DecoderPool
from pipeline.consumers.detection.memory_budget import MemoryBudget, Reservation
from pipeline.errors import TransientError
from pipeline.runtime import metrics

_BYTES_PER_PIXEL = 3
_STILL_PICTURES = frozenset({"image/jpeg", "image/bmp", "image/tiff", "image/heic"})  # never animations


class DecodersUnavailableError(TransientError):
    """No process can be started for decoding: the machine has no memory or no processes left."""


class MediaDecoder:
    """Decodes files and reserves memory for the frames. Safe to use from several threads."""

    def __init__(self, pool: DecoderPool, limits: MediaLimits, budget: MemoryBudget) -> None:
        self._pool = pool
        self._limits = limits
        self._budget = budget

    def decode(self, data: bytes, media_type: str) -> tuple[DecodedMedia, Reservation]:
        """Return the frames, and the reservation of their memory, which the caller releases.

        Waits until the largest result that the file may have fits into the budget. Raise
        :class:`~inference.errors.Unprocessable`.
        """
        reservation = self._budget.reserve(_largest_result(data, self._limits))
        try:
            decoded = self._pool.decode(data, media_type, self._limits)
        except SandboxUnavailableError as error:
            reservation.release()
            raise DecodersUnavailableError(str(error)) from error
        except BaseException:
            reservation.release()
            raise
        reservation.shrink(decoded.nbytes)
        return decoded, reservation


def count_attempt(attempt: Attempt) -> None:
    """Count an attempt to decode or verify a media item, for the metrics."""
    metrics.DECODING.labels(attempt.outcome.value).inc()
    metrics.DECODING_CPU_SECONDS.observe(attempt.cpu_seconds)


def _largest_result(data: bytes, limits: MediaLimits) -> int:
    """Return the largest size that the frames of this file can have, in bytes."""
    picture = _BYTES_PER_PIXEL * limits.max_picture_side**2
    if sniff(data) in _STILL_PICTURES:
        return picture
    return max(picture, _BYTES_PER_PIXEL * limits.max_frames * limits.max_frame_side**2)
