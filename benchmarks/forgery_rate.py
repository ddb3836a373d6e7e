"""Measure how many training pairs (real crop and forgery) are made per second, singly and in batches."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from training.augment import augment
from training.config import Phase
from training.datasets import Photo, read_collection
from training.pairs import PairMaker, cut, subject
from training.torch_forgeries import BatchMaker, PhotoStore
from training.torch_forgeries.affine import warp_affine
from training.torch_forgeries.augment import augment as augment_batch
from training.torch_forgeries.batch_maker import CHUNK
from training.torch_forgeries.blends import Faces, forge
from training.torch_forgeries.framing import MAX_RESOLUTION, draw_framings, framing_maps, resize_crops
from training.torch_forgeries.sampling import PhotoSampler

Step = Callable[[int], object]  # runs the step for the given number of pairs
PHOTOS = 600  # enough variety for sampling


def timed(step: Step, pairs: int, device: torch.device) -> float:
    """Return the seconds for ``pairs`` pairs, including device work, after one warm-up run."""
    step(min(pairs, CHUNK))
    _synchronise(device)
    start = time.perf_counter()
    step(pairs)
    _synchronise(device)
    return time.perf_counter() - start


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def numpy_steps(photos: list[Photo], phase: Phase) -> dict[str, Step]:
    """Return the steps that make pairs one by one; each step starts from the output of the previous one."""
    maker, rng = PairMaker(photos), np.random.default_rng(0)
    faces = [subject(photo, rng) for photo in photos[:32]]
    crops = [cut(face.image, face, rng) for face in faces]

    def repeat(count: int, work: Callable[[int], object]) -> None:
        for number in range(count):
            work(number % len(faces))

    return {
        "decode": lambda count: repeat(count, lambda n: subject(photos[n], rng)),
        "forge": lambda count: repeat(count, lambda n: maker.forge(photos[n], faces[n], rng)),
        "frame": lambda count: repeat(2 * count, lambda n: cut(faces[n].image, faces[n], rng)),
        "post": lambda count: repeat(2 * count, lambda n: augment(crops[n], phase.strength, rng)),
        "in all": lambda count: repeat(count, lambda _: maker.draw(phase, rng)),
    }


def batched_steps(photos: list[Photo], phase: Phase, device: torch.device) -> dict[str, Step]:
    """Return the steps that make pairs in batches, in the chunks of `BatchMaker`."""
    store = PhotoStore.read(photos, device)
    maker, sampler = BatchMaker(store), PhotoSampler(store)
    generator = torch.Generator(device).manual_seed(0)
    drawn = sampler.draw(CHUNK, generator)
    tight, sizes = store.tight[drawn.reals], store.sizes[drawn.reals]
    targets, sources = (
        Faces(store.pictures[numbers].float(), store.sizes[numbers], store.landmarks[numbers])
        for numbers in (drawn.reals, drawn.sources)
    )
    framings = draw_framings(CHUNK, generator)
    maps = framing_maps(framings, sizes, store.boxes[drawn.reals], tight).repeat(2, 1, 1)
    both, canvas = torch.cat([targets.pictures] * 2), (MAX_RESOLUTION, MAX_RESOLUTION)
    crops = warp_affine(both, maps, sizes.repeat(2, 1), canvas).view(CHUNK, 2, 3, *canvas)

    def repeat(count: int, work: Callable[[], object]) -> None:
        for _ in range(0, count, CHUNK):
            work()

    return {
        "decode": lambda count: repeat(count, lambda: sampler.draw(CHUNK, generator)),
        "forge": lambda count: repeat(count, lambda: forge(targets, sources, tight, generator)),
        "frame": lambda count: repeat(count, lambda: warp_affine(both, maps, sizes.repeat(2, 1), canvas)),
        "post": lambda count: repeat(
            count, lambda: augment_batch(crops, framings.edges, phase.strength, generator)
        ),
        "resize": lambda count: repeat(count, lambda: resize_crops(crops, framings.edges, phase.size)),
        "in all": lambda count: maker.draw(count, phase, generator),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, help="folders of preprocessed collections"
    )
    parser.add_argument("--device", default="cpu", help="device of the batched steps: cpu or cuda")
    parser.add_argument(
        "--pairs", type=int, default=256, help=f"number of pairs, rounded up to chunks of {CHUNK}"
    )
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--strength", type=float, default=0.5)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)  # as in worker processes during training
    photos = [photo for folder in arguments.data for photo in read_collection(folder)]
    photos = photos[:: max(len(photos) // PHOTOS, 1)]
    pairs = -(-arguments.pairs // CHUNK) * CHUNK
    phase = Phase(until=1, size=arguments.size, strength=arguments.strength)
    device = torch.device(arguments.device)
    singly = {
        name: timed(step, pairs, torch.device("cpu")) for name, step in numpy_steps(photos, phase).items()
    }
    with torch.no_grad():
        steps = batched_steps(photos, phase, device)
        batched = {name: timed(step, pairs, device) for name, step in steps.items()}
    title = f"{pairs} pairs of {arguments.size} pixels, strength {arguments.strength}"
    table = Table("pairs/s", "numpy, one core", f"batched, {device}", title=title)
    for name, seconds in batched.items():
        table.add_row(
            name, f"{pairs / singly[name]:.0f}" if name in singly else "-", f"{pairs / seconds:.0f}"
        )
    Console().print(table)
    if device.type == "cuda":
        Console().print(f"peak memory in addition to the photo store: {_peak(device):.2f} GB")


def _peak(device: torch.device) -> float:
    return (torch.cuda.max_memory_allocated(device) - torch.cuda.memory_allocated(device)) / 1e9


if __name__ == "__main__":
    main()
