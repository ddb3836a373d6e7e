"""A device's own batches feed the training loop as the others do."""

import dataclasses
from itertools import islice

import torch

from training.batched.source import DeviceBatches
from training.localising import Learner
from training.run import start
from training.sources import EVEN
from training.train import train_step


def test_batches_of_a_device_can_be_learned_from(config, photo):
    # given two photographs, and a run of tiny batches
    photos = [photo, dataclasses.replace(photo, unit="p2")]
    plan = config.model_copy(update={"batch_pairs": 2})
    phase = plan.phases[-1]
    source = DeviceBatches(photos, EVEN, plan, torch.device("cpu"))

    # when the same stream is drawn twice
    first, again = (list(islice(source.of(phase, (1, 0)), 2)) for _ in range(2))

    # then it is the same, normalised, reals before forgeries, and a network learns from it
    assert torch.equal(first[0].pixels, again[0].pixels)
    assert not torch.equal(first[0].pixels, first[1].pixels)
    assert first[0].pixels.shape == (4, 3, 64, 64)
    assert first[0].labels.tolist() == [0, 0, 1, 1]
    assert first[0].pixels.abs().max() < 3
    run = start(plan, torch.device("cpu"))
    assert torch.isfinite(train_step(run, Learner(run.network), first[0], plan, rate=1e-3).verdicts)
