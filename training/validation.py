"""Validate a run on the same pairs of held-out people each time."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from inference.networks import Network
from inference.normalisation import Normalisation, normalise
from training.config import Phase
from training.measures import auc
from training.pairs import Image, PairMaker

STRENGTH = 0.5  # of the augmentation, about the mean over a run
SEED = 20_261_123
BATCH = 32


@dataclass(frozen=True, slots=True)
class Validation:
    """Fixed pairs (2N, S, S, 3) uint8, reals first; S is the network's input size."""

    crops: list[Image]
    normalisation: Normalisation

    @classmethod
    def draw(cls, maker: PairMaker, pairs: int, network: Network) -> "Validation":
        """Return ``pairs`` pairs, always the same for the same photographs."""
        rng = np.random.default_rng(SEED)
        phase = Phase(until=1.0, size=network.input_size, strength=STRENGTH)
        fixed = [maker.draw(phase, rng) for _ in range(pairs)]
        crops = [pair.real for pair in fixed] + [pair.forged for pair in fixed]
        return cls(crops, network.normalisation)

    @torch.inference_mode()
    def figures(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Return loss, accuracy at probability 0.5 and AUC of the network."""
        training = network.training
        network.eval()
        batches = (self.crops[at : at + BATCH] for at in range(0, len(self.crops), BATCH))
        pixels = (normalise(batch, self.normalisation).to(device) for batch in batches)
        logits = torch.cat([network(batch).flatten().float().cpu() for batch in pixels])
        network.train(training)
        half = len(logits) // 2
        labels = torch.tensor([0.0, 1.0]).repeat_interleave(half)
        values = logits.double().numpy()
        return {
            "validation/loss": float(functional.binary_cross_entropy_with_logits(logits, labels)),
            "validation/accuracy": float(((logits > 0) == (labels > 0)).float().mean()),
            "validation/auc": auc(values[:half], values[half:]),
        }
