"""The keyed pattern: a lattice of frequencies, some of which are pilots and the others carry the code word.

Pilots repeat with every tile of 128 x 128 canonical pixels, so that scale, rotation and place can be found.
The signs of the data change from tile to tile over 4 x 4 tiles: whoever folds a picture without the key sees
the pilots, and of the data nothing.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_256

import numpy as np
from numpy.typing import NDArray

from inference.watermark.code import CODE_BITS

TILE = 128  # canonical pixels
CELLS = 4  # tiles after which the signs repeat, in each direction
RADII = (7.0, 36.0)  # of the lattice, in cycles per tile: what survives JPEG and scaling to a half
PILOT_RADII = (9.0, 20.0)
PILOTS = 24
PILOT_SHARE = 0.28  # of the power: finding the geometry fails before reading does
_FALL = 0.3  # amplitude falls as radius ** -0.3: higher frequencies are seen less, and lost more easily
KEY_BYTES = 32

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pattern:
    """The pattern of one key.

    ``pilots`` and ``data`` are frequencies (N, 2) as (y, x) in cycles per tile, ``pilot_values`` complex
    amplitudes. ``signs`` (16, 2 N) are those of each data dimension (real parts, then imaginary) in each
    cell, ``bits`` (2 N) the bit of the code word that a dimension carries, ``weights`` (2 N) its amplitude.
    """

    pilots: NDArray[np.int64]
    pilot_values: NDArray[np.complex128]
    data: NDArray[np.int64]
    signs: Floats
    bits: NDArray[np.int64]
    weights: Floats

    def tiles(self, code: NDArray[np.uint8]) -> Floats:
        """Return the 4 x 4 different tiles for a code word, (4, 4, 128, 128), of unit variance."""
        values = (code[self.bits] * 2.0 - 1.0) * self.weights * self.signs
        half = len(self.data)
        spectra = np.zeros((CELLS * CELLS, TILE, TILE), np.complex128)
        spectra[:, self.data[:, 0] % TILE, self.data[:, 1] % TILE] = values[:, :half] + 1j * values[:, half:]
        spectra[:, self.pilots[:, 0] % TILE, self.pilots[:, 1] % TILE] = self.pilot_values
        tiles: Floats = np.fft.ifft2(spectra).real
        evened: Floats = tiles / tiles.std()
        return evened.reshape(CELLS, CELLS, TILE, TILE)


@lru_cache(maxsize=8)
def make_pattern(key: bytes) -> Pattern:
    """Return the pattern of a key of 32 bytes; raise ``ValueError`` for another length."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a watermark key has {KEY_BYTES} bytes, not {len(key)}")
    rng = np.random.default_rng(np.frombuffer(shake_256(b"fakeme watermark 1" + key).digest(32), np.uint32))
    lattice = _lattice()
    radii = np.hypot(*lattice.T)
    inner = np.flatnonzero((radii >= PILOT_RADII[0]) & (radii <= PILOT_RADII[1]))
    chosen = rng.choice(inner, PILOTS, replace=False)
    data = np.delete(lattice, chosen, axis=0)
    fall = np.tile(np.hypot(*data.T) ** -_FALL, 2)
    weights = fall * np.sqrt((1 - PILOT_SHARE) / np.sum(fall**2))
    phases = np.exp(2j * np.pi * rng.random(PILOTS))
    dimensions = 2 * len(data)
    signs = rng.choice(np.array([-1.0, 1.0]), (CELLS * CELLS, dimensions))
    return Pattern(
        pilots=lattice[chosen],
        pilot_values=phases * np.sqrt(PILOT_SHARE / PILOTS),
        data=data,
        signs=signs,
        bits=rng.permutation(np.arange(dimensions) % CODE_BITS),
        weights=weights,
    )


def _lattice() -> NDArray[np.int64]:
    """Return one of each pair of opposite frequencies with a radius in RADII, (N, 2)."""
    reach = int(RADII[1])
    y, x = np.mgrid[-reach : reach + 1, 0 : reach + 1]
    radii = np.hypot(y, x)
    wanted = (radii >= RADII[0]) & (radii <= RADII[1]) & ((x > 0) | (y > 0))
    return np.stack([y[wanted], x[wanted]], axis=1).astype(np.int64)
