"""Learning where a picture is forged: heads on every network, targets of cells, and that it is learned."""

import pytest
import torch

from inference.network import build_network
from training.localising import Localiser, cells, deepest_layers, localisation_loss
from training.run import start
from training.train import Trainer, train_step

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_v2_s"])
def test_heads_look_at_the_last_features_of_two_strides(name):
    # given a network of the family, and its logits
    network = build_network(name).eval()
    pixels = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        alone = network(pixels)
        logits, maps = Localiser(network)(pixels)

    # then the logits stay what they are, and there is a map of 16 px cells and one of 32 px cells
    assert torch.equal(logits, alone)
    assert [tuple(each.shape) for each in maps] == [(2, 1, 6, 6), (2, 1, 3, 3)]


def test_looking_for_the_layers_leaves_the_statistics_alone():
    network = build_network("efficientnet_lite0").train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert [channels for _, channels in deepest_layers(network)] == [112, 1280]
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert network.features.training


def test_cells_are_the_share_that_a_mask_covers():
    masks = torch.zeros(2, 1, 32, 32)
    masks[0, :, :16, :8] = 0.6
    masks[0, :, 16:, 16:] = 0.05  # too faint to be told
    masks[1] = torch.nan
    assert cells(masks)[0, 0].tolist() == [[0.5, 0.0], [0.0, 0.0]]
    assert cells(masks)[1].isnan().all()


def test_loss_is_small_for_maps_that_are_right_and_leaves_unknown_masks_out():
    # given two forgeries, where one is forged nobody knows
    forged = torch.zeros(2, 1, 4, 4)
    forged[0, :, :2] = 1
    forged[1] = torch.nan
    right = torch.cat([torch.full((2, 1, 4, 4), -9.0), (forged * 2 - 1) * 9])
    right[3] = 100.0

    # then the map that is right loses next to nothing at both sizes, the other one much
    maps = [right, torch.nn.functional.avg_pool2d(right, 2)]
    assert localisation_loss(maps, forged) < 0.001
    assert localisation_loss([-each for each in maps], forged) > 8


def test_network_learns_where(config, batch):
    # given a run that also learns where
    plan = config.model_copy(update={"localisation": 1.0, "fold_norms": True, "dropout": 0.0})
    run = start(plan, CPU)

    def misplaced() -> float:
        with torch.no_grad():
            return float(localisation_loss(run.localiser(batch.pixels)[1], batch.forged))

    # when it sees the same pictures again and again
    before = misplaced()
    for _ in range(10):
        train_step(run, run.localiser, batch, plan, rate=1e-3)

    # then its maps come nearer
    assert misplaced() < 0.8 * before


def test_heads_are_saved_with_the_run(config, batch, tmp_path):
    # given a run that has learned a little
    plan = config.model_copy(update={"localisation": 1.0})
    run = start(plan, CPU)
    train_step(run, run.localiser, batch, plan, rate=1e-2)
    run.save(tmp_path)

    # then a resumed one has its heads, and the average none
    resumed = start(plan, CPU)
    assert resumed.resume(tmp_path)
    for name, value in run.localiser.heads.state_dict().items():
        assert torch.equal(resumed.localiser.heads.state_dict()[name], value)
    assert resumed.average.state_dict().keys() == run.network.state_dict().keys()


def test_run_that_learns_where_trains_from_pairs(config, sources):
    plan = config.model_copy(update={"localisation": 0.5})
    assert Trainer(plan, CPU, lambda _: None).train().pictures == 16
