"""Uploads a platform's files to its bucket and describes them as media items of a post."""

import hashlib
import mimetypes
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pipeline.producers.client.errors import MediaTypeUnknownError, UploadError
from schemas.posts import Media

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_HEAD_BYTES = 64  # enough to recognise the media type


@dataclass(frozen=True)
class S3Access:
    """The platform's access to its bucket. Endpoint None means AWS, keys None AWS's default credentials."""

    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    region: str = "us-east-1"
    bucket: str = "platform-media"


class Uploader:
    """Uploads files and bytes. Thread-safe."""

    def __init__(self, access: S3Access) -> None:
        self._access = access

    def upload(
        self, content: Path | str | bytes, key: str | None = None, *, media_type: str | None = None
    ) -> Media:
        """Store a file (given by its path) or bytes; return its URI, media type and SHA-256.

        Without ``key``, the object is named after its SHA-256, so equal bytes are stored once. Without
        ``media_type``, the type is derived from the content, else from the name. Raises
        :class:`UploadError` or :class:`MediaTypeUnknownError`.
        """
        name = key or ("" if isinstance(content, bytes) else Path(content).name)
        try:
            with _opened(content) as file:
                kind = media_type or media_type_of(file.read(_HEAD_BYTES), name)
                file.seek(0)
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
                file.seek(0)
                object_key = key or f"{sha256[:2]}/{sha256}{mimetypes.guess_extension(kind) or ''}"
                self._put(file, object_key, kind)
        except OSError as error:
            raise UploadError(f"{str(content)!r} cannot be read: {error.strerror or error}") from error
        return Media(uri=f"s3://{self._access.bucket}/{object_key}", media_type=kind, sha256=sha256)

    def _put(self, file: BinaryIO, key: str, media_type: str) -> None:
        from boto3.exceptions import Boto3Error  # noqa: PLC0415 - see _client
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see _client

        bucket, endpoint = self._access.bucket, self._access.endpoint or "AWS"
        try:
            self._client.upload_fileobj(file, bucket, key, ExtraArgs={"ContentType": media_type})
        except (Boto3Error, BotoCoreError, ClientError) as error:
            raise UploadError(
                f"s3://{bucket}/{key} was not stored at {endpoint} ({error}): "
                "check that it is running and that FAKEME_PLATFORM_S3_ACCESS_KEY and …_SECRET_KEY are correct"
            ) from error

    @cached_property
    def _client(self) -> "S3Client":
        import boto3  # noqa: PLC0415 - 30 MB and 0.3 s, not needed with other storage
        from botocore.config import Config  # noqa: PLC0415 - likewise

        return boto3.client(
            "s3",
            endpoint_url=self._access.endpoint,
            aws_access_key_id=self._access.access_key,
            aws_secret_access_key=self._access.secret_key,
            region_name=self._access.region,
            config=Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "max_attempts": 3}),
        )


def media_type_of(head: bytes, name: str) -> str:
    """Return the media type by the first bytes, else by the extension of ``name``.

    Raises :class:`MediaTypeUnknownError` if neither identifies a picture or a video.
    """
    from inference.media.sniff import sniff  # noqa: PLC0415 - its package loads OpenCV and PyAV

    media_type = sniff(head) or mimetypes.guess_type(name)[0] or ""
    if not media_type.startswith(("image/", "video/")):
        raise MediaTypeUnknownError(
            f"{name or 'the content'} is neither a picture nor a video by its name or its first bytes "
            f"({head[:8].hex(' ') or 'none'}): give its media_type, or a name with an extension such as .jpg"
        )
    return media_type


def _opened(content: Path | str | bytes) -> BinaryIO:
    return BytesIO(content) if isinstance(content, bytes) else Path(content).open("rb")
