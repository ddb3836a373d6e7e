"""The detector as the pipeline uses it: one analysis per media item, in order, independent of the batch."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from inference.detector import Detector
from inference.device import choose_device
from inference.errors import CheckpointError, DeviceUnavailableError, ScoreNotFiniteError
from inference.evidence import face_crops
from inference.media import decode
from schemas.verdicts import Label
from tests.unit.inference.media_samples import animation, encoded, portrait, still
from tests.unit.inference.random_checkpoint import random_checkpoint, save


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(random_checkpoint(), device="cpu")


def test_each_media_item_gets_its_analysis_in_order(detector: Detector) -> None:
    coffee = decode(encoded(Image.fromarray(data.coffee()), "PNG"))
    face = decode(still("JPEG"))

    without, judged = detector.analyse([coffee, face])

    assert (without.label, without.score, without.faces, without.note) == (Label.NO_FACE, None, (), "")
    assert (judged.sha256, judged.width, judged.height, judged.frames) == (face.sha256, 512, 512, 1)
    assert judged.score == judged.faces[0].score
    assert 0 < judged.faces[0].score < 1
    assert (judged.faces[0].seconds, judged.faces[0].track) == (None, None)
    assert (judged.threshold, judged.suspect_threshold) == (0.9, 0.5)
    assert (len(judged.pdq), judged.fingerprints[0].quality) == (64, 100)
    assert judged.model == detector.model
    assert set(judged.timings) == {"faces", "score", "fingerprint"}


def test_other_items_of_a_batch_do_not_change_an_analysis(detector: Detector) -> None:
    face, other = decode(still("PNG")), decode(still("WEBP"))
    (alone,) = detector.analyse([face])
    together = detector.analyse([other, face, other])[1]
    assert together.score == pytest.approx(alone.score, abs=1e-4)
    assert together.faces[0].box == pytest.approx(alone.faces[0].box)


def test_a_second_model_judges_the_faces_that_the_first_detected(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a second model that cannot detect faces itself and judges smaller ones
    picky = Detector(random_checkpoint(min_face_px=300), device="cpu")
    media = [decode(still("JPEG")), decode(encoded(Image.fromarray(data.coffee()), "PNG"))]
    before = picky.analyse(media)
    monkeypatch.setattr(detector, "_detect_faces", lambda _: pytest.fail("faces were detected again"))

    # when it judges the faces that the first model detected
    again = detector.analyse_again(media, before)

    # then the result is as if it had detected them itself, with the thresholds of its own card
    monkeypatch.undo()
    alone = detector.analyse(media)
    assert [analysis.score for analysis in again] == pytest.approx(
        [analysis.score for analysis in alone], abs=1e-6
    )
    assert [(analysis.label, analysis.pdq, analysis.model) for analysis in again] == [
        (analysis.label, analysis.pdq, analysis.model) for analysis in alone
    ]
    assert before[0].score is None
    assert set(again[0].timings) == {"score"}


def test_faces_of_an_animation_are_one_track(detector: Detector) -> None:
    first, *rest = [portrait(256, 256).rotate(turn) for turn in range(6)]
    moving = encoded(first, "WEBP", save_all=True, append_images=rest, duration=100, quality=95)

    (analysis,) = detector.analyse([decode(moving)])

    assert [face.track for face in analysis.faces] == [0] * 6
    assert [face.seconds for face in analysis.faces] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert analysis.frames == 6


def test_a_face_below_the_cards_size_is_not_judged() -> None:
    picky = Detector(random_checkpoint(min_face_px=300), device="cpu")
    (analysis,) = picky.analyse([decode(still("JPEG"))])
    assert (analysis.label, analysis.score, analysis.note) == (Label.NO_FACE, None, "faces_too_small")


def test_no_media_gives_no_analyses(detector: Detector) -> None:
    assert detector.analyse([]) == []


def test_boxes_lie_within_the_picture(detector: Detector) -> None:
    cut = decode(encoded(portrait().crop((200, 80, 400, 300)), "PNG"))
    for face in detector.analyse([cut])[0].faces:
        x0, y0, x1, y1 = face.box
        assert 0 <= x0 < x1 <= 200
        assert 0 <= y0 < y1 <= 220


def test_evidence_shows_the_faces_of_flagged_media_items_only(detector: Detector) -> None:
    strict = Detector(random_checkpoint(tag=0.0, suspect=0.0), device="cpu")
    media = decode(still("JPEG"))

    (crop,) = face_crops(media, strict.analyse([media])[0])

    assert (crop.name, crop.media_type) == ("face-0.jpg", "image/jpeg")
    with Image.open(io.BytesIO(crop.content)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (224, 224))
        assert np.asarray(shown).std() > 20
    calm = Detector(random_checkpoint(tag=1.0, suspect=1.0), device="cpu")
    assert face_crops(media, calm.analyse([media])[0]) == []


def test_a_score_that_is_not_finite_gives_no_label() -> None:
    broken = random_checkpoint()
    with torch.no_grad():
        broken.network.get_parameter("classifier.1.bias").fill_(float("nan"))
    with pytest.raises(ScoreNotFiniteError, match="random returned a score that is not a finite number"):
        Detector(broken, device="cpu").analyse([decode(still("JPEG"))])


def test_loading_verifies_the_files(tmp_path) -> None:
    with pytest.raises(CheckpointError, match="cannot read the model card"):
        Detector.load(tmp_path)
    assert Detector.load(save(random_checkpoint(), tmp_path), "cpu").card.name == "random"


def test_an_unknown_device_is_reported() -> None:
    with pytest.raises(DeviceUnavailableError, match="'warp' cannot be used"):
        choose_device("warp")
    assert choose_device("cpu") == torch.device("cpu")


def test_small_animation_without_faces_large_enough(detector: Detector) -> None:
    (analysis,) = detector.analyse([decode(animation("GIF"))])
    assert analysis.label is Label.NO_FACE
