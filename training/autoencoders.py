"""Train the small generators that resynthesise faces: ``python -m training.autoencoders --data FOLDER``.

They are autoencoders, trained on photographs of the training split. They are not detectors.
"""

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from training.critic import PatchCritic
from training.datasets import Photo, decode, read_collection
from training.forgeries.autoencoder import Architecture, FaceAutoencoder, Upsampling, save_autoencoder
from training.forgeries.generator import HELD_OUT_DIR, align, frame_matrix
from training.splits import Split, take

BATCH = 4  # a face has thousands of pixels; small batches give more steps per minute
LEARNING_RATE = 2e-3
CLIP_NORM = 1.0
CRITIC_RATE = 5e-4
ADVERSARIAL_FROM = 0.4  # share of the run; before that the outputs are only blurred


@dataclass(frozen=True, slots=True)
class Recipe:
    """An autoencoder and the losses added to the mean absolute error."""

    architecture: Architecture
    gradient: float = 0.0  # weight of the gradient error
    adversarial: float = 0.0  # weight of the critic's loss


RECIPES: dict[str, Recipe] = {
    "transposed": Recipe(Architecture(104, 28, 32, Upsampling.TRANSPOSED), gradient=0.5),
    "nearest": Recipe(Architecture(128, 20, 40, Upsampling.NEAREST), gradient=1.0),
    "shuffle": Recipe(Architecture(112, 24, 48, Upsampling.SHUFFLE), gradient=0.3),
}
HELD_OUT: dict[str, Recipe] = {
    "bilinear": Recipe(
        Architecture(120, 16, 48, Upsampling.BILINEAR, residual=True), gradient=1.0, adversarial=0.02
    ),
}


def draw_photos(folders: list[Path], most: int) -> list[Photo]:
    """Return at most ``most`` random real photographs of the training split of preprocessed folders."""
    photos = [p for folder in folders for p in take(read_collection(folder), Split.TRAIN) if not p.forged]
    return [photos[index] for index in np.random.default_rng(0).permutation(len(photos))[:most]]


def aligned_faces(photos: list[Photo], size: int) -> NDArray[np.uint8]:
    """Return the photographs' faces in a generator's frame, (N, size, size, 3) uint8."""
    faces = [align(decode(photo), frame_matrix(photo.landmarks, size), size) for photo in photos]
    return np.stack(faces)


def batches(faces: NDArray[np.uint8], rng: np.random.Generator) -> Iterator[torch.Tensor]:
    """Yield batches (BATCH, 3, S, S) in [-1, 1] without end; half of the faces are mirrored."""
    while True:
        chosen = faces[rng.integers(len(faces), size=BATCH)]
        mirrored = rng.random(BATCH) < 0.5
        chosen[mirrored] = chosen[mirrored, :, ::-1]
        pixels = torch.from_numpy(chosen).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
        yield pixels.contiguous(memory_format=torch.channels_last)


def gradient_error(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute error of the differences between neighbours, which preserves edges."""
    error = output - target
    return error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()


class Trainer:
    """An autoencoder with its optimiser and critic; the critic is used only if the recipe is adversarial."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.network = FaceAutoencoder(recipe.architecture)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it
        self.critic = PatchCritic()
        self.optimiser = torch.optim.AdamW(self.network.parameters(), LEARNING_RATE, betas=(0.9, 0.99))
        self.critic_optimiser = torch.optim.AdamW(self.critic.parameters(), CRITIC_RATE, betas=(0.5, 0.99))

    def step(self, faces: torch.Tensor, progress: float) -> float:
        """Learn from one batch and return its mean absolute error in [0, 2]."""
        for group in self.optimiser.param_groups:
            group["lr"] = LEARNING_RATE * (0.02 + 0.98 * (1 + math.cos(math.pi * min(progress, 1.0))) / 2)
        outputs = self.network(faces)
        error = (outputs - faces).abs().mean()
        loss = error + self.recipe.gradient * gradient_error(outputs, faces)
        if self.recipe.adversarial and progress > ADVERSARIAL_FROM:
            self._train_critic(outputs.detach(), faces)
            loss = loss - self.recipe.adversarial * self.critic(outputs).mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP_NORM)
        self.optimiser.step()
        return float(error.detach())

    def _train_critic(self, outputs: torch.Tensor, faces: torch.Tensor) -> None:
        self.critic_optimiser.zero_grad(set_to_none=True)
        self.critic.loss(faces, outputs).backward()  # type: ignore[no-untyped-call]
        self.critic_optimiser.step()


def train(
    recipe: Recipe, faces: NDArray[np.uint8], minutes: float, progress: Progress, name: str
) -> FaceAutoencoder:
    """Return an autoencoder trained for ``minutes`` of this process's CPU time (the CPU is shared)."""
    torch.manual_seed(0)
    trainer, stream = Trainer(recipe), batches(faces, np.random.default_rng(0))
    bar, start, step = progress.add_task(name, total=1.0), time.process_time(), 0
    while (done := (time.process_time() - start) / (minutes * 60)) < 1:
        error = trainer.step(next(stream), done)
        step += 1
        progress.update(bar, completed=done)
        if step % 250 == 0:
            progress.print(f"{name}: step {step}, mean error {error * 127.5:.2f} of 255")
    trainer.network.eval()
    return trainer.network


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="preprocessed collections")
    parser.add_argument("--out", type=Path, default=Path("runs/autoencoders"))
    parser.add_argument("--minutes", type=float, default=2.5, help="CPU minutes for each generator")
    parser.add_argument("--most", type=int, default=3000, help="maximum number of photographs to learn from")
    parser.add_argument("--only", choices=[*RECIPES, *HELD_OUT], nargs="+", default=[*RECIPES, *HELD_OUT])
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # more threads wait for each other on a shared CPU
    photos = draw_photos(arguments.data, arguments.most)
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()) as progress:
        for name in arguments.only:
            recipe = (RECIPES | HELD_OUT)[name]
            faces = aligned_faces(photos, recipe.architecture.size)
            network = train(recipe, faces, arguments.minutes, progress, name)
            folder = arguments.out / HELD_OUT_DIR.name if name in HELD_OUT else arguments.out
            folder.mkdir(parents=True, exist_ok=True)
            save_autoencoder(network, folder / f"{name}.safetensors")


if __name__ == "__main__":
    main()
