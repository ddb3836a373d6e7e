"""Content credentials and watermarks through detection: what is sure decides, anything else does not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from inference.detector import Detector
from inference.fingerprint import fingerprint
from inference.provenance.description import GeneratedMedia
from inference.provenance.development_chain import DevelopmentChain, make_development_chain
from inference.provenance.signing import make_signer
from inference.provenance.trust_list import import_certificates
from inference.sandbox import DecoderPool
from inference.watermark.embedding import embed
from pipeline.consumers.detection.consumer import Detection
from pipeline.consumers.detection.signals import SignalContext, make_signals
from pipeline.demo import pictures
from pipeline.settings import ProvenanceSettings, Settings, WatermarkSettings
from schemas.verdicts import Label
from storage import manifests
from storage.database import transaction
from storage.objects import ObjectStore
from tests.integration.pipeline.consumers.detection_steps import Platform, answer, created, make_detection
from tests.manifests import manifest

KEY = "5a" * 32


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentChain:
    return make_development_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="module")
def decoders() -> Iterator[DecoderPool]:
    pool = DecoderPool(1)
    yield pool
    pool.close()


@pytest.fixture
def trust_folder(tmp_path: Path) -> Path:
    return tmp_path / "trust"


@pytest.fixture
def detection(
    detector: Detector, objects: ObjectStore, database: Engine, decoders: DecoderPool, trust_folder: Path
) -> Detection:
    """Detection with the built-in signals and the trust list as it is now."""
    settings = Settings(
        kafka_bootstrap="127.0.0.1:1",
        database_url="postgresql://127.0.0.1:1/none",
        provenance=ProvenanceSettings(trust_folder=trust_folder),
        watermark=WatermarkSettings(key=KEY),
    )
    signals = make_signals(SignalContext(settings, database, decoders))
    return make_detection(detector, objects, database, signals)


@pytest.fixture
def trusting(trust_folder: Path, chain: DevelopmentChain) -> None:
    """The root of the chain is on the trust list. Use it before ``detection``."""
    import_certificates(trust_folder, chain.root)


def generated(chain: DevelopmentChain, request: str) -> bytes:
    """Return a signed picture without a face: the model would see nothing in it."""
    signer = make_signer(chain.chain, private_key=chain.private_key, generator_version="1")
    picture = pictures.jpeg(pictures.no_face())
    return signer.sign(picture, "image/jpeg", GeneratedMedia(request, "swapper", "1")).data


@pytest.mark.usefixtures("trusting")
def test_a_trusted_statement_decides_and_the_model_is_not_asked(
    chain: DevelopmentChain, detection: Detection, platform: Platform
) -> None:
    media = platform.put(generated(chain, "request-7"))

    (first,) = answer(detection, created(media))
    (again,) = answer(detection, created(media))

    for verdict in (first, again):
        (item,) = verdict.media
        (finding,) = item.signals
        assert (verdict.label, item.label, item.score) == (Label.DEEPFAKE, Label.DEEPFAKE, None)
        assert (finding.signal, finding.label, finding.decisive) == ("credentials", Label.DEEPFAKE, True)
        assert "who is trusted. They state: made or changed by AI" in finding.detail
        assert "request: request-7" in finding.detail
    assert again.media[0].reused


def test_the_same_statement_by_a_stranger_is_shown_and_the_model_decides(
    chain: DevelopmentChain, detection: Detection, platform: Platform
) -> None:
    (verdict,) = answer(detection, created(platform.put(generated(chain, "request-8"))))

    (item,) = verdict.media
    assert item.label is Label.NO_FACE
    assert [(finding.signal, finding.label, finding.decisive) for finding in item.signals] == [
        ("credentials", None, False)
    ]
    assert "not on the trust list, so they prove nothing" in item.signals[0].detail


@pytest.mark.usefixtures("trusting")
def test_one_changed_byte_takes_the_proof_away(
    chain: DevelopmentChain, detection: Detection, platform: Platform
) -> None:
    data = bytearray(generated(chain, "request-9"))
    data[-500] ^= 1

    (verdict,) = answer(detection, created(platform.put(bytes(data))))

    (item,) = verdict.media
    assert item.label is Label.NO_FACE
    assert "invalid, so they prove nothing (assertion.dataHash.mismatch)" in item.signals[0].detail


def test_a_generator_that_names_itself_is_shown_only(detection: Detection, platform: Platform) -> None:
    data = pictures.jpeg(pictures.no_face())
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmp:CreatorTool="FaceApp 11"></x:xmpmeta>'
    segment = b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp

    (verdict,) = answer(detection, created(platform.put(data[:2] + segment + data[2:])))

    (item,) = verdict.media
    assert item.label is Label.NO_FACE
    assert [(finding.signal, finding.label, finding.detail) for finding in item.signals] == [
        ("metadata", None, "weak traces, which anybody can write: xmp-software 'FaceApp 11' (generated)")
    ]


def test_a_mark_decides_if_the_picture_looks_like_the_one_that_was_marked(
    detection: Detection, database: Engine, platform: Platform
) -> None:
    """Given a marked picture that was compressed, and another one with the same mark."""
    store_manifest(database, "0000000000abc", pictures.portrait())
    marked = embed(pictures.portrait(), 0xABC, bytes.fromhex(KEY))
    other = embed(pictures.no_face(), 0xABC, bytes.fromhex(KEY))

    (decided,) = answer(detection, created(platform.put(pictures.jpeg(marked, 60))))
    (asked,) = answer(detection, created(platform.put(pictures.jpeg(other, 60))))

    for verdict, label, score in ((decided, Label.DEEPFAKE, None), (asked, Label.SUSPECTED, None)):
        (item,) = verdict.media
        (finding,) = item.signals
        assert (verdict.label, item.score, finding.signal) == (label, score, "watermark")
        assert (finding.decisive, finding.label) == (label is Label.DEEPFAKE, label)
        assert "watermark 0000000000abc" in finding.detail
        assert "request-abc" in finding.detail


def store_manifest(database: Engine, payload: str, picture: np.ndarray) -> None:
    stored = manifest(payload=payload, request_id="request-abc", pdqs=(fingerprint(picture).pdq,))
    with transaction(database) as session:
        manifests.add(session, stored)
