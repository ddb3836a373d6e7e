"""Make a trained run into a model that can be shipped: weights, calibration, thresholds and card.

python -m training.calibrate --config training/first.toml --version 0.1.0 --out models/NAME
"""

import argparse
import hashlib
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from safetensors.torch import load, save
from torch import nn
from torch.optim.swa_utils import update_bn

from inference.checkpoint import CARD_FILE, ModelCard
from inference.crops import normalise
from inference.network import build_network
from training.config import TrainingConfig, read_config
from training.datasets import Photo, read_faces, read_people
from training.evaluation import CONDITIONS, KINDS, REAL, Scored, held_out, score
from training.measures import (
    Calibration,
    auc,
    calibrate,
    expected_calibration_error,
    reached,
    tail_threshold,
    threshold_at,
)
from training.pairs import PairMaker
from training.splits import Split, take
from training.train import batches

CROP_MARGIN = 0.25  # the middle of what training frames: 1.0 to 1.5 times the face box
MIN_FACE_PX = 48  # under a quarter of the network's input the traces are gone
TAG_RATE = 0.001  # false positives; a wrong tag is seen by everybody
SUSPECT_RATE = 0.02  # a wrong suspicion costs a moderator's look
SETTLING_BATCHES = 40  # about a thousand pictures, enough for means and variances
SETTLING_SEED = 1_000_000  # beyond any rank, so that the stream is none of training's
WEIGHTS_FILE = "weights.safetensors"
LICENCE = (
    "Weights: non-commercial research use only, as the photographs they were trained on (UTKFace, CelebA); "
    "ImageNet start weights: Apache-2.0"
)
DATA = (
    "Real photographs of UTKFace (aligned faces) and CelebA (whole heads), forgeries made from them: "
    "self-blended images and blends of two people. No forgery by a neural generator."
)


def settle_statistics(network: nn.Module, batches: Iterable[torch.Tensor]) -> nn.Module:
    """Return the network with its batch norms' statistics taken anew from ``batches`` of crops.

    Averaged weights need statistics of their own (Izmailov et al., 2018), and those gathered while training
    are mostly of smaller pictures. Batches are (N, S, S, 3) uint8.
    """
    update_bn((normalise(crops.numpy()) for crops in batches), network)
    return network.eval()


def export_weights(network: nn.Module) -> bytes:
    """Return the weights as safetensors, float16, which halves the file."""
    weights = network.state_dict()
    return save({k: v.half().contiguous() if v.is_floating_point() else v for k, v in weights.items()})


def limit(photos: Sequence[Photo], most: int) -> list[Photo]:
    """Return at most ``most`` photographs of each collection; ``faces`` would outnumber the rest."""
    collections = sorted({photo.collection for photo in photos})
    return [p for name in collections for p in [p for p in photos if p.collection == name][:most]]


def metrics(test: Scored, calibration: Calibration, tag: float, suspect: float) -> dict[str, float]:
    """Return the figures of the card: AUC by kind, rates at both thresholds, by condition and group."""
    probabilities = calibration.probabilities(test.logits)
    real = test.kinds == REAL
    figures = {"auc": auc(probabilities[real], probabilities[~real])}
    for kind in KINDS[1:]:
        chosen = probabilities[test.kinds == kind]
        figures[f"auc: {kind}"] = auc(probabilities[real], chosen)
        figures[f"tpr at suspect: {kind}"] = reached(chosen, suspect)
        figures[f"tpr at tag: {kind}"] = reached(chosen, tag)
    for name in sorted(set(test.collections.tolist())):
        of = test.collections == name
        figures[f"auc: {name}"] = auc(probabilities[real & of], probabilities[~real & of])
    figures["fpr at tag"] = reached(probabilities[real], tag)
    figures["fpr at suspect"] = reached(probabilities[real], suspect)
    for condition in CONDITIONS:
        under = test.conditions == condition
        figures[f"auc: {condition}"] = auc(probabilities[real & under], probabilities[~real & under])
        figures[f"fpr at suspect: {condition}"] = reached(probabilities[real & under], suspect)
    for group in sorted(set(test.groups.tolist()) - {""}):
        of = test.groups == group
        figures[f"auc: {group}"] = auc(probabilities[real & of], probabilities[~real & of])
        figures[f"fpr at suspect: {group}"] = reached(probabilities[real & of], suspect)
    figures["ece"] = expected_calibration_error(probabilities, (~real).astype(np.float64))
    return {name: round(value, 4) for name, value in figures.items()}


