"""Train a detector: ``python -m training.train --config training/first.toml``.

Resumes by itself from the state in the run's folder. Under ``torchrun --nproc-per-node 2`` each process
takes one core, which on a shared CPU is faster than two threads that wait for each other.
"""

import argparse
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from inference.crops import normalise
from inference.network import build_network
from training.config import Phase, TrainingConfig, read_config
from training.datasets import Photo, read_faces, read_people
from training.imagenet import load_imagenet
from training.pairs import Image, PairMaker, PairStream
from training.schedule import ema_decay, learning_rate
from training.splits import Split, take

SAVE_EVERY = 120.0  # seconds; what a kill costs at most
REPORT_EVERY = 50  # steps


@dataclass(slots=True)
class Run:
    """What changes while training, and is saved."""

    network: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    step: int = 0
    pictures: int = 0
    seconds: float = 0.0

    def state(self) -> dict[str, object]:
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "pictures": self.pictures,
            "seconds": self.seconds,
        }

    def save(self, path: Path) -> None:
        """Replace the state file in one move, so that a kill leaves the old or the new one."""
        partial = path.with_suffix(".partial")
        torch.save(self.state(), partial)
        partial.replace(path)

    def resume(self, path: Path) -> None:
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.pictures, self.seconds = state["step"], state["pictures"], state["seconds"]

    def update_average(self, longest: float) -> None:
        """Move the averaged weights and statistics towards the network's."""
        weight = 1 - ema_decay(self.step, longest=longest)
        with torch.no_grad():
            for mean, value in zip(
                self.average.state_dict().values(), self.network.state_dict().values(), strict=True
            ):
                if mean.is_floating_point():
                    mean.lerp_(value, weight)
                else:
                    mean.copy_(value)


def parameter_groups(network: nn.Module, decay: float) -> list[dict[str, object]]:
    """Return the parameters with weight decay on kernels only, not on norms and biases."""
    kernels = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def start(config: TrainingConfig, device: torch.device) -> Run:
    """Return a run with initial weights."""
    torch.manual_seed(config.seed)
    network = build_network(config.network, config.dropout)
    if config.imagenet:
        load_imagenet(config.network, network)
    network = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it
    average = build_network(config.network, config.dropout).to(device).requires_grad_(False)
    average.load_state_dict(network.state_dict())
    groups = parameter_groups(network, config.weight_decay)
    return Run(network, average, torch.optim.AdamW(groups, lr=config.learning_rate))


def collate(pairs: list[tuple[Image, Image]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the reals then the forgeries as uint8 (2N, S, S, 3), and labels (2N,), 1 for forged."""
    crops = [real for real, _ in pairs] + [forged for _, forged in pairs]
    return torch.from_numpy(np.stack(crops)), torch.tensor([0.0, 1.0]).repeat_interleave(len(pairs))


def batches(
    maker: PairMaker, config: TrainingConfig, phase: Phase, seed: tuple[int, ...]
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    stream = PairStream(maker, phase.size, phase.strength, seed)
    return iter(
        DataLoader(
            stream, batch_size=config.batch_pairs, num_workers=1, prefetch_factor=4, collate_fn=collate
        )
    )


def train_step(
    run: Run,
    model: nn.Module,
    crops: torch.Tensor,
    labels: torch.Tensor,
    *,
    config: TrainingConfig,
    rate: float,
    device: torch.device,
) -> float:
    """Learn from one batch; returns its loss."""
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    logits = model(normalise(crops.numpy()).to(device, memory_format=torch.channels_last)).flatten()
    loss = functional.binary_cross_entropy_with_logits(logits, labels.to(device))
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
    run.optimiser.step()
    run.step += 1
    run.update_average(config.ema_decay)
    return float(loss.detach())


def agreed(value: float) -> float:
    """Return rank 0's value in every process: clocks differ, and learning rates must not."""
    if not dist.is_initialized():
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    dist.broadcast(shared, 0)
    return float(shared)


def rank_and_processes() -> tuple[int, int]:
    """Return which of how many processes this is."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def training_photos(config: TrainingConfig) -> list[Photo]:
    """Return the photographs on the training side of the split."""
    return take(read_people(config.people) + read_faces(config.faces, config.faces_index), Split.TRAIN)


def phases(
    run: Run, config: TrainingConfig, maker: PairMaker
) -> Iterator[tuple[float, Phase, tuple[torch.Tensor, torch.Tensor]]]:
    """Yield (progress, phase, batch) until the run's time is used up; ``run`` moves on in between."""
    rank, _ = rank_and_processes()
    current: Phase | None = None
    while (done := agreed(run.seconds / (config.minutes * 60))) < 1:
        phase = config.phase_at(done)
        if phase != current:
            current, stream = phase, batches(maker, config, phase, (config.seed, rank, run.step))
        yield done, phase, next(stream)


def train(config: TrainingConfig, device: torch.device, progress: Progress) -> Run:
    """Train until the run's time is used up, from the saved state where there is one."""
    rank, processes = rank_and_processes()
    run, state = start(config, device), config.run / "state.pt"
    if state.exists():
        run.resume(state)
    model = DistributedDataParallel(run.network) if processes > 1 else run.network
    model.train()
    maker = PairMaker(training_photos(config))
    bar, losses = progress.add_task("training", total=1.0), deque[float](maxlen=REPORT_EVERY)
    clock = saved = time.monotonic()
    for done, phase, (crops, labels) in phases(run, config, maker):
        rate = learning_rate(done, peak=config.learning_rate, warmup=config.warmup)
        losses.append(train_step(run, model, crops, labels, config=config, rate=rate, device=device))
        run.pictures += len(labels) * processes
        now = time.monotonic()
        run.seconds, clock = run.seconds + now - clock, now
        progress.update(bar, completed=done)
        if rank == 0 and run.step % REPORT_EVERY == 0:
            speed = f"{run.pictures} pictures, {run.seconds:.0f} s, size {phase.size}"
            progress.print(f"step {run.step}: loss {np.mean(losses):.4f}, {speed}")
        if rank == 0 and now - saved > SAVE_EVERY:
            run.save(state)
            saved = now
    if rank == 0:
        run.save(state)
    return run


@contextmanager
def process_group() -> Iterator[None]:
    """Join the other processes, where ``torchrun`` started several."""
    if not dist.is_torchelastic_launched():
        yield
        return
    dist.init_process_group("gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    arguments = parser.parse_args()
    config = read_config(arguments.config)
    config.run.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with process_group(), Progress(*columns, disable=rank_and_processes()[0] > 0) as progress:
        train(config, torch.device(arguments.device), progress)


if __name__ == "__main__":
    main()
