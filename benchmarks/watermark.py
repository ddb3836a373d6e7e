"""Measure which marks are still read after what platforms do to pictures, beside two other libraries.

    python -m benchmarks.watermark --data FOLDER [--pictures 200] [--output FILE]

FOLDER has pictures or tar files of them. They are taken in turn with photographs that ship with scikit-image
and synthetic textures, in four sizes. The others are measured if ``invisible-watermark`` and
``blind-watermark`` can be imported.
"""

import itertools
import json
import multiprocessing
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NamedTuple

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from skimage import data as photographs
from skimage.metrics import structural_similarity

from benchmarks.pictures import pictures, resized
from benchmarks.watermark_attacks import attacks
from inference.media.decoded import Pixels
from inference.watermark.detection import detect
from inference.watermark.embedding import embed

SIZES = (512, 256, 1024, 2048)  # short sides in pixels, taken in turn
PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket", "camera", "retina", "hubble_deep_field", "moon")
TEXTURES = (1.0, 1.3, 1.6, 2.0)  # exponents of the spectra: from gravel to clouds
KEY = bytes(range(32))
OTHER_BITS = 64
OURS = "fakeme"


class Sample(NamedTuple):
    """A picture to be marked."""

    number: int
    kind: str
    image: Pixels


@dataclass(frozen=True)
class Scheme:
    """A way to hide a number in a picture; ``read`` returns it, or anything else."""

    name: str
    bits: int
    embed: Callable[[Pixels, int], Pixels]
    read: Callable[[Pixels], int | None]


@dataclass(frozen=True)
class Outcome:
    """What one scheme did with one picture: quality, and the changes after which it was read."""

    scheme: str
    size: int
    kind: str
    psnr: float
    ssim: float
    read: dict[str, bool]


def samples(folder: Path, count: int, sizes: Sequence[int] = SIZES) -> Iterator[Sample]:
    """Yield ``count`` pictures: half from the folder, a quarter photographs, a quarter textures.

    Their short sides are ``sizes``, in turn.
    """
    faces = itertools.cycle(itertools.islice(pictures(folder), count))
    for number in range(count):
        size = sizes[number // 4 % len(sizes)]
        round_ = number // 4 // len(sizes)
        if number % 4 < 2:
            yield Sample(number, "people", fitted(next(faces), size))
        elif number % 4 == 2:
            image = getattr(photographs, PHOTOGRAPHS[round_ % len(PHOTOGRAPHS)])()
            if image.ndim == 2:
                image = np.repeat(image[..., None], 3, axis=2)
            yield Sample(number, "photograph", fitted(np.asarray(image[..., :3], np.uint8), size))
        else:
            yield Sample(number, "texture", texture(size, TEXTURES[round_ % len(TEXTURES)], number))


def fitted(image: Pixels, size: int) -> Pixels:
    """Return the picture with a short side of ``size``."""
    factor = size / min(image.shape[:2])
    return resized(image, image.shape[0] * factor, image.shape[1] * factor)


def texture(size: int, exponent: float, seed: int) -> Pixels:
    """Return coloured noise whose amplitude falls as the frequency to ``exponent``."""
    rng = np.random.default_rng(seed)
    radius = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]) + 1 / size
    layers = []
    for _ in range(3):
        noise = np.fft.rfft2(rng.normal(size=(size, size)))
        layer = np.fft.irfft2(noise * radius**-exponent, (size, size))
        layers.append(128 + 40 * layer / layer.std())
    mixed = np.stack([0.7 * layers[0] + 0.3 * layer for layer in layers], axis=2)
    return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)


def ours() -> Scheme:
    return Scheme(
        OURS, 52, lambda image, number: embed(image, number, KEY), lambda image: detect(image, KEY).payload
    )


