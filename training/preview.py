"""Write a grid of training pairs to look at: real crop, forgery and difference (``--out grid.png``)."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.config import Phase
from training.datasets import Photo, read_collection
from training.pairs import PairMaker

Image = NDArray[np.uint8]

COLUMNS = 4
GAIN = 4  # factor that makes faint differences visible


def numpy_pairs(photos: Sequence[Photo], count: int, phase: Phase, seed: int) -> list[tuple[Image, Image]]:
    """Return pairs (S, S, 3) made by numpy, as in training on a CPU."""
    maker = PairMaker(photos)
    return [maker.draw(phase, np.random.default_rng((seed, number)))[:2] for number in range(count)]


def torch_pairs(
    photos: Sequence[Photo], count: int, phase: Phase, seed: int, device: torch.device
) -> list[tuple[Image, Image]]:
    """Return pairs (S, S, 3) made by torch, as in training on a GPU."""
    from training.torch_forgeries import BatchMaker, PhotoStore  # noqa: PLC0415  (kornia is optional)

    generator = torch.Generator(device).manual_seed(seed)
    crops, _, _ = BatchMaker(PhotoStore.read(photos, device)).draw(count, phase, generator)
    pictures = crops.permute(0, 2, 3, 1).cpu().numpy()
    return list(zip(pictures[:count], pictures[count:], strict=True))


def grid(pairs: Sequence[tuple[Image, Image]]) -> Image:
    """Return one picture with a cell per pair: real crop, forgery and amplified difference."""
    cells = []
    for real, forged in pairs:
        difference = np.abs(real.astype(np.int16) - forged) * GAIN
        cells.append(np.hstack([real, forged, np.clip(difference, 0, 255).astype(np.uint8)]))
    cells += [np.zeros_like(cells[0])] * (-len(cells) % COLUMNS)
    rows = [np.hstack(cells[begin : begin + COLUMNS]) for begin in range(0, len(cells), COLUMNS)]
    return np.vstack(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="preprocessed collections")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--chain", choices=("numpy", "batched"), default="numpy")
    parser.add_argument("--device", default="cpu", help="device of the batched chain")
    parser.add_argument("--pairs", type=int, default=16)
    parser.add_argument("--photos", type=int, default=400, help="maximum number of photographs to draw from")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--strength", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    photos = [photo for folder in arguments.data for photo in read_collection(folder)]
    photos = photos[:: max(len(photos) // arguments.photos, 1)]
    phase = Phase(until=1, size=arguments.size, strength=arguments.strength)
    if arguments.chain == "numpy":
        pairs = numpy_pairs(photos, arguments.pairs, phase, arguments.seed)
    else:
        device = torch.device(arguments.device)
        pairs = torch_pairs(photos, arguments.pairs, phase, arguments.seed, device)
    if not cv2.imwrite(str(arguments.out), cv2.cvtColor(grid(pairs), cv2.COLOR_RGB2BGR)):
        parser.error(f"cannot write {arguments.out}; give a .png in a folder that exists")


if __name__ == "__main__":
    main()
