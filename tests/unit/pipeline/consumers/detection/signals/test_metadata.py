"""Traces in metadata are shown in words, and nothing more."""

import pytest
from PIL import Image

from inference.media import decode
from pipeline.consumers.detection.signals import ExaminedMedia, Finding
from pipeline.consumers.detection.signals.metadata import metadata_signal
from schemas.posts import Media
from tests.unit.inference.media_samples import encoded, portrait


def examine(data: bytes) -> Finding | None:
    item = Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg")
    return metadata_signal().examine(ExaminedMedia(item, data, "1" * 64, lambda: decode(data)))


def test_a_generator_that_names_itself_is_shown_and_labels_nothing() -> None:
    exif = Image.Exif()
    exif[305] = "FaceApp"

    assert examine(encoded(portrait(32, 32), "JPEG", exif=exif.tobytes())) == Finding(
        None, detail="weak traces, which anybody can write: exif-software 'FaceApp' (generated)"
    )


@pytest.mark.parametrize("data", [b"", b"anything", encoded(portrait(32, 32), "JPEG")])
def test_ordinary_files_have_no_finding(data: bytes) -> None:
    assert examine(data) is None
