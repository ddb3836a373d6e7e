"""Write what explains a flagged file of the local disk into a folder."""

from math import inf
from pathlib import Path

from inference.analysis import MediaAnalysis
from inference.detector import Detector
from inference.evidence import face_crops
from inference.media import DecodedMedia
from pipeline.errors import EvidenceFolderError

DIGEST = 8  # hex digits of the content's hash: files of one name in several folders stay apart


def write_evidence(
    folder: Path, file: Path, media: DecodedMedia, analysis: MediaAnalysis, detector: Detector
) -> tuple[Path, ...]:
    """Crops and pictures of ``file``, in a folder of its own below ``folder``; none if it is not flagged.

    There is no time budget: who asks for it waits for it. Raises
    :class:`~pipeline.errors.EvidenceFolderError` where nothing can be written.
    """
    pictures = [*face_crops(media, analysis), *detector.explain(media, analysis, budget_seconds=inf)]
    own = folder / f"{file.stem}-{analysis.sha256[:DIGEST]}"
    written = tuple(own / picture.name for picture in pictures)
    try:
        if pictures:
            own.mkdir(parents=True, exist_ok=True)
        for path, picture in zip(written, pictures, strict=True):
            path.write_bytes(picture.content)
    except OSError as error:
        raise EvidenceFolderError(
            f"cannot write evidence to {own} ({error.strerror}); give another folder"
        ) from error
    return written
