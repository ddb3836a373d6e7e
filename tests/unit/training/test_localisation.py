"""Learning where a picture is forged: targets of cells, that it is learned, kept and shipped."""

import numpy as np
import torch

from inference.card import write_card
from inference.checkpoint import load_checkpoint
from inference.localising import heads_of, locate
from training.calibrate import as_served, averaged, export_weights, make_card
from training.evaluation.held_out import Scored
from training.localisation import NetworkWithMaps, cell_coverage, localisation_loss
from training.run import initial_network, start
from training.train import Trainer, train_step

CPU = torch.device("cpu")
# Answers to calibrate by, whatever they are worth.
KINDS = np.repeat(["real", "swap"], 100)
SCORED = Scored(np.random.default_rng(0).normal(np.repeat([-1.0, 2.0], 100)), KINDS, KINDS, KINDS, KINDS)


def test_cells_are_the_share_that_a_mask_covers():
    masks = torch.zeros(2, 1, 32, 32)
    masks[0, :, :16, :8] = 0.6
    masks[0, :, 16:, 16:] = 0.05  # too faint to be told
    masks[1] = torch.nan
    assert cell_coverage(masks)[0, 0].tolist() == [[0.5, 0.0], [0.0, 0.0]]
    assert cell_coverage(masks)[1].isnan().all()


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
            return float(localisation_loss(locate(run.network, batch.pixels)[1], batch.forged))

    # when it sees the same pictures again and again
    before = misplaced()
    for _ in range(10):
        train_step(run, NetworkWithMaps(run.network), batch, plan, rate=1e-3)

    # then its maps come nearer
    assert misplaced() < 0.8 * before


def test_heads_are_saved_and_averaged_with_the_run(config, batch, tmp_path):
    # given a run that has learned a little
    plan = config.model_copy(update={"localisation": 1.0})
    run = start(plan, CPU)
    first = heads_of(run.average)[0].weight.clone()
    train_step(run, NetworkWithMaps(run.network), batch, plan, rate=1e-2)
    run.save(tmp_path)

    # then its average has learned too, and a resumed one has both
    assert not torch.equal(heads_of(run.average)[0].weight, first)
    resumed = start(plan, CPU)
    assert resumed.resume(tmp_path)
    for ours, theirs in ((run.network, resumed.network), (run.average, resumed.average)):
        assert torch.equal(heads_of(ours)[0].weight, heads_of(theirs)[0].weight)


def test_heads_are_shipped_and_taken_up(config, tmp_path):
    # given a run that learns where, shipped as a model
    plan = config.model_copy(update={"localisation": 1.0, "fold_norms": True})
    run = start(plan, CPU)
    plan.run.mkdir()
    run.save(plan.run)
    weights = export_weights(averaged(plan))
    network = as_served(plan, weights)

    # then it says in service where, as the run would
    pixels = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        (fine, _), (expected, _) = locate(network, pixels)[1], locate(run.average.eval(), pixels)[1]
    torch.testing.assert_close(fine, expected, atol=5e-3, rtol=0.02)

    # and a run that begins from it has its heads, or none if it does not learn where
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(weights)
    write_card(make_card("model", "1", plan, weights, SCORED), folder)
    further = plan.model_copy(update={"init": folder})
    taken, given = heads_of(initial_network(further)), heads_of(load_checkpoint(folder).network)
    assert torch.equal(taken[0].weight, given[0].weight)
    assert heads_of(initial_network(further.model_copy(update={"localisation": 0.0}))) is None


def test_run_that_learns_where_trains_from_pairs(config, sources):
    plan = config.model_copy(update={"localisation": 0.5})
    assert Trainer(plan, CPU, lambda _: None).train().pictures == 16
