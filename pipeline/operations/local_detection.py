"""Detects forgeries in local files without any service: decodes ahead, detects in batches.

Every file gets an answer, in the order given. The evidence for flagged files is written to a folder if
requested.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from inference.analysis import FaceFinding, MediaAnalysis
from inference.detector import Detector
from inference.errors import Unprocessable
from inference.media import DecodedMedia, MediaLimits
from pipeline.operations.local_evidence import write_evidence
from pipeline.operations.local_files import read_file
from schemas.verdicts import Label

DECODERS = min(os.cpu_count() or 1, 4)  # enough to keep the networks busy
READ_AHEAD = 4  # files; at 50 MP each they take 600 MB of memory
BATCH_FILES = 8  # answers are returned in batches of this size
BATCH_BYTES = 200_000_000  # decoded; two full-length videos or one 50 MP picture

FILE_NOT_FOUND = "file_not_found"
FILE_UNREADABLE = "file_unreadable"


@dataclass(frozen=True)
class FileAnswer:
    """The result for a file; ``reason`` is machine-readable and None if the file was analysed."""

    file: Path
    label: Label
    score: float | None
    threshold: float
    faces: tuple[FaceFinding, ...] = ()
    reason: str | None = None
    detail: str = ""
    evidence: tuple[Path, ...] = ()

    @property
    def missing(self) -> bool:
        """Whether the file could not be read, which is the caller's error."""
        return self.reason in {FILE_NOT_FOUND, FILE_UNREADABLE}

    def document(self) -> dict[str, Any]:
        """Return the answer as a JSON object."""
        return {
            "file": str(self.file),
            "label": self.label.value,
            "score": self.score,
            "threshold": self.threshold,
            "faces": [_face_document(face) for face in self.faces],
            "reason": self.reason,
            "detail": self.detail,
            "evidence": [str(path) for path in self.evidence],
        }


@dataclass(frozen=True)
class Refusal:
    """Why a file was not decoded."""

    reason: str
    detail: str


Opened = DecodedMedia | Refusal
Decode = Callable[[bytes, str | None, MediaLimits], DecodedMedia]


def detect_files(
    detector: Detector,
    decode: Decode,
    files: Iterable[Path],
    limits: MediaLimits,
    evidence: Path | None = None,
) -> Iterator[FileAnswer]:
    """Yield an answer for each file, in order, as soon as its batch is done.

    ``decode`` is called from several threads; use that of a :class:`~inference.sandbox.DecoderPool`.
    ``evidence`` is a folder for the evidence of flagged files; raises
    :class:`~pipeline.errors.EvidenceFolderError` if it cannot be written.
    """
    batch: list[tuple[Path, Opened]] = []
    for file, opened in _open_ahead(lambda path: open_media(path, decode, limits), files):
        batch.append((file, opened))
        decoded_bytes = sum(media.nbytes for _, media in batch if isinstance(media, DecodedMedia))
        if len(batch) >= BATCH_FILES or decoded_bytes >= BATCH_BYTES:
            yield from _answers(detector, batch, evidence)
            batch = []
    yield from _answers(detector, batch, evidence)


def open_media(file: Path, decode: Decode, limits: MediaLimits) -> Opened:
    """Decode the file by its content, ignoring its name; return a refusal if that fails. Never raises."""
    try:
        return decode(read_file(file, limits), None, limits)
    except Unprocessable as error:
        return Refusal(error.reason.value, error.detail)
    except FileNotFoundError:
        return Refusal(FILE_NOT_FOUND, f"there is no file {file}")
    except OSError as error:
        return Refusal(FILE_UNREADABLE, f"cannot read {file}: {error.strerror or error}")


def _open_ahead(open_file: Callable[[Path], Opened], files: Iterable[Path]) -> Iterator[tuple[Path, Opened]]:
    """Yield files with their decoded media, in order, at most ``READ_AHEAD`` of them decoded or queued."""
    waiting: deque[tuple[Path, Future[Opened]]] = deque()
    remaining = iter(files)
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:
        waiting.extend((file, pool.submit(open_file, file)) for file in islice(remaining, READ_AHEAD))
        while waiting:
            file, opened = waiting.popleft()
            waiting.extend(
                (following, pool.submit(open_file, following)) for following in islice(remaining, 1)
            )
            yield file, opened.result()


def _answers(
    detector: Detector, batch: list[tuple[Path, Opened]], evidence: Path | None
) -> Iterator[FileAnswer]:
    analyses = iter(detector.analyse([opened for _, opened in batch if isinstance(opened, DecodedMedia)]))
    threshold = detector.card.tag_threshold
    for file, opened in batch:
        if isinstance(opened, Refusal):
            yield FileAnswer(
                file, Label.UNPROCESSABLE, None, threshold, reason=opened.reason, detail=opened.detail
            )
        else:
            analysis = next(analyses)
            written = () if evidence is None else write_evidence(evidence, file, opened, analysis, detector)
            yield _judged(file, analysis, written)


def _judged(file: Path, analysis: MediaAnalysis, evidence: tuple[Path, ...]) -> FileAnswer:
    return FileAnswer(
        file,
        analysis.label,
        analysis.score,
        analysis.threshold,
        analysis.faces,
        analysis.reason.value if analysis.reason else analysis.note or None,
        analysis.note if analysis.reason else "",
        evidence=evidence,
    )


def _face_document(face: FaceFinding) -> dict[str, Any]:
    x0, y0, x1, y1 = (round(value, 1) for value in face.box)
    return {
        "box": {"x0": x0, "y0": y0, "x1": x1, "y1": y1},
        "score": face.score,
        "seconds": face.seconds,
        "track": face.track,
    }
