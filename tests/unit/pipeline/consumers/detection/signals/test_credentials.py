"""What content credentials mean for a media item: only a trusted statement decides."""

from pathlib import Path

import pytest

from inference.errors import SandboxUnavailableError, Unprocessable
from inference.media import decode
from inference.provenance.credentials import Credentials, CredentialsState
from inference.provenance.development_chain import make_development_chain
from inference.provenance.trust_list import import_certificates
from pipeline.consumers.detection.signals import ExaminedMedia, Finding
from pipeline.consumers.detection.signals.credentials import (
    CredentialsSignal,
    VerificationUnavailableError,
    credentials_signal,
    finding,
)
from schemas.posts import Media
from schemas.verdicts import MAX_SIGNAL_DETAIL, Label, UnprocessableReason

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
COMPOSITE, GENERATED = (
    f"{VOCABULARY}compositeWithTrainedAlgorithmicMedia",
    f"{VOCABULARY}trainedAlgorithmicMedia",
)
CAPTURED = f"{VOCABULARY}digitalCapture"
TRUSTED, UNTRUSTED, INVALID, NONE = CredentialsState


def credentials(state: CredentialsState, *source_types: str, **fields: str) -> Credentials:
    return Credentials(state=state, source_types=source_types, issuer="Acme", **fields)


@pytest.mark.parametrize(
    ("read", "label"),
    [
        (credentials(TRUSTED, COMPOSITE), Label.DEEPFAKE),
        (credentials(TRUSTED, GENERATED), Label.DEEPFAKE),
        (credentials(TRUSTED, CAPTURED, COMPOSITE), Label.DEEPFAKE),
        (credentials(TRUSTED, CAPTURED), None),
        (Credentials(state=TRUSTED, gathered_source_types=(COMPOSITE,)), None),
        (credentials(TRUSTED), None),
        (credentials(UNTRUSTED, COMPOSITE), None),
        (credentials(INVALID, COMPOSITE), None),
    ],
)
def test_only_a_trusted_statement_of_generation_decides(read: Credentials, label: Label | None) -> None:
    found = finding(read)

    assert found is not None
    assert (found.label, found.decisive) == (label, label is not None)


@pytest.mark.parametrize(
    ("read", "detail"),
    [
        (
            credentials(TRUSTED, COMPOSITE, request_id="r1", claim_generator="FakeME 1", soft_binding="00ff"),
            "content credentials signed by Acme, who is trusted. They state: made or changed by AI;"
            " source: compositeWithTrainedAlgorithmicMedia; program: FakeME 1; request: r1; watermark: 00ff",
        ),
        (
            credentials(UNTRUSTED, CAPTURED),
            "content credentials signed by Acme, who is not on the trust list, so they prove nothing."
            " They state: source: digitalCapture",
        ),
        (
            Credentials(state=INVALID, reasons=("assertion.dataHash.mismatch",)),
            "content credentials invalid, so they prove nothing (assertion.dataHash.mismatch)."
            " They state: nothing of use",
        ),
        (
            Credentials(state=TRUSTED, issuer="Acme", gathered_source_types=(GENERATED,)),
            "content credentials signed by Acme, who is trusted. They state:"
            " passed on from others: trainedAlgorithmicMedia",
        ),
        (
            Credentials(state=NONE, remote_url="http://x/m"),
            "content credentials elsewhere, which are not fetched: http://x/m",
        ),
    ],
)
def test_the_detail_is_in_words(read: Credentials, detail: str) -> None:
    found = finding(read)

    assert found is not None
    assert found.detail == detail


def test_without_credentials_there_is_no_finding() -> None:
    assert finding(Credentials(state=NONE)) is None


def test_the_longest_detail_still_says_the_essential() -> None:
    long = "x" * 200
    read = credentials(TRUSTED, COMPOSITE, request_id=long, claim_generator=long, soft_binding=long)

    found = finding(read)

    assert found is not None
    assert "trusted. They state: made or changed by AI" in found.detail[:MAX_SIGNAL_DETAIL]


class Reader:
    """Answers, or raises, what it is given, and counts its calls."""

    def __init__(self, answer: Credentials | Exception) -> None:
        self.answer, self.calls = answer, 0

    def read_credentials(self, data: bytes, trust_anchors: str) -> Credentials:
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def media(data: bytes) -> ExaminedMedia:
    item = Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg")
    return ExaminedMedia(item, data, "1" * 64, lambda: decode(data))


def test_files_without_a_manifest_cost_no_process() -> None:
    reader = Reader(credentials(TRUSTED, COMPOSITE))

    assert CredentialsSignal("1", "", reader).examine(media(b"\xff\xd8\xff" + bytes(1000))) is None
    assert reader.calls == 0


def test_a_manifest_that_breaks_the_library_is_told_and_the_pixels_are_judged() -> None:
    error = Unprocessable(UnprocessableReason.UNDECODABLE, "the decoder crashed (signal 11)")

    found = CredentialsSignal("1", "", Reader(error)).examine(media(b"jumb"))

    assert found == Finding(
        None, detail="content credentials that cannot be read: the decoder crashed (signal 11)"
    )


def test_without_processes_the_event_waits() -> None:
    signal = CredentialsSignal("1", "", Reader(SandboxUnavailableError("no memory")))

    with pytest.raises(VerificationUnavailableError, match="no memory"):
        signal.examine(media(b"jumb"))


def test_the_version_covers_the_trust_list(tmp_path: Path) -> None:
    reader = Reader(Credentials(state=NONE))
    before = credentials_signal(tmp_path / "trust", reader)
    assert before.trust_anchors == ""

    import_certificates(tmp_path / "trust", make_development_chain(tmp_path / "chain").root)

    after = credentials_signal(tmp_path / "trust", reader)
    assert after.version != before.version
    assert after.trust_anchors.startswith("-----BEGIN CERTIFICATE")
    assert credentials_signal(tmp_path / "trust", reader) == after
