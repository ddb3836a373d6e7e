"""Ragged lists: each value is drawn with its probability, and never from another list."""

import numpy as np
import torch

from training.torch_forgeries.sampling import RaggedLists

CPU = torch.device("cpu")


def _draws(lists, number, count=4000):
    generator = torch.Generator().manual_seed(0)
    return lists.draw(torch.full((count,), number), generator)


def test_draws_are_uniform_without_probabilities():
    lists = RaggedLists.of([[3], [], [5, 7, 9, 11]], CPU)
    values, counts = _draws(lists, 2).unique(return_counts=True)
    assert values.tolist() == [5, 7, 9, 11]
    assert (counts / 4000 - 0.25).abs().max() < 0.03


def test_values_are_drawn_by_their_probabilities():
    # given a list with a value of probability 0, between other lists
    probabilities = [np.array([1.0]), np.array([0.7, 0.0, 0.3]), np.array([1.0])]
    lists = RaggedLists.of([[1], [2, 3, 4], [5]], CPU, probabilities)

    # then the frequencies match the probabilities
    values, counts = _draws(lists, 1).unique(return_counts=True)
    assert values.tolist() == [2, 4]
    assert abs(float(counts[0]) / 4000 - 0.7) < 0.03
    assert _draws(lists, 0).unique().tolist() == [1]
    assert _draws(lists, 2).unique().tolist() == [5]


def test_many_lists_are_not_mixed_up():
    # given one list for each photograph of a collection, each with one value
    count = 30_000
    lists = RaggedLists.of([[number] for number in range(count)], CPU)
    numbers = torch.arange(count)
    assert torch.equal(lists.draw(numbers, torch.Generator().manual_seed(1)), numbers)