def invisible_watermark(method: str) -> Scheme:
    """Return a scheme of the library invisible-watermark."""
    from imwatermark import WatermarkDecoder, WatermarkEncoder  # noqa: PLC0415 - not a dependency

    def put(image: Pixels, number: int) -> Pixels:
        encoder = WatermarkEncoder()
        encoder.set_watermark("bytes", number.to_bytes(OTHER_BITS // 8))
        return np.asarray(encoder.encode(np.ascontiguousarray(image[..., ::-1]), method)[..., ::-1], np.uint8)

    def get(image: Pixels) -> int | None:
        if image.shape[0] * image.shape[1] < 256 * 256:
            return None  # the library refuses smaller pictures
        decoder = WatermarkDecoder("bytes", OTHER_BITS)
        return int.from_bytes(decoder.decode(np.ascontiguousarray(image[..., ::-1]), method))

    return Scheme(method, OTHER_BITS, put, get)


def blind_watermark() -> Scheme:
    """Return the scheme of the library blind-watermark."""
    multiprocessing.set_start_method(None, force=True)  # the library sets it when it is imported
    from blind_watermark import WaterMark  # noqa: PLC0415 - not a dependency

    def put(image: Pixels, number: int) -> Pixels:
        mark = WaterMark(password_img=1, password_wm=1)
        mark.read_img(img=np.ascontiguousarray(image[..., ::-1]))
        mark.read_wm([bool(number >> bit & 1) for bit in range(OTHER_BITS)], mode="bit")
        return np.asarray(np.clip(np.rint(mark.embed()), 0, 255)[..., ::-1], np.uint8)

    def get(image: Pixels) -> int | None:
        mark = WaterMark(password_img=1, password_wm=1)
        try:
            bits = mark.extract(
                embed_img=np.ascontiguousarray(image[..., ::-1]), wm_shape=OTHER_BITS, mode="bit"
            )
        except (AssertionError, ValueError, IndexError):
            return None  # too small for the library
        return sum(1 << number for number, bit in enumerate(bits) if bit > 0.5)

    return Scheme("blind-watermark", OTHER_BITS, put, get)


def schemes() -> list[Scheme]:
    """Return ours, and the others that are installed."""
    found = [ours()]
    if find_spec("imwatermark"):
        found += [invisible_watermark(method) for method in ("dwtDct", "dwtDctSvd")]
    if find_spec("blind_watermark"):
        found.append(blind_watermark())
    return found


def measured(sample: Sample) -> list[Outcome]:
    """Mark a picture by each scheme, and read each changed copy."""
    cv2.setNumThreads(1)
    outcomes = []
    for scheme in schemes():
        number = int(np.random.default_rng(sample.number).integers(0, 1 << scheme.bits, dtype=np.uint64))
        marked = scheme.embed(sample.image, number)
        error = np.mean((marked.astype(float) - sample.image[: marked.shape[0], : marked.shape[1]]) ** 2)
        size = min(sample.image.shape[:2])
        read = {
            attack.name: scheme.read(
                np.ascontiguousarray(attack.change(marked, np.random.default_rng((sample.number, place))))
            )
            == number
            for place, attack in enumerate(attacks())
            if size >= attack.smallest
        }
        similarity = structural_similarity(  # type: ignore[no-untyped-call]
            sample.image[: marked.shape[0], : marked.shape[1]], marked, channel_axis=2
        )
        outcomes.append(
            Outcome(scheme.name, size, sample.kind, float(10 * np.log10(255**2 / error)), similarity, read)
        )
    return outcomes


def share(outcomes: list[Outcome], attack: str) -> str:
    """Return how many of the pictures were read after a change, as text; empty if it was not tried."""
    tried = [outcome.read[attack] for outcome in outcomes if attack in outcome.read]
    return f"{sum(tried)}/{len(tried)}" if tried else ""


def view(outcomes: list[Outcome]) -> Table:
    """Return the table: ours by size and kind, the others over all pictures."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.scheme == OURS:
            groups[f"{outcome.size} px"].append(outcome)
    for outcome in outcomes:
        groups[outcome.kind if outcome.scheme == OURS else outcome.scheme].append(outcome)
    table = Table("after", *groups)
    for name, figure in (("PSNR, dB", "psnr"), ("SSIM", "ssim")):
        means = (np.mean([getattr(outcome, figure) for outcome in group]) for group in groups.values())
        table.add_row(name, *(f"{mean:.1f}" if figure == "psnr" else f"{mean:.3f}" for mean in means))
    table.add_section()
    for attack in attacks():
        table.add_row(attack.name, *(share(group, attack.name) for group in groups.values()))
    return table


def main(
    data: Annotated[Path, typer.Option(help="Folder of pictures, or of tar files of them.")],
    count: Annotated[int, typer.Option("--pictures", min=1)] = 200,
    processes: Annotated[int, typer.Option(min=1)] = 2,
    output: Annotated[Path | None, typer.Option(help="Also write the outcomes as JSON.")] = None,
) -> None:
    """Print the share of pictures whose payload is read exactly, for each change."""
    with ProcessPoolExecutor(processes) as pool:
        results = pool.map(measured, samples(data, count))
        progress = track(results, "pictures", total=count, console=Console(stderr=True), transient=True)
        outcomes = [outcome for result in progress for outcome in result]
    Console(width=None).print(view(outcomes))
    if output is not None:
        output.write_text(json.dumps([vars(outcome) for outcome in outcomes], indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
