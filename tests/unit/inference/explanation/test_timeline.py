"""The timeline: positions on its scales, and a picture that shows every face and threshold."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inference.explanation import style
from inference.explanation.scales import MAX_TICKS, clock, score_scale, time_ticks
from inference.explanation.timeline import HEIGHT, WIDTH, timeline, worst_moments
from inference.media.decoded import MediaKind
from schemas.verdicts import Label
from tests.unit.inference.explanation.analyses import analysis, face, media


def test_thresholds_close_to_one_get_room() -> None:
    scale = score_scale(0.85, 0.96, bottom=200.0, top=100.0)
    assert [scale(score) for score in (0.0, 0.85, 0.96, 1.0)] == pytest.approx([200.0, 154.0, 127.0, 100.0])
    assert scale(0.425) == pytest.approx(177.0)


@pytest.mark.parametrize(("suspect", "tag"), [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.5)])
def test_thresholds_at_the_ends_or_equal_give_a_valid_scale(suspect: float, tag: float) -> None:
    scale = score_scale(suspect, tag, bottom=200.0, top=100.0)
    places = [scale(score / 20) for score in range(21)]
    assert places == sorted(places, reverse=True)
    assert (places[0], places[-1]) == (200.0, 100.0)


@pytest.mark.parametrize(
    ("seconds", "ticks"),
    [(0.4, [0.0, 0.1, 0.2, 0.3, 0.4]), (2.0, [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2.0])],
)
def test_ticks_are_round_times(seconds: float, ticks: list[float]) -> None:
    assert time_ticks(seconds) == ticks


@pytest.mark.parametrize("seconds", [0.1, 7.3, 47.0, 599.0, 7200.0, 100_000.0])
def test_ticks_do_not_crowd_and_stay_inside(seconds: float) -> None:
    ticks = time_ticks(seconds)
    assert 1 < len(ticks) <= MAX_TICKS + 1
    assert ticks[-1] <= seconds + 1e-3


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0 s"), (0.4, "0.4 s"), (12.0, "12 s"), (65.4, "1:05")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_close_moments_are_distinguishable() -> None:
    assert [clock(seconds, digits=2) for seconds in (1.76, 1.84, 1.8)] == ["1.76 s", "1.84 s", "1.8 s"]


def test_worst_moments_are_of_suspects_one_per_frame_in_order_of_time() -> None:
    analysed = analysis(
        face(0.95, frame=0, seconds=0.0, track=0),
        face(0.97, frame=0, seconds=0.0, track=1),
        face(0.50, frame=1, seconds=1.0, track=0),
        face(0.99, frame=2, seconds=2.0, track=0),
        face(0.30, frame=3, seconds=3.0, track=2),  # never suspected
        kind=MediaKind.VIDEO,
    )
    assert [(finding.frame, finding.track) for finding in worst_moments(analysed, 2)] == [(0, 1), (2, 0)]
    assert [finding.frame for finding in worst_moments(analysed, 9)] == [0, 1, 2]


def painted(picture: NDArray[np.uint8], colour: style.Colour) -> NDArray[np.bool_]:
    """Where the picture has this colour, within the error of downscaling."""
    return np.abs(picture.astype(int) - colour).max(axis=2) <= 8


def test_the_picture_shows_each_face_and_both_thresholds() -> None:
    # given a video with two suspects and another person
    faces = [face(0.95, frame=n, seconds=float(n), track=0) for n in range(6)]
    faces += [face(0.70, frame=n, seconds=float(n), track=1) for n in range(6)]
    faces += [face(0.10, frame=n, seconds=float(n), track=2) for n in range(6)]
    analysed = analysis(*faces, kind=MediaKind.VIDEO)

    # when
    with Image.open(io.BytesIO(timeline(media(6, MediaKind.VIDEO), analysed))) as shown:
        picture = np.asarray(shown.convert("RGB"))
        kind = shown.format

    # then
    assert (kind, picture.shape) == ("PNG", (HEIGHT, WIDTH, 3))
    for colour in (*style.FACES[:2], style.OTHERS, style.SUSPECT, style.TAG):
        assert painted(picture, colour).sum() > 20, colour
    assert not painted(picture, style.FACES[2]).any()


def test_a_clip_of_one_frame_can_be_drawn() -> None:
    analysed = analysis(face(0.7, seconds=0.0, track=0), kind=MediaKind.ANIMATION, label=Label.SUSPECTED)
    assert timeline(media(1, MediaKind.ANIMATION), analysed).startswith(b"\x89PNG")
