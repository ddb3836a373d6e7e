"""Which held-out photographs are asked about, and to which groups of people they belong. Pure."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from training.datasets import Photo
from training.errors import NoPhotographsError
from training.splits import Split, take

# Upper ends of the age bands, in years; minors and the old are where detectors are known to fail first.
AGE_BANDS = ((17, "0-17"), (34, "18-34"), (54, "35-54"))
OLDEST = "55+"


def age_band(age: int | None) -> str:
    """Return the band of an age in years, or "" where it is not known."""
    if age is None:
        return ""
    return next((band for last, band in AGE_BANDS if age <= last), OLDEST)


def draw_photos(photos: Sequence[Photo], most: int, seed: int) -> list[Photo]:
    """Return at most ``most`` real photographs of the test side, and as many labelled forgeries, shuffled.

    Collections take turns, within a collection the groups of people do: small groups are measured nearly as
    well as large ones. Raises NoPhotographsError where the test side holds no real photograph.
    """
    held_out = take(photos, Split.TEST)
    reals = [photo for photo in held_out if not photo.forged]
    if not reals:
        raise NoPhotographsError(
            f"no real photograph among {len(photos)} is on the test side of the split; give a larger data set"
        )
    rng = np.random.default_rng(seed)
    forged = [photo for photo in held_out if photo.forged]
    return _in_turns(reals, most, rng) + _in_turns(forged, most, rng)


def _in_turns(photos: list[Photo], most: int, rng: np.random.Generator) -> list[Photo]:
    shuffled = [photos[int(index)] for index in rng.permutation(len(photos))]
    taken: dict[tuple[str, str], int] = defaultdict(int)
    turns = []
    for photo in shuffled:  # the n-th of its kind in its group comes in the n-th round
        kind = (photo.group, photo.method)
        turns.append((taken[photo.collection, *kind], photo))
        taken[photo.collection, *kind] += 1
    rounds: dict[str, list[Photo]] = defaultdict(list)
    for _, photo in sorted(turns, key=lambda turn: turn[0]):
        rounds[photo.collection].append(photo)
    chosen = _shared_out({name: len(found) for name, found in rounds.items()}, most)
    kept = [photo for name, count in chosen.items() for photo in rounds[name][:count]]
    return [kept[int(index)] for index in rng.permutation(len(kept))]


def _shared_out(sizes: dict[str, int], most: int) -> dict[str, int]:
    """Return how many each collection gives: equal shares, and what a small one lacks goes to the others."""
    left, shares = most, {}
    for place, (name, size) in enumerate(sorted(sizes.items(), key=lambda item: item[1])):
        shares[name] = min(size, left // (len(sizes) - place))
        left -= shares[name]
    return shares
