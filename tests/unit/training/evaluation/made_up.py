"""Answers of made-up models to made-up pictures: no network, no photographs."""

import zlib

import numpy as np

from inference.card import ModelCard
from training.evaluation.conditions import CONDITIONS, NONE
from training.evaluation.methods import METHODS, Family
from training.evaluation.trials import Known

GROUPS = ("asian", "black", "indian", "white", "other")
BANDS = ("0-17", "18-34", "35-54", "55+")
# How far forgeries lie above reals, in deviations of both; what a condition takes from it.
SKILL = {"good 1.0": 5.0, "plain 0.1": 2.0}
LOSS = {"JPEG 30": 0.6, "H.264 CRF 40": 0.8, "1/4 size": 1.0}


def known(place: int, family: Family = Family.REAL, method: str = "", condition: str = NONE, **more) -> Known:
    people = (f"p{place}", "faces", GROUPS[place % 5], ("male", "female")[place % 2], BANDS[place % 4])
    return Known(f"{place}.jpg", *people, family.value, method, condition, 100.0, **more)


def asked(photographs: int) -> list[Known]:
    """What `trials` asks about photographs, without their pixels."""
    pictures = []
    for place in range(photographs):
        pictures += [known(place, condition=condition) for condition in CONDITIONS]
        for number, method in enumerate(METHODS):
            carried = number == place % len(METHODS)
            kin = [one.name for one in METHODS if one.family == method.family]
            turns = {"carried": carried, "turn": method.name == kin[place % len(kin)]}
            pictures += [
                known(place, method.family, method.name, condition, **turns)
                for condition in CONDITIONS
                if carried or condition == NONE
            ]
    return pictures


def probabilities(pictures: list[Known], skill: float) -> list[float]:
    rng = np.random.default_rng(0)
    scores = []
    for one in pictures:
        hardness = 0.6 + 0.4 * (zlib.crc32(one.method.encode()) % 7) / 7
        gap = skill * hardness * (1 - LOSS.get(one.condition, 0.0) / 2) if one.method else 0.0
        scores.append(1 / (1 + np.exp(-(rng.normal(gap, 1) - skill / 2.4) * 1.8)))
    return scores


def card(name: str) -> ModelCard:
    words = name.split()
    return ModelCard(
        name=words[0],
        version=words[1],
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
