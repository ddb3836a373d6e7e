"""Crops of faces to calibrated probabilities of forgery, in batches on one device, and what they rest on."""

from collections.abc import Iterable
from itertools import islice

import torch

from inference.checkpoint import Checkpoint
from inference.crops import Box, crop_face, normalise
from inference.errors import ScoreNotFiniteError
from inference.explanation.saliency import Maps, saliency
from inference.folding import fold_norms
from inference.media.decoded import Pixels

MAX_BATCH = {"cpu": 16, "cuda": 128}  # beyond these the images per second do not grow

FaceRegion = tuple[Pixels, Box]


class FaceScorer:
    """A checkpoint's network on a device: float32 on a CPU, bfloat16 autocast on a GPU, channels last.

    Its norms are folded, in place.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device) -> None:
        self._checkpoint = checkpoint
        self._device = device
        fold_norms(checkpoint.network).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload] # its stub lacks it
        self._max_batch = MAX_BATCH.get(device.type, MAX_BATCH["cpu"])

    def score(self, regions: Iterable[FaceRegion]) -> list[float]:
        """Probability that each face is forged, 0 to 1; crops are cut a batch at a time, to bound memory.

        Raises :class:`~inference.errors.ScoreNotFiniteError`.
        """
        waiting = iter(regions)
        scores: list[float] = []
        while batch := list(islice(waiting, self._max_batch)):
            scores += self._score_batch(batch)
        return scores

    def look(self, image: Pixels, box: Box) -> tuple[Pixels, Maps]:
        """The crop that was scored, (224, 224, 3), and where in it the network saw a forgery, (224, 224)."""
        crop = crop_face(image, box, self._checkpoint.card.crop_margin)
        pixels = normalise([crop]).to(self._device, memory_format=torch.channels_last)
        return crop, saliency(self._checkpoint.network, pixels)[0]

    @torch.inference_mode()
    def _score_batch(self, batch: list[FaceRegion]) -> list[float]:
        margin = self._checkpoint.card.crop_margin
        crops = normalise([crop_face(image, box, margin) for image, box in batch])
        pixels = crops.to(self._device, memory_format=torch.channels_last)
        on_gpu = self._device.type == "cuda"
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=on_gpu):
            logits = self._checkpoint.logits(pixels)
        probabilities = self._checkpoint.probabilities(logits)
        if not torch.isfinite(probabilities).all():
            raise ScoreNotFiniteError(
                f"{self._checkpoint.card.name} gave a score that is no number; check it with `fakeme doctor`"
            )
        return [float(probability) for probability in probabilities.cpu()]
