"""The pictures that every model scores, and the metadata of each."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.datasets import Photo, decode
from training.evaluation.conditions import CONDITIONS, NONE, Box, View
from training.evaluation.methods import Family, Method
from training.evaluation.sampling import age_band
from training.pairs import draw_source

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class TrialMetadata:
    """Ground truth and origin of a picture; unknown values are ""."""

    photo: str
    unit: str
    collection: str
    group: str
    sex: str
    age: str  # age band
    family: str
    method: str  # "" for a real picture
    condition: str
    edge: float  # shorter edge of the face box in pixels, after the condition
    represents_family: bool = True  # whether it is used in its family's balanced set
    in_every_condition: bool = True  # whether it is used in the set of all methods and in every condition


@dataclass(frozen=True, slots=True)
class Trial:
    """A picture to score, with its face box."""

    image: Image
    box: Box
    metadata: TrialMetadata


@dataclass(frozen=True, slots=True)
class Plan:
    """Which trials to make; ``sources`` are the real photographs of each collection."""

    methods: Sequence[Method]
    sources: dict[str, list[Photo]]
    seed: int

    def rng(self, photo: Photo) -> np.random.Generator:
        """Return the photograph's own generator, so that its trials do not depend on other photographs."""
        return np.random.default_rng([self.seed, zlib.crc32(f"{photo.collection}/{photo.name}".encode())])


def make_trials(photo: Photo, index: int, plan: Plan) -> list[Trial]:
    """Return the trials of a photograph; ``index`` is its position in the sample.

    A labelled forgery gives one unmodified trial. A real photograph is shown in every condition, and is
    forged by every method. One of the methods, in rotation, is also shown in every condition.
    """
    image, rng = decode(photo), plan.rng(photo)
    if photo.forged:
        return [make_trial(photo, View(image), metadata_of(photo, Family.LABELLED, photo.method, NONE))]
    trials = [
        make_trial(photo, apply(image, rng), metadata_of(photo, Family.REAL, "", name))
        for name, apply in CONDITIONS.items()
    ]
    source = draw_source(photo, plan.sources[photo.collection], rng)
    for number, method in enumerate(plan.methods):
        forged = method.forge(photo, image, source, rng)
        in_every_condition = number == index % len(plan.methods)
        family = [other.name for other in plan.methods if other.family == method.family]
        roles = {
            "represents_family": method.name == family[index % len(family)],
            "in_every_condition": in_every_condition,
        }
        for name, apply in CONDITIONS.items():
            if in_every_condition or name == NONE:
                view = apply(forged, rng)
                metadata = metadata_of(photo, method.family, method.name, name, **roles)
                trials.append(make_trial(photo, view, metadata))
    return trials


def metadata_of(
    photo: Photo,
    family: Family,
    method: str,
    condition: str,
    *,
    represents_family: bool = True,
    in_every_condition: bool = True,
) -> TrialMetadata:
    """Return the metadata of a picture made from the photograph; ``edge`` is that before the condition."""
    x0, y0, x1, y1 = photo.box.tolist()
    person = (photo.unit, photo.collection, photo.group, photo.sex, age_band(photo.age))
    edge = min(x1 - x0, y1 - y0)
    roles = (represents_family, in_every_condition)
    return TrialMetadata(photo.name, *person, family.value, method, condition, edge, *roles)


def make_trial(photo: Photo, view: View, metadata: TrialMetadata) -> Trial:
    """Return the picture with its face box after the condition."""
    x0, y0, x1, y1 = photo.box.tolist()
    scaled = replace(metadata, edge=metadata.edge * view.scale)
    return Trial(view.image, view.box((x0, y0, x1, y1)), scaled)
