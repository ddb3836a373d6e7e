"""Localisation of forgeries: targets, training, saved state and export."""

import numpy as np
import torch

from inference.card import write_card
from inference.checkpoint import load_checkpoint
from inference.localisation import heads_of, locate
from training.calibrate import as_served, averaged, export_weights, make_card
from training.evaluation.held_out import Scored
from training.localisation import NetworkWithMaps, cell_coverage, localisation_loss
from training.run import initial_network, start
from training.train import Trainer, train_step

CPU = torch.device("cpu")
# Scores to calibrate with; their quality does not matter.
KINDS = np.repeat(["real", "swap"], 100)
SCORED = Scored(np.random.default_rng(0).normal(np.repeat([-1.0, 2.0], 100)), KINDS, KINDS, KINDS, KINDS)


def test_cell_coverage_is_the_covered_share():
    masks = torch.zeros(2, 1, 32, 32)
    masks[0, :, :16, :8] = 0.6
    masks[0, :, 16:, 16:] = 0.05  # too faint to be counted
    masks[1] = torch.nan
    assert cell_coverage(masks)[0, 0].tolist() == [[0.5, 0.0], [0.0, 0.0]]
    assert cell_coverage(masks)[1].isnan().all()


def test_loss_is_small_for_correct_maps_and_ignores_unknown_masks():
    # given two forgeries, one with an unknown mask
    forged = torch.zeros(2, 1, 4, 4)
    forged[0, :, :2] = 1
    forged[1] = torch.nan
    correct = torch.cat([torch.full((2, 1, 4, 4), -9.0), (forged * 2 - 1) * 9])
    correct[3] = 100.0

    # then correct maps have a small loss at both sizes, inverted ones a large loss
    maps = [correct, torch.nn.functional.avg_pool2d(correct, 2)]
    assert localisation_loss(maps, forged) < 0.001
    assert localisation_loss([-values for values in maps], forged) > 8


def test_network_learns_to_localise(config, batch):
    # given a run with localisation
    plan = config.model_copy(update={"localisation": 1.0, "fold_norms": True, "dropout": 0.0})
    run = start(plan, CPU)

    def current_loss() -> float:
        with torch.no_grad():
            return float(localisation_loss(locate(run.network, batch.pixels)[1], batch.forged))

    # when it is trained on the same pictures repeatedly
    before = current_loss()
    for _ in range(10):
        train_step(run, NetworkWithMaps(run.network), batch, plan, rate=1e-3)

    # then the loss decreases
    assert current_loss() < 0.8 * before


def test_heads_are_saved_and_averaged(config, batch, tmp_path):
    # given a run after one step
    plan = config.model_copy(update={"localisation": 1.0})
    run = start(plan, CPU)
    first = heads_of(run.average)[0].weight.clone()
    train_step(run, NetworkWithMaps(run.network), batch, plan, rate=1e-2)
    run.save(tmp_path)

    # then its average has changed, and a resumed run has both networks
    assert not torch.equal(heads_of(run.average)[0].weight, first)
    resumed = start(plan, CPU)
    assert resumed.resume(tmp_path)
    for saved, loaded in ((run.network, resumed.network), (run.average, resumed.average)):
        assert torch.equal(heads_of(saved)[0].weight, heads_of(loaded)[0].weight)


def test_heads_are_exported_and_loaded_as_initial_weights(config, tmp_path):
    # given a run with localisation, exported as a model
    plan = config.model_copy(update={"localisation": 1.0, "fold_norms": True})
    run = start(plan, CPU)
    plan.run.mkdir()
    run.save(plan.run)
    weights = export_weights(averaged(plan))
    network = as_served(plan, weights)

    # then the exported model localises like the run
    pixels = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        (fine, _), (expected, _) = locate(network, pixels)[1], locate(run.average.eval(), pixels)[1]
    torch.testing.assert_close(fine, expected, atol=5e-3, rtol=0.02)

    # and a run initialised from it has its heads, or none without localisation
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(weights)
    write_card(make_card("model", "1", plan, weights, SCORED), folder)
    further = plan.model_copy(update={"init": folder})
    initial, exported = heads_of(initial_network(further)), heads_of(load_checkpoint(folder).network)
    assert torch.equal(initial[0].weight, exported[0].weight)
    assert heads_of(initial_network(further.model_copy(update={"localisation": 0.0}))) is None


def test_run_with_localisation_trains_from_pairs(config, sources):
    plan = config.model_copy(update={"localisation": 0.5})
    assert Trainer(plan, CPU, lambda _: None).train().pictures == 16
