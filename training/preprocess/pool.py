"""A pool of worker processes that turn batches of media items into parts; workers end with their parent.

Torch is imported only when faces must be detected. The import takes seconds and a gigabyte in every process,
and collections with labelled faces do not need it.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from inference.face import Face
from inference.media.decoded import Pixels
from training.errors import WorkerDiedError
from training.preprocess.extraction import extract
from training.preprocess.media import Kind, RawMedia
from training.preprocess.options import Options
from training.preprocess.parts import MediaOutcome, write_part
from training.workers import end_with_parent

if TYPE_CHECKING:
    from inference.face_detection import FaceDetector

# Media items in a part: a killed process loses at most one part; smaller parts mean more folders.
BATCH = {Kind.IMAGE: 64, Kind.VIDEO: 4}


@dataclass(frozen=True, slots=True)
class Task:
    """Parameters of each worker process."""

    folder: Path
    options: Options
    device: str = "cpu"


class _Finder:
    """MTCNN, loaded on first use."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._face_detector: FaceDetector | None = None

    def __call__(self, images: Sequence[Pixels]) -> list[list[Face]]:
        if self._face_detector is None:
            self._face_detector = _load(self._device)
        return self._face_detector.detect(images)


def _load(device: str) -> "FaceDetector":
    import torch  # noqa: PLC0415 - see the module docstring

    from inference.device import choose_device  # noqa: PLC0415 - imports torch
    from inference.face_detection import FaceDetector  # noqa: PLC0415 - imports torch

    torch.set_num_threads(1)
    return FaceDetector(choose_device(device))


def batches(media: Sequence[RawMedia]) -> Iterator[list[RawMedia]]:
    """Split the media items into batches of consecutive items of the same kind."""
    for kind, group in groupby(media, key=lambda item: item.kind):
        items = list(group)
        for start in range(0, len(items), BATCH[kind]):
            yield items[start : start + BATCH[kind]]


def run(task: Task, media: Sequence[RawMedia], workers: int) -> Iterator[tuple[MediaOutcome, ...]]:
    """Turn media items into parts; yield the outcomes of each batch as soon as its part is on disk.

    Raises :class:`WorkerDiedError` if a worker process dies; finished parts are kept.
    """
    if not media:
        return
    context = multiprocessing.get_context("spawn")  # torch and CUDA do not survive a fork
    pool = ProcessPoolExecutor(workers, context, _start, (task,))
    try:
        futures = [pool.submit(_work, batch) for batch in batches(media)]
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        raise WorkerDiedError(
            f"a worker process died (out of memory?); run the same command with fewer than {workers} "
            "--workers; it resumes where it stopped"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_task: Task  # set once in each worker process
_find: _Finder


def _start(task: Task) -> None:
    global _task, _find
    _task, _find = task, _Finder(task.device)
    cv2.setNumThreads(1)
    end_with_parent()


def _work(batch: list[RawMedia]) -> tuple[MediaOutcome, ...]:
    return write_part(_task.folder, [extract(media, _task.options, _find) for media in batch])
