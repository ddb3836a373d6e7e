"""The card of an exported model: thresholds, licence, data and weights."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from inference.card import ModelCard
from inference.normalisation import IMAGENET, normalise
from training.calibrate import SUSPECT_RATE, TAG_RATE, limit, make_card, recompute_norm_statistics
from training.config import read_config
from training.datasets import Photo
from training.evaluation import CONDITIONS, KINDS, REAL, Scored, held_out

PLAN = Path(__file__).parents[3] / "training" / "runs" / "lite0.toml"


def scored(seed: int, photos: int = 5_000) -> Scored:
    """Return logits of a fairly good detector: reals around -2, forgeries around 2."""
    rng = np.random.default_rng(seed)
    kinds = np.array([[REAL] * len(CONDITIONS) + list(KINDS[1:])] * photos).ravel()
    conditions = np.array([[*CONDITIONS, *["as it came"] * len(KINDS[1:])]] * photos).ravel()
    logits = rng.normal(np.where(kinds == REAL, -2, 2), 1.5)
    collections = np.where(np.arange(len(kinds)) % 16 < 8, "people", "faces")
    groups = np.where(collections == "people", "", "asian")
    return Scored(logits, kinds, conditions, collections, groups)


@pytest.fixture(scope="module")
def card() -> ModelCard:
    return make_card("name", "1", read_config(PLAN), b"weights", scored(0))


def test_thresholds_keep_their_rates_on_other_people(card):
    # given probabilities of other people
    others = scored(1)
    probabilities = 1 / (1 + np.exp(-(others.logits / card.temperature + card.bias)))
    reals = probabilities[others.kinds == REAL]

    # then the false positive rates are as intended
    assert card.suspect_threshold < card.tag_threshold
    assert (reals >= card.tag_threshold).mean() == pytest.approx(TAG_RATE, abs=0.0015)
    assert (reals >= card.suspect_threshold).mean() == pytest.approx(SUSPECT_RATE, abs=0.01)


def test_card_identifies_weights_licence_and_data(card):
    assert card.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert (card.name, card.version, card.network) == ("name", "1", "efficientnet_lite0")
    assert "non-commercial" in card.licence
    assert "UTKFace" in card.data


def test_statistics_are_recomputed_from_the_given_pictures():
    # given a norm with statistics of other data, and uniformly grey crops
    norm = nn.BatchNorm2d(3)
    norm.running_mean.fill_(99.0)
    grey = torch.full((2, 8, 8, 3), 128, dtype=torch.uint8)

    # when its statistics are recomputed on them
    recomputed = recompute_norm_statistics(norm, [normalise(grey.numpy(), IMAGENET)] * 2)

    # then nothing of the old statistics is left
    assert not recomputed.training
    assert torch.allclose(recomputed.running_mean, normalise(grey.numpy(), IMAGENET).mean(dim=(0, 2, 3)))


def test_collections_are_limited_in_size():
    photos = [
        Photo(f"{n}", name, f"{n}", "", np.zeros(4, np.float32), np.zeros((5, 2), np.float32), b"")
        for name, count in (("faces", 9), ("people", 2))
        for n in range(count)
    ]
    assert [photo.collection for photo in limit(photos, 3)] == ["faces"] * 3 + ["people"] * 2


def test_each_photograph_is_sampled_in_every_condition_and_kind(photo):
    samples = list(held_out([photo], margin=0.25, size=224, seed=0))
    assert [sample.kind for sample in samples] == [REAL] * 4 + list(KINDS[1:])
    assert {sample.condition for sample in samples[:4]} == set(CONDITIONS)
    assert {sample.crop.shape for sample in samples} == {(224, 224, 3)}
