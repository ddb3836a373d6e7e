"""Which held-out photographs are asked about, and to which groups of people they belong. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from operator import itemgetter

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
    met: Counter[tuple[str, str, str]] = Counter()
    rounds: dict[str, list[tuple[int, Photo]]] = defaultdict(list)
    for index in rng.permutation(len(photos)).tolist():
        photo = photos[index]
        kind = (photo.collection, photo.group, photo.method)
        rounds[photo.collection].append((met[kind], photo))  # the n-th of its kind comes in the n-th round
        met[kind] += 1
    shares = _shared_out({name: len(found) for name, found in rounds.items()}, most)
    kept = [
        photo
        for name, found in rounds.items()
        for _, photo in sorted(found, key=itemgetter(0))[: shares[name]]
    ]
    return [kept[index] for index in rng.permutation(len(kept)).tolist()]


def _shared_out(sizes: dict[str, int], most: int) -> dict[str, int]:
    """Return how many each collection gives: equal shares, and what a small one lacks goes to the others."""
    left, shares = most, {}
    for place, (name, size) in enumerate(sorted(sizes.items(), key=lambda item: item[1])):
        shares[name] = min(size, left // (len(sizes) - place))
        left -= shares[name]
    return shares
