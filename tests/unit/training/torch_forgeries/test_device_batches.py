"""Batches made on the training device feed the training loop."""

import dataclasses
from itertools import islice

import torch

from training.localisation import NetworkWithMaps
from training.run import start
from training.sources import EVEN
from training.torch_forgeries.device_batches import DeviceBatches
from training.train import train_step


def test_network_learns_from_batches_of_a_device(config, photo):
    # given two photographs, and a run of tiny batches
    photos = [photo, dataclasses.replace(photo, unit="p2")]
    plan = config.model_copy(update={"batch_pairs": 2})
    phase = plan.phases[-1]
    source = DeviceBatches(photos, EVEN, plan, torch.device("cpu"))

    # when the same stream is drawn twice
    first, again = (list(islice(source.of(phase, (1, 0)), 2)) for _ in range(2))

    # then both are equal, normalised, with reals before forgeries, and a network can learn from them
    assert torch.equal(first[0].pixels, again[0].pixels)
    assert not torch.equal(first[0].pixels, first[1].pixels)
    assert first[0].pixels.shape == (4, 3, 64, 64)
    assert first[0].labels.tolist() == [0, 0, 1, 1]
    assert first[0].pixels.abs().max() < 3
    run = start(plan, torch.device("cpu"))
    assert torch.isfinite(
        train_step(run, NetworkWithMaps(run.network), first[0], plan, rate=1e-3).classification
    )
