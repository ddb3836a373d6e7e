"""Heat map panels: cold places stay unchanged, hot places are coloured."""

import numpy as np
import pytest

from inference.explanation.render import EDGE, GAP, STRIP, heat_panel, overlay
from inference.explanation.style import probability

GREY = np.full((224, 224, 3), 128, np.uint8)


def test_cold_places_stay_unchanged() -> None:
    heat = np.zeros((224, 224), np.float32)
    heat[100:120, 100:120] = 1.0

    shown = overlay(GREY, heat)

    assert (shown[heat == 0] == 128).all()
    red, _, blue = shown[110, 110].astype(int)
    assert red > 200  # the hot end of the colour map is a light yellow
    assert red > blue
    assert blue > 40  # and the face is visible below


def test_lightness_grows_with_heat() -> None:
    heat = np.tile(np.linspace(0.2, 1, 224, dtype=np.float32), (224, 1))
    light = overlay(np.zeros((224, 224, 3), np.uint8), heat)[0] @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(light) >= -1).all()
    assert light[-1] > light[0] + 100


def test_a_panel_has_both_pictures_and_a_caption() -> None:
    heat = np.ones((224, 224), np.float32)

    panel = heat_panel(GREY, heat, score=0.97, suspect=0.6, tag=0.9)

    assert (panel.shape, panel.dtype) == ((EDGE + STRIP, 2 * EDGE + GAP, 3), np.uint8)
    assert (panel[:EDGE, :EDGE] == 128).all()
    assert (panel[:EDGE, EDGE + GAP :] != 128).any(axis=2).all()
    assert len(np.unique(panel[EDGE:].reshape(-1, 3), axis=0)) > 50  # the texts and the scale
    assert (panel != heat_panel(GREY, heat, score=0.7, suspect=0.6, tag=0.9)).any()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (0.567, "0.56"),
        (0.99, "0.990"),
        (0.9996, "0.999"),
        (0.9899, "0.98"),
        (0.29, "0.29"),
        (1.0, "1.000"),
    ],
)
def test_a_probability_is_never_rounded_up(value: float, text: str) -> None:
    assert probability(value) == text
