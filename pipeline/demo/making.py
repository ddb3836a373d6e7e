"""Makes the media items of one run of the demo: marks, signs and banks some, as the settings allow.

The bytes are new in each run, so that nothing is answered from an earlier one. Only the known deepfake is the
same file each time, so that it is banked once.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from inference.provenance.credentials import CredentialsState
from inference.provenance.description import GeneratedMedia
from inference.provenance.reading import read_credentials
from inference.provenance.signing import SignedMedia
from inference.provenance.trust_list import list_certificates, trust_anchors
from inference.watermark.embedding import embed
from pipeline.demo import pictures
from pipeline.demo.pictures import Image
from pipeline.errors import PipelineError
from pipeline.operations.durable_credentials import manifest_of
from pipeline.operations.local_provenance import SignedFile, signer_of
from pipeline.settings import Settings
from schemas.watermarks import PAYLOAD_DIGITS, payload_text
from storage import known_media, manifests
from storage.database import connect, transaction
from storage.known_media import KnownLabel, NewEntry

ACTOR = BANK = "demo"
GENERATOR = "Stable Diffusion"  # as it names itself in EXIF
_JPEG = "image/jpeg"
_KNOWN_QUALITY = 84  # of a file that no other scene has
_MARKED_QUALITY, _STRIPPED_QUALITY = 95, 75


class NotPossibleError(PipelineError):
    """The settings give the demo nothing to make a media item with; the message says what is missing."""


@dataclass(frozen=True)
class Maker:
    """Makes the media items of the run with this id."""

    run: str
    settings: Settings

    def jpeg(self, image: Image, quality: int = 92) -> bytes:
        """Return the picture as JPEG."""
        return pictures.jpeg(image, quality, note=self.run)

    def truncated(self, image: Image) -> bytes:
        """Return the first half of a JPEG file."""
        return pictures.truncated(image, note=self.run)

    def video(self, image: Image) -> bytes:
        """Return two seconds of H.264, in which the camera moves over the picture."""
        return pictures.video(image, note=self.run)

    def known(self) -> bytes:
        """Return a forgery that is banked as a deepfake."""
        data = pictures.jpeg(pictures.retouched(), _KNOWN_QUALITY)
        entry = NewEntry(KnownLabel.DEEPFAKE, BANK, sha256=hashlib.sha256(data).hexdigest())
        with self._transaction() as session:
            known_media.add(session, [entry], ACTOR)
        return data

    def signed(self) -> bytes:
        """Return a forgery whose signer states AI, and is trusted; raise :class:`NotPossibleError`."""
        data = self._sign(self.jpeg(pictures.retouched()), self._generated()).data
        anchors = trust_anchors(list_certificates(self.settings.trust_folder))
        if read_credentials(data, anchors).state is not CredentialsState.TRUSTED:
            raise NotPossibleError("the trust list does not trust the signing certificate")
        return data

    def stripped(self) -> bytes:
        """Return a forgery that was marked and signed, encoded again: the manifest is stored, but not in it.

        Raise :class:`NotPossibleError`.
        """
        key = self.settings.watermark.key_bytes
        if key is None:
            raise NotPossibleError("there is no watermark key")
        payload = secrets.randbits(4 * PAYLOAD_DIGITS)
        media = self._generated(payload_text(payload))
        marked = embed(pictures.swapped(), payload, key)
        signed = self._sign(self.jpeg(marked, _MARKED_QUALITY), media)
        with self._transaction() as session:
            manifests.add(session, manifest_of(SignedFile(_JPEG, signed), media))
        return self.jpeg(pictures.decoded(signed.data), _STRIPPED_QUALITY)

    def traced(self) -> bytes:
        """Return a picture without a face whose EXIF names a generator."""
        return pictures.jpeg_with_software(pictures.no_face(), GENERATOR, note=self.run)

    def _generated(self, watermark: str = "") -> GeneratedMedia:
        return GeneratedMedia(f"demo-{self.run}", "demo-face-swapper", "1", watermark=watermark)

    def _sign(self, data: bytes, media: GeneratedMedia) -> SignedMedia:
        if self.settings.provenance.certificate_chain is None:
            raise NotPossibleError("there is no certificate to sign with")
        return signer_of(self.settings.provenance).sign(data, _JPEG, media)

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        engine = connect(self.settings.database_url.get_secret_value(), application="fakeme-demo")
        try:
            with transaction(engine) as session:
                yield session
        finally:
            engine.dispose()
