"""The media type of an upload comes from its content, else from its name, else from the caller."""

import pytest

from pipeline.producers.client.errors import MediaTypeUnknownError, UploadError
from pipeline.producers.client.platform_client import PlatformClient
from pipeline.producers.client.uploads import S3Access, Uploader, media_type_of

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("head", "name", "media_type"),
    [
        (PNG, "cat.png", "image/png"),
        (PNG, "cat.jpg", "image/png"),  # content takes precedence
        (PNG, "", "image/png"),
        (b"\x00\x00\x00\x20ftypisom", "clip", "video/mp4"),
        (b"not a picture", "broken.jpg", "image/jpeg"),  # detection reports the file as unprocessable
        (b"", "empty.mp4", "video/mp4"),
    ],
)
def test_content_then_name(head: bytes, name: str, media_type: str) -> None:
    assert media_type_of(head, name) == media_type


@pytest.mark.parametrize("name", ["", "notes.txt", "archive"])
def test_an_unrecognised_file_needs_a_media_type(name: str) -> None:
    with pytest.raises(MediaTypeUnknownError, match=r"\(68 65 6c 6c 6f\): give its media_type"):
        media_type_of(b"hello", name)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UploadError, match=r"'/no/such\.jpg' cannot be read: No such file"):
        Uploader(S3Access()).upload("/no/such.jpg")


def test_a_client_without_storage_explains_how_to_configure_it() -> None:
    with (
        PlatformClient("127.0.0.1:1", source="//a") as client,
        pytest.raises(UploadError, match="s3=S3Access"),
    ):
        client.upload(PNG)


def test_an_unreachable_storage_is_named() -> None:
    unreachable = S3Access(endpoint="http://127.0.0.1:1", access_key="a", secret_key="b")

    with pytest.raises(UploadError, match=r"s3://platform-media/k was not stored at http://127\.0\.0\.1:1"):
        Uploader(unreachable).upload(PNG, "k")
