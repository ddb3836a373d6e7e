"""The training loop: learn from batches of pairs, update the averaged weights and save the state."""

import time
from collections import deque
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from training.attributes import warm_up
from training.batch import Batch
from training.batch_sources import batch_source
from training.config import Phase, TrainingConfig
from training.journal import Journal, Losses, NoJournal, Report, Reporter
from training.localisation import NetworkWithMaps, localisation_loss
from training.optimiser import set_rate
from training.processes import from_rank_zero, rank_and_processes
from training.run import Run, start
from training.schedule import learning_rate
from training.sources import read_sources
from training.splits import Split

SAVE_EVERY = 120.0  # seconds, the most that is lost if the process is killed
REPORT_EVERY = 50  # steps


def train_step(run: Run, model: nn.Module, batch: Batch, config: TrainingConfig, rate: float) -> Losses:
    """Learn from one batch and return the losses, still on the device so that nothing waits for them.

    ``model`` is a :class:`~training.localisation.NetworkWithMaps` of the run's network, possibly distributed.
    """
    device = next(run.network.parameters()).device
    set_rate(run.optimiser, rate)
    pixels = batch.pixels.to(device, memory_format=torch.channels_last, non_blocking=True)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
        logits, maps = model(pixels)
    labels = batch.labels.to(device)
    loss = functional.binary_cross_entropy_with_logits(logits.float().flatten(), labels)
    localisation = localisation_loss(maps, batch.forged.to(device)) if maps else None
    total = loss if localisation is None else loss + config.localisation * localisation
    run.optimiser.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
    run.optimiser.step()
    run.step += 1
    run.update_average(config.ema_decay)
    return Losses(loss.detach(), None if localisation is None else localisation.detach())


class Trainer:
    """Trains a run in this process, from its saved state if there is one."""

    def __init__(self, config: TrainingConfig, device: torch.device, report: Reporter) -> None:
        """Raise :class:`~training.errors.TrainingError` if data or initial weights are missing."""
        self.config, self.device, self.report = config, device, report
        self.rank, self.processes = rank_and_processes()
        config.run.mkdir(parents=True, exist_ok=True)
        photos, shares = read_sources(config, Split.TRAIN)
        self.photographs = len(photos)
        self.source = batch_source(photos, shares, config, device)
        self._phase: Phase | None = None
        self._stream: Iterator[Batch] = iter(())
        self.run = start(config, device)
        if not self.run.resume(config.run) and config.attribute_epochs:
            warm_up(self.run.network, photos, config, self._report_warm_up)
            self.run.average.load_state_dict(self.run.network.state_dict())

    def _report_warm_up(self, done: float, loss: float) -> None:
        self.report(Report(done, 0, 0.0, {} if done < 1 else {"warm-up/loss": loss}))

    @property
    def done(self) -> float:
        """Return the share of the run that is done, the same in every process."""
        return from_rank_zero(self.config.progress(self.run.pictures, self.run.seconds, self.photographs))

    def train(self, *, until: float = 1.0, seconds: float = float("inf")) -> Run:
        """Train up to a share of the run, or for at most ``seconds``; then save the state."""
        model: nn.Module = NetworkWithMaps(self.run.network)
        if self.processes > 1:
            model = DistributedDataParallel(model)
        model.train()
        losses: deque[Losses] = deque(maxlen=REPORT_EVERY)
        began = clock = saved = time.monotonic()
        with self._journal() as journal:
            for done, batch in self._batches(until):
                rate = learning_rate(done, peak=self.config.learning_rate, warmup=self.config.warmup)
                losses.append(train_step(self.run, model, batch, self.config, rate))
                self.run.pictures += len(batch.labels) * self.processes
                now = time.monotonic()
                self.run.seconds, clock = self.run.seconds + now - clock, now
                journal.step(done)
                if self.run.step % REPORT_EVERY == 0:
                    journal.losses(done, losses, rate)
                journal.validate(done)
                if self.rank == 0 and now - saved > SAVE_EVERY:
                    self.run.save(self.config.run)
                    saved = now
                if from_rank_zero(now - began) > seconds:
                    break
            journal.validate(self.done, last=True)
        if self.rank == 0:
            self.run.save(self.config.run)
        return self.run

    def _journal(self) -> Journal:
        if self.rank > 0:
            return NoJournal()
        return Journal(self.config, self.run, self.device, self.report)

    def _batches(self, until: float) -> Iterator[tuple[float, Batch]]:
        """Yield (share done, batch); a new phase starts a new stream, which later calls continue."""
        while (done := self.done) < until:
            phase = self.config.phase_at(done)
            if phase != self._phase:
                self._phase = phase  # starting a stream takes seconds: its process imports the forgeries
                self._stream = self.source.of(phase, (self.config.seed, self.rank, self.run.step))
            yield done, next(self._stream)
