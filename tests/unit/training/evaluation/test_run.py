"""A complete evaluation, with a model that detects green paint."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.evaluation.synthetic import card
from training.evaluation import run
from training.evaluation.conditions import View
from training.evaluation.examples import Gallery
from training.evaluation.methods import Family, Method
from training.evaluation.progress import untracked
from training.evaluation.report import write
from training.evaluation.scoring import PREFETCHED_PHOTOS, Model, prefetched
from training.evaluation.trials import make_trial, metadata_of


class PaintDetector:
    """Score a face by its share of green."""

    def score(self, regions):
        return [float(self.green(image, box)) for image, box in regions]

    def green(self, image, box):
        x0, y0, x1, y1 = (max(round(value), 0) for value in box)
        red, green, blue = image[y0:y1, x0:x1].reshape(-1, 3).astype(float).mean(axis=0)
        return np.clip(0.5 + (green - (red + blue) / 2) / 255, 0, 1)


def painted(photo, image, source, rng):
    x0, y0, x1, y1 = photo.box.astype(int)
    forged = image.copy()
    forged[y0:y1, x0:x1, 1] = np.maximum(forged[y0:y1, x0:x1, 1], 200)
    return forged


@pytest.fixture(scope="module")
def evaluation(photo):
    photos = [replace(photo, name=f"{n}", unit=f"p{n}", group="xy"[n % 2], age=20 + 20 * n) for n in range(2)]
    models = [Model("paint 1", card("paint 1"), PaintDetector())]
    request = run.Request([], [], choices=True, examples=True)
    methods = (Method("green", Family.TRAINED, painted), Method("greener", Family.UNSEEN, painted))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "METHODS", methods)
        patch.setattr(run, "MIN_CLIPS", 1)
        return run.evaluate_photos(models, photos, request, untracked)


def test_a_perfect_model_is_measured_as_such(evaluation, tmp_path):
    result, gallery = evaluation
    (model,) = result.models
    assert result.sample.photographs == result.sample.people == 2
    assert result.sample.clips == 2
    assert model.headlines["unseen"].measures["AUC"].value == 1.0
    assert {row.name: row.measures["AUC"].value for row in model.methods} == {"green": 1.0, "greener": 1.0}
    assert [row.measures["AUC"].value for row in model.video[:2]] == [1.0, 1.0]
    assert {row.name for row in model.groups} == {"x", "y", "18-34", "35-54"}
    assert len(model.choices) == 3
    sizes = model.choices["Faces too small or too blurred for an opinion"]
    assert [choice.name for choice in sizes if not choice.served] == ["24 px", "32 px", "40 px"]  # of 48
    assert (tmp_path / "index.html") in write(result, tmp_path, gallery)


def test_worst_mistakes_come_first(evaluation):
    _, gallery = evaluation
    for forged in (False, True):
        scores = [example.score for example in gallery.worst("paint 1", forged=forged)]
        assert len(scores) == 2  # the worst of each photograph
        assert scores == sorted(scores, reverse=not forged)


@pytest.mark.parametrize(("forged", "kept"), [(False, range(11, 3, -1)), (True, range(8))])
def test_examples_are_the_worst_of_all(photo, forged, kept):
    # given twelve photographs with three pictures each, in random order
    gallery, family = Gallery(), Family.UNSEEN if forged else Family.REAL
    for number in (3, 9, 0, 7, 11, 5, 1, 10, 2, 8, 6, 4):
        metadata = metadata_of(replace(photo, name=f"{number}"), family, "swap", "none")
        for offset in (0.001, 0.0, 0.002):
            score = number / 12 + (offset if forged else -offset)
            gallery.add(make_trial(photo, View(np.zeros((300, 300, 3), np.uint8)), metadata), {"m": score})

    # then the worst picture of each of the eight worst photographs is kept, the worst first
    assert [example.score for example in gallery.worst("m", forged=forged)] == [
        number / 12 for number in kept
    ]


def test_results_are_in_order_and_prefetching_is_limited():
    started = []

    def job(number):
        return lambda: started.append(number) or number

    results = prefetched(job(number) for number in range(100))
    assert next(results) == 0
    assert len(started) <= 1 + PREFETCHED_PHOTOS
    assert list(results) == list(range(1, 100))
