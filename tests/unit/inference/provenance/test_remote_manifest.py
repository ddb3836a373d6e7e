"""A file that names a manifest at a remote address causes no network access."""

import io
import socket
from collections.abc import Iterator

import c2pa
import pytest

from inference.provenance.credentials import CredentialsState
from inference.provenance.development_chain import DevelopmentChain
from inference.provenance.presence import may_have_credentials
from inference.provenance.reading import read_credentials
from inference.sandbox import DecoderPool
from tests.unit.inference.media_samples import still

SECONDS = 0.5


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        yield server


def with_remote_manifest(url: str, chain: DevelopmentChain) -> bytes:
    """Return a JPEG whose manifest is elsewhere, as XMP says."""
    made = {
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    }
    definition = {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}]}
    info = c2pa.C2paSignerInfo(b"es256", chain.chain.read_bytes(), chain.private_key.read_bytes(), None)
    builder = c2pa.Builder(definition)
    builder.set_no_embed()
    builder.set_remote_url(url)
    signed = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), "image/jpeg", io.BytesIO(still("JPEG")), signed)
    return signed.getvalue()


def test_nobody_connects_to_the_address_of_a_remote_manifest(
    listener: socket.socket, chain: DevelopmentChain, root: str
) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/manifest.c2pa"
    data = with_remote_manifest(url, chain)
    pool = DecoderPool(1)

    outside, confined = read_credentials(data, root), pool.read_credentials(data, root)

    pool.close()
    assert may_have_credentials(data)
    assert (outside.state, outside.remote_url) == (CredentialsState.NONE, url)
    assert confined == outside
    with pytest.raises(TimeoutError):
        listener.accept()


def test_the_library_itself_is_told_not_to_fetch(
    listener: socket.socket, chain: DevelopmentChain, root: str
) -> None:
    """With bytes that look like an embedded manifest, the library and not our own search sees the address."""
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/manifest.c2pa"
    data = with_remote_manifest(url, chain) + b"jumb"

    credentials = read_credentials(data, root)

    assert (credentials.state, credentials.remote_url) == (CredentialsState.NONE, url)
    with pytest.raises(TimeoutError):
        listener.accept()
