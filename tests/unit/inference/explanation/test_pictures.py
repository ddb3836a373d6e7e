"""Which pictures explain a media item, in which order, and how many fit into the time budget."""

import itertools

import numpy as np
import pytest

from inference.evidence import Evidence, face_crops
from inference.explanation import pictures
from inference.explanation.pictures import explain, planned
from inference.explanation.render import Heat
from inference.face import Box
from inference.media.decoded import MediaKind, Pixels
from schemas.verdicts import Label
from tests.unit.inference.explanation.analyses import analysis, face, media


def look(image: Pixels, box: Box) -> tuple[Pixels, Heat]:
    """Replace the network: a crop as light as the frame, so that frames can be distinguished."""
    return np.full((224, 224, 3), image[0, 0, 0], np.uint8), np.ones((224, 224), np.float32)


def names(pictures: list[Evidence]) -> list[str]:
    return [picture.name for picture in pictures]


VIDEO = analysis(
    face(0.70, frame=0, seconds=0.0, track=0),
    face(0.95, frame=1, seconds=1.0, track=1),
    face(0.80, frame=2, seconds=2.0, track=0),
    face(0.20, frame=2, seconds=2.0, track=2),
    kind=MediaKind.VIDEO,
)


def test_a_video_has_a_timeline_and_a_map_for_each_suspect() -> None:
    shown = media(3, MediaKind.VIDEO)

    drawn = list(explain(shown, VIDEO, look, budget_seconds=60.0))

    assert names(drawn) == ["timeline.png", "face-0-heat.jpg", "face-1-heat.jpg"]
    assert [picture.media_type for picture in drawn] == ["image/png", "image/jpeg", "image/jpeg"]
    assert names(face_crops(shown, VIDEO)) == ["face-0.jpg", "face-1.jpg"]
    assert planned(VIDEO) == len(drawn)
    assert drawn[1].content != drawn[2].content


def test_a_still_picture_has_no_timeline_and_at_most_four_maps() -> None:
    crowd = analysis(*(face(0.6 + number / 100) for number in range(7)))
    drawn = list(explain(media(), crowd, look, budget_seconds=60.0))
    assert names(drawn) == [f"face-{number}-heat.jpg" for number in range(4)]


@pytest.mark.parametrize("label", [Label.AUTHENTIC, Label.NO_FACE])
def test_only_flagged_media_items_are_explained(label: Label) -> None:
    calm = analysis(face(0.7, seconds=0.0, track=0), kind=MediaKind.VIDEO, label=label)
    assert list(explain(media(1, MediaKind.VIDEO), calm, look, budget_seconds=60.0)) == []
    assert planned(calm) == 0


def test_without_a_budget_there_are_no_pictures() -> None:
    assert list(explain(media(3, MediaKind.VIDEO), VIDEO, look, budget_seconds=0.0)) == []


def test_the_worst_face_is_drawn_before_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count()  # each call is one second later
    monkeypatch.setattr(pictures, "monotonic", lambda: float(next(seconds)))

    drawn = list(explain(media(3, MediaKind.VIDEO), VIDEO, look, budget_seconds=2.5))

    assert names(drawn) == ["timeline.png", "face-0-heat.jpg"]
