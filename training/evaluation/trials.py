"""The pictures that every model is asked about, photograph by photograph, and what is known about each."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.datasets import Photo, decode
from training.evaluation.conditions import CONDITIONS, NONE, Box, View
from training.evaluation.methods import Family, Method
from training.evaluation.sample import age_band
from training.pairs import draw_source

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a picture before a model is asked; "" where it is not."""

    photo: str
    unit: str
    collection: str
    group: str
    sex: str
    age: str  # a band
    family: str
    method: str  # "" of a real picture
    condition: str
    edge: float  # the face box's shorter edge in pixels, as the picture arrives
    turn: bool = True  # whether it stands for its family in a balanced set
    carried: bool = True  # whether it stands for all families there, and goes through every condition


@dataclass(frozen=True, slots=True)
class Trial:
    image: Image
    box: Box
    known: Known


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked about each photograph: ``sources`` are the real ones of its collection."""

    methods: Sequence[Method]
    sources: dict[str, list[Photo]]
    seed: int

    def rng(self, photo: Photo) -> np.random.Generator:
        """Return the photograph's own generator: what is made of it depends on no other."""
        return np.random.default_rng([self.seed, zlib.crc32(f"{photo.collection}/{photo.name}".encode())])


def trials(photo: Photo, place: int, plan: Plan) -> list[Trial]:
    """Return what is asked about the photograph, the ``place``-th of the sample.

    A labelled forgery is asked about as it is. A real one is shown in every condition, and as a forgery by
    every method; one of the methods, in turn, goes through every condition with it.
    """
    image, rng = decode(photo), plan.rng(photo)
    if photo.forged:
        return [trial(photo, View(image), known(photo, Family.LABELLED, photo.method, NONE))]
    asked = [
        trial(photo, change(image, rng), known(photo, Family.REAL, "", name))
        for name, change in CONDITIONS.items()
    ]
    source = draw_source(photo, plan.sources[photo.collection], rng)
    for number, method in enumerate(plan.methods):
        forged = method.forge(photo, image, source, rng)
        carried = number == place % len(plan.methods)
        kin = [one.name for one in plan.methods if one.family == method.family]
        turns = {"turn": method.name == kin[place % len(kin)], "carried": carried}
        for name, change in CONDITIONS.items():
            if carried or name == NONE:
                view = change(forged, rng)
                asked.append(trial(photo, view, known(photo, method.family, method.name, name, **turns)))
    return asked


def known(
    photo: Photo, family: Family, method: str, condition: str, *, turn: bool = True, carried: bool = True
) -> Known:
    """Return what is known about a picture made of the photograph; ``edge`` is the face's in it."""
    x0, y0, x1, y1 = photo.box.tolist()
    people = (photo.unit, photo.collection, photo.group, photo.sex, age_band(photo.age))
    edge = min(x1 - x0, y1 - y0)
    return Known(photo.name, *people, family.value, method, condition, edge, turn, carried)


def trial(photo: Photo, view: View, about: Known) -> Trial:
    """Return the picture with its face box, as it arrives."""
    x0, y0, x1, y1 = photo.box.tolist()
    return Trial(view.image, view.box((x0, y0, x1, y1)), replace(about, edge=about.edge * view.scale))
