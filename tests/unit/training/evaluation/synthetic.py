"""Synthetic trial metadata and scores, without a network or photographs."""

import zlib

import numpy as np

from inference.card import ModelCard
from training.evaluation.conditions import CONDITIONS, NONE
from training.evaluation.methods import METHODS, Family
from training.evaluation.trials import TrialMetadata

GROUPS = ("asian", "black", "indian", "white", "other")
BANDS = ("0-17", "18-34", "35-54", "55+")
# Distance of the score means of forgeries and reals, in standard deviations; share lost by condition.
SKILL = {"good 1.0": 5.0, "plain 0.1": 2.0}
LOSS = {"JPEG 30": 0.6, "H.264 CRF 40": 0.8, "1/4 size": 1.0}


def metadata(
    index: int, family: Family = Family.REAL, method: str = "", condition: str = NONE, **more
) -> TrialMetadata:
    people = (f"p{index}", "faces", GROUPS[index % 5], ("male", "female")[index % 2], BANDS[index % 4])
    return TrialMetadata(f"{index}.jpg", *people, family.value, method, condition, 100.0, **more)


def trial_metadata(photographs: int) -> list[TrialMetadata]:
    """Metadata of the trials that `make_trials` makes, without pixels."""
    trials = []
    for index in range(photographs):
        trials += [metadata(index, condition=condition) for condition in CONDITIONS]
        for number, method in enumerate(METHODS):
            in_every_condition = number == index % len(METHODS)
            family = [other.name for other in METHODS if other.family == method.family]
            roles = {
                "in_every_condition": in_every_condition,
                "represents_family": method.name == family[index % len(family)],
            }
            trials += [
                metadata(index, method.family, method.name, condition, **roles)
                for condition in CONDITIONS
                if in_every_condition or condition == NONE
            ]
    return trials


def probabilities(trials: list[TrialMetadata], skill: float) -> list[float]:
    rng = np.random.default_rng(0)
    scores = []
    for trial in trials:
        ease = 0.6 + 0.4 * (zlib.crc32(trial.method.encode()) % 7) / 7
        gap = skill * ease * (1 - LOSS.get(trial.condition, 0.0) / 2) if trial.method else 0.0
        scores.append(1 / (1 + np.exp(-(rng.normal(gap, 1) - skill / 2.4) * 1.8)))
    return scores


def card(name: str) -> ModelCard:
    model, version = name.split()
    return ModelCard(
        name=model,
        version=version,
        network="efficientnet_lite0",
        input_size=224,
        crop_margin=0.25,
        temperature=1.0,
        tag_threshold=0.95,
        suspect_threshold=0.8,
        min_face_px=48,
        weights="weights.safetensors",
        sha256="0" * 64,
        licence="Apache-2.0",
        data="Nothing.",
    )
