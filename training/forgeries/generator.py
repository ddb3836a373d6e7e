"""A small neural generator that redraws the face of a picture, and where the shipped ones are.

``autoencoder`` holds the network, ``resynthesis`` pastes what is redrawn. torch is imported only once a
generator is loaded, so that blending goes without it.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from training.errors import GeneratorUnreadableError
from training.forgeries.masks import TEMPLATE, Floats, similarity_between

if TYPE_CHECKING:
    from training.forgeries.autoencoder import FaceAutoencoder

Image = NDArray[np.uint8]

GENERATORS_DIR = Path(__file__).parent / "generators"
HELD_OUT_DIR = GENERATORS_DIR / "held_out"  # one that training never uses, for the test

# The square of the 112 px template that a generator sees: from the forehead to below the chin.
FRAME_LEFT, FRAME_TOP, FRAME_EDGE = 0.0, 10.0, 112.0
JITTER = 0.03  # of the frame; no two generators align alike, and the pattern falls elsewhere each time
LATENT_NOISE = 0.06  # of the bottleneck's spread: three networks draw more than three ways
ENLARGERS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def frame_matrix(landmarks: Floats, size: int) -> NDArray[np.float64]:
    """Return the (2, 3) map of the picture onto a generator's frame of ``size`` pixels."""
    template = (TEMPLATE - np.array([FRAME_LEFT, FRAME_TOP], np.float32)) * np.float32(size / FRAME_EDGE)
    return similarity_between(landmarks, template)


def align(image: Image, matrix: NDArray[np.float64], size: int) -> Image:
    """Return the face in its frame, (size, size, 3) uint8; a large face is smoothed before it is shrunk."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.6:
        image = cv2.GaussianBlur(image, (0, 0), 0.4 / scale).astype(np.uint8, copy=False)
    aligned = cv2.warpAffine(
        image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return aligned.astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True)
class Generator:
    """A trained autoencoder that redraws faces."""

    name: str
    network: "FaceAutoencoder"

    @property
    def size(self) -> int:
        """Edge of its frame in pixels."""
        return self.network.architecture.size

    def draw(self, aligned: Image, rng: np.random.Generator) -> Image:
        """Return the aligned face (S, S, 3) uint8 redrawn, its code disturbed a little."""
        import torch  # noqa: PLC0415  (those who only blend do without it)

        with torch.inference_mode():
            pixels = torch.from_numpy(aligned).permute(2, 0, 1)[None].float().div(127.5).sub(1)
            code = self.network.encoder(pixels)
            noise = torch.from_numpy(rng.standard_normal(code.shape, dtype=np.float32))
            code = code + noise * code.std() * float(rng.uniform(0, LATENT_NOISE))
            drawn = self.network.decoder(code)[0].permute(1, 2, 0).add(1).mul(127.5)
            return np.asarray(drawn.round().clamp(0, 255).to(torch.uint8).numpy())

    def redraw(self, image: Image, landmarks: Floats, rng: np.random.Generator) -> Image:
        """Return the picture (H, W, 3) uint8 with the face's frame as the network draws it."""
        matrix = frame_matrix(_jittered(landmarks, rng), self.size)
        drawn = self.draw(align(image, matrix, self.size), rng)
        enlarger = ENLARGERS[int(rng.integers(len(ENLARGERS)))]
        placed = cv2.warpAffine(
            drawn,
            cv2.invertAffineTransform(matrix),
            (image.shape[1], image.shape[0]),
            dst=image.copy(),
            flags=enlarger,
            borderMode=cv2.BORDER_TRANSPARENT,
        )
        return placed.astype(np.uint8, copy=False)


def _jittered(landmarks: Floats, rng: np.random.Generator) -> Floats:
    """Return the landmarks moved and scaled together, so that the frame lies a little elsewhere."""
    centre = landmarks.mean(axis=0)
    spread = float(np.linalg.norm(landmarks - centre, axis=1).mean()) * 4  # about the face's edge
    shift = rng.uniform(-JITTER, JITTER, 2) * spread
    moved = (landmarks - centre) * rng.uniform(1 - JITTER, 1 + JITTER) + centre + shift
    return np.asarray(moved, dtype=np.float32)


def _load(path: Path) -> Generator:
    from training.forgeries.autoencoder import load_autoencoder  # noqa: PLC0415  (imports torch)

    return Generator(path.stem, load_autoencoder(path))


def _load_all(folder: Path) -> tuple[Generator, ...]:
    paths = sorted(folder.glob("*.safetensors"))
    if not paths:
        raise GeneratorUnreadableError(
            f"no generators in {folder}; fetch it again or make them with python -m training.autoencoders"
        )
    return tuple(_load(path) for path in paths)


@cache
def load_generators() -> tuple[Generator, ...]:
    """Return the generators that training draws from, by name; raises GeneratorUnreadableError."""
    return _load_all(GENERATORS_DIR)


@cache
def load_held_out_generator() -> Generator:
    """Return the generator that training never draws from; raises GeneratorUnreadableError."""
    return _load_all(HELD_OUT_DIR)[0]
