"""Lists to draw from: each value with its chance, and none of another list."""

import numpy as np
import torch

from training.batched.draws import Lists

CPU = torch.device("cpu")


def _drawn(lists, which, count=4000):
    generator = torch.Generator().manual_seed(0)
    return lists.draw(torch.full((count,), which), generator)


def test_values_of_a_list_are_alike_without_chances():
    lists = Lists.of([[3], [], [5, 7, 9, 11]], CPU)
    values, counts = _drawn(lists, 2).unique(return_counts=True)
    assert values.tolist() == [5, 7, 9, 11]
    assert (counts / 4000 - 0.25).abs().max() < 0.03


def test_chances_decide_within_a_list():
    # given a list whose second value is never drawn, between others
    chances = [np.array([1.0]), np.array([0.7, 0.0, 0.3]), np.array([1.0])]
    lists = Lists.of([[1], [2, 3, 4], [5]], CPU, chances)

    # then each value comes as often as its chance says
    values, counts = _drawn(lists, 1).unique(return_counts=True)
    assert values.tolist() == [2, 4]
    assert abs(float(counts[0]) / 4000 - 0.7) < 0.03
    assert _drawn(lists, 0).unique().tolist() == [1]
    assert _drawn(lists, 2).unique().tolist() == [5]


def test_many_lists_stay_apart():
    # given as many lists as a collection has photographs, each with one value
    count = 30_000
    lists = Lists.of([[number] for number in range(count)], CPU)
    which = torch.arange(count)
    assert torch.equal(lists.draw(which, torch.Generator().manual_seed(1)), which)
