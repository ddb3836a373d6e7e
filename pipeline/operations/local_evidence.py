"""Writes the evidence for flagged local files to a folder."""

from math import inf
from pathlib import Path

from inference.analysis import MediaAnalysis
from inference.detector import Detector
from inference.evidence import face_crops
from inference.media import DecodedMedia
from pipeline.errors import EvidenceFolderError

DIGEST = 8  # hex digits of the content hash; separates files of the same name from different folders


def write_evidence(
    folder: Path, file: Path, media: DecodedMedia, analysis: MediaAnalysis, detector: Detector
) -> tuple[Path, ...]:
    """Write the face crops and explanations of ``file`` to a subfolder of ``folder``; return their paths.

    A file that is not flagged has no evidence. There is no time budget. Raises
    :class:`~pipeline.errors.EvidenceFolderError` if the folder cannot be written.
    """
    pictures = [*face_crops(media, analysis), *detector.explain(media, analysis, budget_seconds=inf)]
    subfolder = folder / f"{file.stem}-{analysis.sha256[:DIGEST]}"
    written = tuple(subfolder / picture.name for picture in pictures)
    try:
        if pictures:
            subfolder.mkdir(parents=True, exist_ok=True)
        for path, picture in zip(written, pictures, strict=True):
            path.write_bytes(picture.content)
    except OSError as error:
        raise EvidenceFolderError(
            f"cannot write evidence to {subfolder} ({error.strerror}): choose another folder"
        ) from error
    return written
