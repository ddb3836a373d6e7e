"""Random choices for batches: exact counts, exclusive shares, reproducible by seed."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.torch_forgeries.random_choices import assign_shares, categorical, update_share


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.integers(1, 70), st.lists(st.floats(0, 0.3), min_size=1, max_size=3), st.integers(0, 99))
def test_shares_are_exclusive_and_have_their_exact_size(count, probabilities, seed):
    masks = torch.stack([share.mask(count) for share in assign_shares(count, probabilities, seeded(seed))])
    assert masks.sum(0).max() <= 1
    for mask, probability in zip(masks, probabilities, strict=True):
        assert abs(int(mask.sum()) - count * probability) <= 1 + 1e-5


def test_single_picture_is_assigned_with_the_share_s_probability():
    hits = sum(bool(assign_shares(1, (0.3,), seeded(seed))[0].mask(1)) for seed in range(400))
    assert hits == pytest.approx(120, abs=35)  # four standard deviations


def test_only_the_share_is_changed():
    (share,) = assign_shares(10, (0.35,), seeded(1))
    changed = update_share(torch.zeros(10, 2), share, lambda chosen: chosen + 1)
    assert torch.equal(changed[:, 0] > 0, share.mask(10))


def test_each_row_is_drawn_by_its_own_probabilities():
    probabilities = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]]).repeat(200, 1)
    chosen = categorical(probabilities, seeded()).view(200, 3)
    assert chosen[:, 0].eq(0).all()
    assert chosen[:, 1].eq(2).all()
    assert sorted(chosen[:, 2].unique().tolist()) == [0, 1]
