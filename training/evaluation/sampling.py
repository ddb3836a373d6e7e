"""Sample held-out photographs for the evaluation, balanced over collections and groups. Pure functions."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from operator import itemgetter

import numpy as np

from training.datasets import Photo
from training.errors import NoPhotographsError
from training.splits import Split, take

# Last age in years of each band. Detectors tend to fail first on minors and on older people.
AGE_BANDS = ((17, "0-17"), (34, "18-34"), (54, "35-54"))
OLDEST = "55+"


def age_band(age: int | None) -> str:
    """Return the band of an age in years, or "" if the age is unknown."""
    if age is None:
        return ""
    return next((band for last, band in AGE_BANDS if age <= last), OLDEST)


def sample_photos(photos: Sequence[Photo], max_photos: int, seed: int) -> list[Photo]:
    """Return up to ``max_photos`` real photographs and up to as many labelled forgeries, shuffled.

    Both come from the test split only. Photographs are taken in rotation over collections and, within a
    collection, over groups of people, so that small groups are measured almost as precisely as large ones.
    Raises NoPhotographsError if the test split contains no real photograph.
    """
    held_out = take(photos, Split.TEST)
    reals = [photo for photo in held_out if not photo.forged]
    if not reals:
        raise NoPhotographsError(
            f"none of the {len(photos)} photographs is real and on the test side of the split; "
            "give a larger data set"
        )
    rng = np.random.default_rng(seed)
    forged = [photo for photo in held_out if photo.forged]
    return _rotate(reals, max_photos, rng) + _rotate(forged, max_photos, rng)


def _rotate(photos: list[Photo], max_photos: int, rng: np.random.Generator) -> list[Photo]:
    counts: Counter[tuple[str, str, str]] = Counter()
    rounds: dict[str, list[tuple[int, Photo]]] = defaultdict(list)
    for index in rng.permutation(len(photos)).tolist():
        photo = photos[index]
        kind = (photo.collection, photo.group, photo.method)
        rounds[photo.collection].append((counts[kind], photo))  # the n-th of its kind is taken in round n
        counts[kind] += 1
    shares = _share({name: len(members) for name, members in rounds.items()}, max_photos)
    selected = [
        photo
        for name, members in rounds.items()
        for _, photo in sorted(members, key=itemgetter(0))[: shares[name]]
    ]
    return [selected[index] for index in rng.permutation(len(selected)).tolist()]


def _share(sizes: dict[str, int], total: int) -> dict[str, int]:
    """Return how many photographs to take from each collection: equal shares.

    What a small collection cannot provide is taken from the others.
    """
    remaining, shares = total, {}
    for position, (name, size) in enumerate(sorted(sizes.items(), key=lambda item: item[1])):
        shares[name] = min(size, remaining // (len(sizes) - position))
        remaining -= shares[name]
    return shares
