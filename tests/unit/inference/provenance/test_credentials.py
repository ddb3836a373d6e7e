"""What FakeME signs is trusted under its own root, by us and by an independent reader, and by nobody else."""

import io

import c2pa
import encypher_c2pa
import pytest
from PIL import Image

from inference.media import decode
from inference.provenance.credentials import NO_CREDENTIALS, CredentialsState
from inference.provenance.development_chain import DevelopmentChain
from inference.provenance.presence import may_have_credentials
from inference.provenance.reading import read_credentials
from tests.unit.inference.media_samples import encoded
from tests.unit.inference.provenance.conftest import REQUEST, SAMPLES

COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


@pytest.mark.parametrize("media_type", SAMPLES)
def test_what_we_signed_is_trusted_and_says_what_we_stated(
    signed: dict[str, bytes], root: str, media_type: str
) -> None:
    credentials = read_credentials(signed[media_type], root)

    assert credentials.model_dump(exclude_defaults=True) == {
        "state": CredentialsState.TRUSTED,
        "claim_generator": "FakeME 0.1.0",
        "issuer": "FakeME development (not for production)",
        "actions": ("c2pa.created", "c2pa.edited", "c2pa.watermarked.bound"),
        "source_types": (COMPOSITE,),
        "request_id": "request-1",
        "soft_binding_algorithm": "com.fakeme.watermark.1",
        "soft_binding": "0011223344556677",
    }
    assert credentials.states_generation


@pytest.mark.parametrize("media_type", SAMPLES)
def test_signed_media_show_the_same_pixels(signed: dict[str, bytes], media_type: str) -> None:
    before, after = decode(SAMPLES[media_type]()), decode(signed[media_type])

    assert [frame.image.tobytes() for frame in after.frames] == [
        frame.image.tobytes() for frame in before.frames
    ]


@pytest.mark.parametrize("media_type", SAMPLES)
def test_an_independent_reader_agrees(signed: dict[str, bytes], root: str, media_type: str) -> None:
    def state(data: bytes, trust: str | None) -> object:
        report = encypher_c2pa.verify(
            data, media_type, trust_pem=trust, no_default_trust=True, telemetry=False, online=False
        )
        return report["validation_state"]

    assert state(signed[media_type], root) == "Trusted"
    assert state(signed[media_type], None) == "Valid"
    assert state(one_byte_changed(signed, media_type), root) == "Invalid"


@pytest.mark.parametrize("media_type", SAMPLES)
def test_one_changed_byte_makes_it_invalid(signed: dict[str, bytes], root: str, media_type: str) -> None:
    credentials = read_credentials(one_byte_changed(signed, media_type), root)

    assert credentials.state is CredentialsState.INVALID
    assert any(reason.endswith("Hash.mismatch") for reason in credentials.reasons)


def test_without_the_root_it_is_untrusted(signed: dict[str, bytes]) -> None:
    credentials = read_credentials(signed["image/jpeg"], "")

    assert credentials.state is CredentialsState.UNTRUSTED
    assert credentials.reasons == ("signingCredential.untrusted",)
    assert credentials.states_generation  # evidence, not proof


def test_another_root_with_the_same_names_does_not_help(
    signed: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    from inference.provenance.development_chain import make_development_chain

    other: DevelopmentChain = make_development_chain(tmp_path_factory.mktemp("other"))

    credentials = read_credentials(signed["image/jpeg"], other.root.read_text())

    assert credentials.state is CredentialsState.UNTRUSTED


def test_encoding_again_strips_credentials(signed: dict[str, bytes], root: str) -> None:
    picture = Image.open(io.BytesIO(signed["image/jpeg"]))

    encoded_again = encoded(picture, "JPEG", quality=90)

    assert read_credentials(encoded_again, root) == NO_CREDENTIALS
    assert not may_have_credentials(encoded_again)


@pytest.mark.parametrize("media_type", SAMPLES)
def test_appended_bytes_are_not_covered_by_a_trusted_signature(
    signed: dict[str, bytes], root: str, media_type: str
) -> None:
    credentials = read_credentials(signed[media_type] + signed[media_type][:1000], root)

    assert credentials.state is not CredentialsState.TRUSTED


@pytest.mark.parametrize("data", [b"", b"jumb", b"\xff\xd8\xffjumb" + bytes(100), b"jumb" * 1000])
def test_other_bytes_never_raise(data: bytes, root: str) -> None:
    assert not read_credentials(data, root).states_generation


def test_what_the_signer_only_gathered_is_told_apart(chain: DevelopmentChain, root: str) -> None:
    """c2pa-rs makes assertions gathered unless they are marked as created."""
    made = {"action": "c2pa.created", "digitalSourceType": COMPOSITE}
    definition = {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}]}
    info = c2pa.C2paSignerInfo(b"es256", chain.chain.read_bytes(), chain.private_key.read_bytes(), None)
    signed = io.BytesIO()
    c2pa.Builder(definition).sign(
        c2pa.Signer.from_info(info), "image/png", io.BytesIO(SAMPLES["image/png"]()), signed
    )

    credentials = read_credentials(signed.getvalue(), root)

    assert credentials.state is CredentialsState.TRUSTED
    assert (credentials.source_types, credentials.gathered_source_types) == ((), (COMPOSITE,))
    assert not credentials.states_generation


def test_the_request_is_described_by_its_ingredients() -> None:
    assert [action.value for action in REQUEST.actions] == [
        "c2pa.created",
        "c2pa.edited",
        "c2pa.watermarked.bound",
    ]


def one_byte_changed(signed: dict[str, bytes], media_type: str) -> bytes:
    """Return the signed file with one bit changed in the middle of the original content."""
    original, data = SAMPLES[media_type](), signed[media_type]
    middle = len(original) // 2
    position = data.index(original[middle : middle + 16])
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
