"""The mark decides only for media that look like what was marked; anything else goes to a moderator."""

from collections.abc import Callable

import numpy as np
import pytest

from inference.errors import Unprocessable
from inference.fingerprint import fingerprint
from inference.media import decode
from inference.media.decoded import DecodedMedia
from inference.watermark.detection import Detection
from inference.watermark.embedding import embed
from pipeline.consumers.detection.signals import ExaminedMedia, Finding
from pipeline.consumers.detection.signals.watermark import finding, looks_like, watermark_signal
from pipeline.demo import pictures
from pipeline.settings import WatermarkSettings
from schemas.posts import Media
from schemas.verdicts import Label, UnprocessableReason
from storage.manifests import StoredManifest
from tests.manifests import stored_manifest

KEY = "ab" * 32
PAYLOAD, TEXT = 0xABC123, "0000000abc123"
ITEM = Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg")
MARK = Detection(True, PAYLOAD, 3.0, 1e-40)
PDQ = fingerprint(pictures.portrait()).pdq
OTHER = fingerprint(pictures.no_face()).pdq


def manifest(*pdqs: str) -> StoredManifest:
    return stored_manifest(payload=TEXT, request_id="request-7", model_version="1", pdqs=pdqs)


@pytest.mark.parametrize(
    ("stored", "label", "decisive", "words"),
    [
        (manifest(PDQ), Label.DEEPFAKE, True, "of request request-7, made by swapper 1"),
        (manifest(OTHER), Label.SUSPECTED, False, "it was cut, or the mark was copied into it"),
        (manifest(), Label.SUSPECTED, False, "it was cut, or the mark was copied into it"),
        (None, Label.SUSPECTED, False, "no manifest is stored for it"),
    ],
    ids=["the marked file", "another look", "a file without features", "no manifest"],
)
def test_only_the_marked_file_is_decided(
    stored: StoredManifest | None, label: Label, decisive: bool, words: str
) -> None:
    found = finding(TEXT, MARK, stored, [PDQ])

    assert (found.label, found.decisive) == (label, decisive)
    assert words in found.detail
    assert f"watermark {TEXT} (chance of an error at most one in 1e+40)" in found.detail


@pytest.mark.parametrize("change", [lambda image: image, np.fliplr, np.rot90, lambda image: image[::2, ::2]])
def test_a_picture_looks_like_its_copies(change: Callable[[np.ndarray], np.ndarray]) -> None:
    copy = np.ascontiguousarray(change(pictures.portrait()))

    assert looks_like([fingerprint(copy).pdq], [fingerprint(pictures.portrait()).pdq])
    assert not looks_like([fingerprint(copy).pdq], [fingerprint(pictures.no_face()).pdq])


def examine(data: bytes, settings: WatermarkSettings, *stored: StoredManifest) -> Finding | None:
    signal = watermark_signal(settings, {each.payload: each for each in stored}.get)
    assert signal is not None
    return signal.examine(ExaminedMedia(ITEM, data, "1" * 64, lambda: decode(data)))


def test_a_marked_picture_is_found_by_its_pixels_alone() -> None:
    marked = pictures.jpeg(embed(pictures.portrait(), PAYLOAD, bytes.fromhex(KEY)), 60)
    stored = manifest(fingerprint(pictures.portrait()).pdq)

    found = examine(marked, WatermarkSettings(key=KEY), stored)

    assert found is not None
    assert found.decisive
    assert examine(marked, WatermarkSettings(key="cd" * 32), stored) is None
    assert examine(pictures.jpeg(pictures.portrait()), WatermarkSettings(key=KEY), stored) is None


def test_without_the_search_a_cut_copy_is_not_found() -> None:
    marked = embed(pictures.portrait(), PAYLOAD, bytes.fromhex(KEY))
    cut = pictures.jpeg(np.ascontiguousarray(marked[20:, 20:]))

    assert examine(cut, WatermarkSettings(key=KEY)) is not None
    assert examine(cut, WatermarkSettings(key=KEY, search=False)) is None


def test_what_cannot_be_decoded_has_no_mark_and_is_decoded_once() -> None:
    decoded = []

    def refuse() -> DecodedMedia:
        decoded.append(1)
        raise Unprocessable(UnprocessableReason.UNDECODABLE, "broken")

    signal = watermark_signal(WatermarkSettings(key=KEY), lambda _: None)
    assert signal is not None
    media = ExaminedMedia(ITEM, b"", "1" * 64, refuse)

    assert signal.examine(media) is None
    with pytest.raises(Unprocessable, match="broken"):
        media.decoded  # noqa: B018 - it raises
    assert len(decoded) == 1


def test_there_is_no_signal_without_a_key() -> None:
    assert watermark_signal(WatermarkSettings(), lambda _: None) is None


def test_the_version_tells_what_would_be_found() -> None:
    settings = [
        WatermarkSettings(key=KEY),
        WatermarkSettings(key="cd" * 32),
        WatermarkSettings(key=KEY, search=False),
    ]
    signals = [watermark_signal(each, lambda _: None) for each in settings]

    assert len({signal.version for signal in signals if signal is not None}) == 3
    assert KEY not in repr(signals)
