"""Load the shipped face generators and resynthesise the face of a picture with them.

``autoencoder`` holds the network, ``resynthesis`` blends the result into the picture. torch is imported only
when a generator is loaded.
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
HELD_OUT_DIR = GENERATORS_DIR / "held_out"  # never used in training, only in the evaluation

# Input square of a generator in the 112 px template: from the forehead to below the chin.
FRAME_LEFT, FRAME_TOP, FRAME_EDGE = 0.0, 10.0, 112.0
JITTER = 0.03  # of the frame; varies the alignment and the position of the upsampling pattern
LATENT_NOISE = 0.06  # of the bottleneck's standard deviation; adds variety to three networks
UPSCALERS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def frame_matrix(landmarks: Floats, size: int) -> NDArray[np.float64]:
    """Return the (2, 3) map from the picture to a generator's frame of ``size`` pixels."""
    template = (TEMPLATE - np.array([FRAME_LEFT, FRAME_TOP], np.float32)) * np.float32(size / FRAME_EDGE)
    return similarity_between(landmarks, template)


def align(image: Image, matrix: NDArray[np.float64], size: int) -> Image:
    """Return the face in its frame, (size, size, 3) uint8; a large face is smoothed before downscaling."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.6:
        image = cv2.GaussianBlur(image, (0, 0), 0.4 / scale).astype(np.uint8, copy=False)
    aligned = cv2.warpAffine(
        image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return aligned.astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True)
class Generator:
    """A trained autoencoder that resynthesises faces."""

    name: str
    network: "FaceAutoencoder"

    @property
    def size(self) -> int:
        """Edge of its frame in pixels."""
        return self.network.architecture.size

    def reconstruct(self, aligned: Image, rng: np.random.Generator) -> Image:
        """Return the aligned face (S, S, 3) uint8 decoded from its code plus a little noise."""
        import torch  # noqa: PLC0415  (blending does not need it)

        with torch.inference_mode():
            pixels = torch.from_numpy(aligned).permute(2, 0, 1)[None].float().div(127.5).sub(1)
            code = self.network.encoder(pixels)
            noise = torch.from_numpy(rng.standard_normal(code.shape, dtype=np.float32))
            code = code + noise * code.std() * float(rng.uniform(0, LATENT_NOISE))
            decoded = self.network.decoder(code)[0].permute(1, 2, 0).add(1).mul(127.5)
            return np.asarray(decoded.round().clamp(0, 255).to(torch.uint8).numpy())

    def resynthesise(self, image: Image, landmarks: Floats, rng: np.random.Generator) -> Image:
        """Return the picture (H, W, 3) uint8 with the face's frame replaced by its reconstruction."""
        matrix = frame_matrix(_jitter(landmarks, rng), self.size)
        reconstructed = self.reconstruct(align(image, matrix, self.size), rng)
        upscaler = UPSCALERS[int(rng.integers(len(UPSCALERS)))]
        placed = cv2.warpAffine(
            reconstructed,
            cv2.invertAffineTransform(matrix),
            (image.shape[1], image.shape[0]),
            dst=image.copy(),
            flags=upscaler,
            borderMode=cv2.BORDER_TRANSPARENT,
        )
        return placed.astype(np.uint8, copy=False)


def _jitter(landmarks: Floats, rng: np.random.Generator) -> Floats:
    """Return the landmarks shifted and scaled together by a small random amount."""
    centre = landmarks.mean(axis=0)
    spread = float(np.linalg.norm(landmarks - centre, axis=1).mean()) * 4  # roughly the face's size
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
    """Return the generators used in training, sorted by name. Raises GeneratorUnreadableError."""
    return _load_all(GENERATORS_DIR)


@cache
def load_held_out_generator() -> Generator:
    """Return the generator that is never used in training. Raises GeneratorUnreadableError."""
    return _load_all(HELD_OUT_DIR)[0]
