"""Pre-train a network without ImageNet weights to predict attributes of faces: sex, group and age.

The features are kept, the attribute head is discarded.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from inference.crops import crop_face, cut_square
from inference.networks import find_network
from inference.normalisation import normalise
from training.augment import augment
from training.config import TrainingConfig
from training.datasets import Photo, decode
from training.errors import NoPhotographsError
from training.optimiser import make_optimiser, set_rate
from training.schedule import learning_rate

AGE_SCALE = 100.0  # years; scales the regression loss to the size of the others
STRENGTH = 0.2
MARGIN = 0.25
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attribute values that occur in the data."""

    sexes: tuple[str, ...]
    groups: tuple[str, ...]

    @classmethod
    def of(cls, photos: Sequence[Photo]) -> "Attributes":
        return cls(
            tuple(sorted({p.sex for p in photos} - {""})), tuple(sorted({p.group for p in photos} - {""}))
        )

    def target(self, photo: Photo) -> tuple[int, int, float]:
        """Return (index of the sex, index of the group, scaled age); UNKNOWN or NaN where not labelled."""
        sex = self.sexes.index(photo.sex) if photo.sex else UNKNOWN
        group = self.groups.index(photo.group) if photo.group else UNKNOWN
        return sex, group, float("nan") if photo.age is None else photo.age / AGE_SCALE


def warm_up(
    network: nn.Module,
    photos: Sequence[Photo],
    config: TrainingConfig,
    report: Callable[[float, float], None],
) -> None:
    """Train the features of ``network`` for ``config.attribute_epochs``.

    ``report`` is called with (share done, loss). The network's own head stays unchanged. Raise
    :class:`~training.errors.NoPhotographsError` if no photograph has an attribute.
    """
    labelled = [p for p in photos if not p.forged and (p.sex or p.group or p.age is not None)]
    if not labelled:
        raise NoPhotographsError(
            "attribute_epochs is set, but no photograph has a sex, group or age; set it to 0"
        )
    attributes = Attributes.of(labelled)
    head = network.get_submodule("classifier")
    width = [module for module in head.modules() if isinstance(module, nn.Linear)][-1].in_features
    device = next(network.parameters()).device
    network.classifier = nn.Linear(width, len(attributes.sexes) + len(attributes.groups) + 1).to(device)
    optimiser = make_optimiser(network, config)
    size = 2 * config.batch_pairs
    steps = max(round(config.attribute_epochs * len(labelled) / size), 1)
    network.train()
    batches = _batches(labelled, attributes, size, config)
    for step, (pixels, targets) in zip(range(steps), batches, strict=False):
        set_rate(optimiser, learning_rate(step / steps, peak=config.learning_rate, warmup=config.warmup))
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            outputs = network(pixels.to(device, memory_format=torch.channels_last))
        loss = attribute_loss(outputs.float(), targets.to(device), attributes)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), config.clip_norm)
        optimiser.step()
        report((step + 1) / steps, float(loss.detach()))
    network.classifier = head


def attribute_loss(outputs: torch.Tensor, targets: torch.Tensor, attributes: Attributes) -> torch.Tensor:
    """Return the loss over known attributes: outputs (N, sexes + groups + 1), targets (N, 3)."""
    sexes, groups = len(attributes.sexes), len(attributes.groups)
    loss = outputs.sum() * 0  # keeps the graph connected if nothing is known
    for values, column in ((outputs[:, :sexes], 0), (outputs[:, sexes : sexes + groups], 1)):
        known = targets[:, column] != UNKNOWN
        if known.any():
            loss = loss + functional.cross_entropy(values[known], targets[known, column].long())
    aged = ~targets[:, 2].isnan()
    if aged.any():
        loss = loss + functional.smooth_l1_loss(outputs[aged, -1], targets[aged, 2])
    return loss


def _batches(
    photos: Sequence[Photo], attributes: Attributes, size: int, config: TrainingConfig
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    rng = np.random.default_rng((config.seed, 7))
    edge = config.phases[0].size
    network = find_network(config.network)
    while True:
        chosen = [photos[int(index)] for index in rng.integers(len(photos), size=size)]
        crops = []
        for photo in chosen:
            x0, y0, x1, y1 = photo.box.tolist()
            crop = crop_face(decode(photo), (x0, y0, x1, y1), MARGIN, network.input_size)
            crop = augment(crop, STRENGTH, rng)
            crop = cut_square(crop, 0, 0, min(crop.shape[:2]), edge)
            crops.append(crop[:, ::-1] if rng.random() < 0.5 else crop)
        yield (
            normalise(crops, network.normalisation),
            torch.tensor([attributes.target(photo) for photo in chosen]),
        )
