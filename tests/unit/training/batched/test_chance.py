"""Random choices for batches: exact in number, none twice, the same for one seed."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.batched.chance import choose, deal, update


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.integers(1, 70), st.lists(st.floats(0, 0.3), min_size=1, max_size=3), st.integers(0, 99))
def test_ways_exclude_one_another_and_come_as_often_as_they_should(count, chances, seed):
    masks = torch.stack([share.mask(count) for share in deal(count, chances, seeded(seed))])
    assert masks.sum(0).max() <= 1
    for mask, chance in zip(masks, chances, strict=True):
        assert abs(int(mask.sum()) - count * chance) <= 1 + 1e-5


def test_a_single_picture_gets_its_way_by_chance():
    hits = sum(bool(deal(1, (0.3,), seeded(seed))[0].mask(1)) for seed in range(400))
    assert hits == pytest.approx(120, abs=35)  # four standard deviations


def test_only_the_share_is_changed():
    (share,) = deal(10, (0.35,), seeded(1))
    changed = update(torch.zeros(10, 2), share, lambda chosen: chosen + 1)
    assert torch.equal(changed[:, 0] > 0, share.mask(10))


def test_rows_choose_by_their_own_shares():
    shares = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]]).repeat(200, 1)
    chosen = choose(shares, seeded()).view(200, 3)
    assert chosen[:, 0].eq(0).all()
    assert chosen[:, 1].eq(2).all()
    assert sorted(chosen[:, 2].unique().tolist()) == [0, 1]