def make_card(
    name: str, version: str, network: str, weights: bytes, scored: dict[Split, Scored]
) -> ModelCard:
    """Return the card: calibrated and its thresholds chosen on one part, measured on the other."""
    chosen = scored[Split.CALIBRATION]
    real = chosen.kinds == REAL
    calibration = calibrate(chosen.logits[real], chosen.logits[~real])
    reals = chosen.logits[real]
    cuts = [threshold_at(reals, SUSPECT_RATE), tail_threshold(reals, TAG_RATE, beyond=SUSPECT_RATE)]
    suspect, tag = calibration.probabilities(np.array(cuts)).tolist()
    return ModelCard(
        name=name,
        version=version,
        network=network,
        input_size=224,
        crop_margin=CROP_MARGIN,
        temperature=calibration.temperature,
        bias=calibration.bias,
        tag_threshold=tag,
        suspect_threshold=suspect,
        min_face_px=MIN_FACE_PX,
        weights=WEIGHTS_FILE,
        sha256=hashlib.sha256(weights).hexdigest(),
        licence=LICENCE,
        data=DATA,
        metrics=metrics(scored[Split.TEST], calibration, tag, suspect),
    )


def trained(config: TrainingConfig, photos: list[Photo]) -> nn.Module:
    """Return the averaged network of a run's present state, fit for pictures of the last phase."""
    network = build_network(config.network)
    state = torch.load(config.run / "state.pt", map_location="cpu", weights_only=True)
    network.load_state_dict(state["average"])
    stream = batches(
        PairMaker(take(photos, Split.TRAIN)), config, config.phases[-1], (config.seed, SETTLING_SEED)
    )
    return settle_statistics(network, (crops for crops, _ in itertools.islice(stream, SETTLING_BATCHES)))


def ship(config: TrainingConfig, version: str, out: Path, most: int) -> ModelCard:
    """Write weights and card of a run's present state to ``out``; returns the card."""
    photos = read_people(config.people) + read_faces(config.faces, config.faces_index)
    weights = export_weights(trained(config, photos))
    network = build_network(config.network)  # as it will be served: rounded to float16
    network.load_state_dict({key: value.float() for key, value in load(weights).items()})
    network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it
    scored = {
        split: score(network, held_out(limit(take(photos, split), most), CROP_MARGIN, config.seed))
        for split in (Split.CALIBRATION, Split.TEST)
    }
    card = make_card(out.name, version, config.network, weights, scored)
    out.mkdir(parents=True, exist_ok=True)
    (out / WEIGHTS_FILE).write_bytes(weights)
    (out / CARD_FILE).write_text(card.model_dump_json(indent=2) + "\n")
    return card


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="the run's TOML file")
    parser.add_argument("--version", required=True, help="of the model; a new one makes old analyses stale")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the model; its name names the model"
    )
    parser.add_argument("--most", type=int, default=600, help="photographs of a collection and split")
    arguments = parser.parse_args()
    card = ship(read_config(arguments.config), arguments.version, arguments.out, arguments.most)
    table = Table("measure", "value", title=f"{card.name} {card.version}")
    for row in (
        *card.model_dump(include={"tag_threshold", "suspect_threshold"}).items(),
        *card.metrics.items(),
    ):
        table.add_row(row[0], f"{row[1]:.4f}")
    Console().print(table)


if __name__ == "__main__":
    main()
