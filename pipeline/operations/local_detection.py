"""Judge files of the local disk without any service: read and decode ahead in threads, detect in batches.

Every file gets an answer, in the order given; how it is shown is left to `pipeline.cli.detect`. Evidence of
flagged files is written to a folder, if there is one.
"""

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
from inference.media import DecodedMedia, MediaLimits, decode
from pipeline.operations.local_evidence import write_evidence
from schemas.verdicts import Label

DECODE_THREADS = 2  # keep up with the networks on as many cores
AHEAD = 4  # files read before they are needed: of 50 MP each they hold 600 MB
BATCH_FILES = 8  # answers come in steps of this many
BATCH_BYTES = 200_000_000  # decoded; two full-length videos or one 50 MP picture

FILE_NOT_FOUND = "file_not_found"
FILE_UNREADABLE = "file_unreadable"


@dataclass(frozen=True)
class FileAnswer:
    """What is said of one file; ``reason`` is machine-readable and empty when the file was judged."""

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
        """Whether the file itself could not be read, which is the caller's mistake."""
        return self.reason in {FILE_NOT_FOUND, FILE_UNREADABLE}

    def document(self) -> dict[str, Any]:
        """The answer as one JSON object."""
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
    """A file that was not decoded, and why."""

    reason: str
    detail: str


Opened = DecodedMedia | Refusal


def detect_files(
    detector: Detector, files: Iterable[Path], limits: MediaLimits, evidence: Path | None = None
) -> Iterator[FileAnswer]:
    """One answer for each file, in order, as soon as its batch is done.

    ``evidence`` is a folder for what explains the flagged ones; raises
    :class:`~pipeline.errors.EvidenceFolderError` where it cannot be written.
    """
    batch: list[tuple[Path, Opened]] = []
    for file, opened in _ahead(lambda path: open_media(path, limits), files):
        batch.append((file, opened))
        held = sum(media.nbytes for _, media in batch if isinstance(media, DecodedMedia))
        if len(batch) >= BATCH_FILES or held >= BATCH_BYTES:
            yield from _answers(detector, batch, evidence)
            batch = []
    yield from _answers(detector, batch, evidence)


def open_media(file: Path, limits: MediaLimits) -> Opened:
    """The decoded file, by its content whatever its name says, or why there is none. Never raises."""
    try:
        limits.check_bytes(file.stat().st_size)  # before reading: it may not fit into memory
        return decode(file.read_bytes(), limits=limits)
    except Unprocessable as refused:
        return Refusal(refused.reason.value, refused.detail)
    except FileNotFoundError:
        return Refusal(FILE_NOT_FOUND, f"there is no file {file}")
    except OSError as error:
        return Refusal(FILE_UNREADABLE, f"cannot read {file}: {error.strerror or error}")


def _ahead(open_one: Callable[[Path], Opened], files: Iterable[Path]) -> Iterator[tuple[Path, Opened]]:
    """Files with what was opened, in order, at most ``AHEAD`` of them waiting."""
    waiting: deque[tuple[Path, Future[Opened]]] = deque()
    rest = iter(files)
    with ThreadPoolExecutor(DECODE_THREADS, thread_name_prefix="decode") as pool:
        waiting.extend((file, pool.submit(open_one, file)) for file in islice(rest, AHEAD))
        while waiting:
            file, opened = waiting.popleft()
            waiting.extend((later, pool.submit(open_one, later)) for later in islice(rest, 1))
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
        analysis.note or None,
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
