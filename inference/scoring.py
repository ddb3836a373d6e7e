"""Score face crops: calibrated probabilities of forgery and heat maps, in batches on one device."""

from collections.abc import Iterable
from itertools import islice

import torch

from inference.checkpoint import Checkpoint
from inference.errors import ScoreNotFiniteError
from inference.explanation.saliency import Maps, saliency
from inference.face import Box
from inference.media.decoded import Pixels
from inference.norm_folding import fold_norms

MAX_BATCH = {"cpu": 16, "cuda": 128}  # larger batches give no more images per second

FaceRegion = tuple[Pixels, Box]


class FaceScorer:
    """A checkpoint's network on a device: float32 on a CPU, bfloat16 autocast on a GPU, channels last.

    Folds the network's batch norms, in place.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device) -> None:
        self._checkpoint = checkpoint
        self._device = device
        fold_norms(checkpoint.network).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in the stubs
        self._max_batch = MAX_BATCH.get(device.type, MAX_BATCH["cpu"])

    def score(self, regions: Iterable[FaceRegion]) -> list[float]:
        """Return the probability that each face is forged, 0 to 1.

        Crops are cut one batch at a time, to bound memory.
        Raises :class:`~inference.errors.ScoreNotFiniteError`.
        """
        remaining = iter(regions)
        scores: list[float] = []
        while batch := list(islice(remaining, self._max_batch)):
            scores += self._score_batch(batch)
        return scores

    def look(self, image: Pixels, box: Box) -> tuple[Pixels, Maps]:
        """Return the scored crop (S, S, 3) and its heat map (S, S); S is the card's input size."""
        crop = self._checkpoint.crop(image, box)
        return crop, saliency(self._checkpoint.network, self._pixels([crop]))[0]

    @torch.inference_mode()
    def _score_batch(self, batch: list[FaceRegion]) -> list[float]:
        pixels = self._pixels([self._checkpoint.crop(image, box) for image, box in batch])
        on_gpu = self._device.type == "cuda"
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=on_gpu):
            logits = self._checkpoint.logits(pixels)
        probabilities = self._checkpoint.probabilities(logits)
        if not torch.isfinite(probabilities).all():
            raise ScoreNotFiniteError(
                f"{self._checkpoint.card.name} returned a score that is not a finite number; check the model"
                " with `fakeme doctor`"
            )
        return [float(probability) for probability in probabilities.cpu()]

    def _pixels(self, crops: list[Pixels]) -> torch.Tensor:
        return self._checkpoint.normalise(crops).to(self._device, memory_format=torch.channels_last)
