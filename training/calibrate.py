"""Export a trained run as a model: weights, calibration, thresholds and card.

Calibration and thresholds use one part of the held-out people, the figures on the card use the other.
"""

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load, save
from torch import nn
from torch.optim.swa_utils import update_bn

from inference.card import ModelCard, write_card
from inference.networks import build_network, find_network
from training.batch_sources import PairBatches
from training.config import TrainingConfig
from training.datasets import Photo, by_collection
from training.errors import NotTrainedError
from training.evaluation.held_out import REAL, Scored, held_out, score
from training.evaluation.progress import TrackProgress, untracked
from training.evaluation.result import ModelResult
from training.measures import Calibration, calibrate, tail_threshold, threshold_at
from training.norm_unfolding import unfold_norms
from training.run import start
from training.sources import read_sources
from training.splits import Split

# Training crops are 1.0 to 1.5 times the face box. A network works best on faces a little larger than most of
# its training crops (Touvron et al., "Fixing the train-test resolution discrepancy", NeurIPS 2019).
CROP_MARGIN = 0.1
MIN_FACE_PX = 48  # below a quarter of the network's input size the traces are gone
TAG_RATE = 0.001  # false positives; a wrong tag is public
SUSPECT_RATE = 0.02  # false positives; each costs a moderator's review
STATISTICS_BATCHES = 40  # about a thousand pictures, enough to estimate means and variances
STATISTICS_SEED = 1_000_000  # above any rank, so that the stream differs from those of training
WEIGHTS_FILE = "weights.safetensors"


def averaged(config: TrainingConfig) -> nn.Module:
    """Return the averaged network of a run's saved state, with norm statistics for the last phase.

    Raise :class:`~training.errors.NotTrainedError` if the run has no saved state.
    """
    run = start(config, torch.device("cpu"))
    initial = deepcopy(run.average)
    if not run.resume(config.run):
        raise NotTrainedError(f"{config.run} contains no saved state of a run; train it first: fakeme train")
    interpolate_weights(run.average, initial, config.init_share)
    if config.fold_norms:
        return unfold_norms(run.average, _build(config)).eval()
    photos, shares = read_sources(config, Split.TRAIN)
    batches = PairBatches(photos, shares, config).of(config.phases[-1], (config.seed, STATISTICS_SEED))
    return recompute_norm_statistics(
        run.average, (batch.pixels for batch in itertools.islice(batches, STATISTICS_BATCHES))
    )


@torch.no_grad()
def interpolate_weights(network: nn.Module, other: nn.Module, share: float) -> None:
    """Interpolate the network's weights towards those of ``other`` by ``share``, in place.

    A network between the weights before and after fine-tuning keeps the abilities of both (WiSE-FT:
    Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
    """
    own, others = network.state_dict(), other.state_dict()
    for name, values in own.items():
        if values.is_floating_point():
            values.lerp_(others[name], share)


def _build(config: TrainingConfig) -> nn.Module:
    return build_network(config.network, localises=config.localisation > 0)


def recompute_norm_statistics(network: nn.Module, batches: Iterable[torch.Tensor]) -> nn.Module:
    """Return the network with batch norm statistics recomputed from normalised ``batches``.

    Averaged weights need their own statistics (Izmailov et al., 2018), and those collected in training are
    mostly of smaller pictures.
    """
    update_bn(batches, network)
    return network.eval()


def export_weights(network: nn.Module) -> bytes:
    """Return the weights as float16 safetensors, which halves the file."""
    weights = network.state_dict()
    return save({k: v.half().contiguous() if v.is_floating_point() else v for k, v in weights.items()})


def as_served(config: TrainingConfig, weights: bytes) -> nn.Module:
    """Return the network as it is served: float32, with weights rounded to float16."""
    served = _build(config)
    served.load_state_dict({key: value.float() for key, value in load(weights).items()})
    served.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it
    return served.eval()


def calibrate_thresholds(scored: Scored) -> tuple[Calibration, float, float]:
    """Return calibration, suspect and tag threshold (as probabilities) from logits of held-out pictures."""
    real = scored.kinds == REAL
    reals = scored.logits[real]
    calibration = calibrate(reals, scored.logits[~real])
    suspect = threshold_at(reals, SUSPECT_RATE)
    tag = tail_threshold(reals, TAG_RATE, beyond=SUSPECT_RATE)
    suspect, tag = calibration.probabilities(np.array([suspect, tag])).tolist()
    return calibration, suspect, tag


def make_card(name: str, version: str, config: TrainingConfig, weights: bytes, scored: Scored) -> ModelCard:
    """Return the card of a run's weights, without figures; :func:`measured` adds them."""
    calibration, suspect, tag = calibrate_thresholds(scored)
    return ModelCard(
        name=name,
        version=version,
        network=config.network,
        input_size=find_network(config.network).input_size,
        crop_margin=CROP_MARGIN,
        temperature=calibration.temperature,
        bias=calibration.bias,
        tag_threshold=tag,
        suspect_threshold=suspect,
        mirrored=config.mirrored,
        localises=config.localisation > 0,
        min_face_px=MIN_FACE_PX,
        weights=WEIGHTS_FILE,
        sha256=hashlib.sha256(weights).hexdigest(),
        licence=config.origin.licence,
        data=config.origin.data,
    )


def limit(photos: Sequence[Photo], most: int) -> list[Photo]:
    """Return at most ``most`` photographs of each collection, so that none outnumbers the others."""
    return [photo for _, own in sorted(by_collection(photos).items()) for photo in own[:most]]


def ship(
    config: TrainingConfig,
    version: str,
    out: Path,
    most: int,
    *,
    device: torch.device,
    follow: TrackProgress = untracked,
) -> ModelCard:
    """Export a run's saved state to the folder ``out``, named like the model, and return its card.

    The model is calibrated with at most ``most`` photographs of each collection, scored on ``device``.
    """
    photos, _ = read_sources(config, Split.CALIBRATION)
    weights = export_weights(averaged(config))
    network = find_network(config.network)
    reals = limit([p for p in photos if not p.forged], most)
    samples = held_out(reals, CROP_MARGIN, network.input_size, config.seed, follow)
    scored = score(
        as_served(config, weights).to(device), samples, network.normalisation, mirrored=config.mirrored
    )
    card = make_card(out.name, version, config, weights, scored)
    out.mkdir(parents=True, exist_ok=True)
    (out / WEIGHTS_FILE).write_bytes(weights)
    write_card(card, out)
    return card


def measured(card: ModelCard, result: ModelResult) -> ModelCard:
    """Return the card with the figures measured on the other held-out people."""
    figures: dict[str, float] = {}
    for family, headline in result.headlines.items():
        figures[f"auc: {family}"] = headline.measures["AUC"].value
        figures[f"accuracy: {family}"] = headline.cuts[0].accuracy.value
        for cut in headline.cuts[1:]:
            figures[f"tpr at {cut.name}: {family}"] = cut.recall.value
        figures[f"ece: {family}"] = headline.measures["ECE"].value
    for rows in (result.methods, result.conditions, result.groups):
        figures |= {f"auc: {row.name}": row.measures["AUC"].value for row in rows}
    for row in result.groups:
        figures[f"fpr at suspect: {row.name}"] = row.measures["FPR at suspect"].value
    rounded = {name: round(value, 4) for name, value in figures.items() if np.isfinite(value)}
    return card.model_copy(update={"metrics": rounded})
