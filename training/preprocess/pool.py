"""Processes that turn batches of media into parts; none outlives the process that started it.

Torch is imported where a face must be looked for: it takes seconds and a gigabyte in every process, and
collections that say where their faces are need none of it.
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
from training.preprocess.parts import Done, write_part
from training.workers import end_with_parent

if TYPE_CHECKING:
    from inference.face_detection import FaceDetector

# Media in a part: what a kill loses at most in each process, against the cost of a folder.
BATCH = {Kind.IMAGE: 64, Kind.VIDEO: 4}


@dataclass(frozen=True, slots=True)
class Task:
    """What each process needs to know."""

    folder: Path
    options: Options
    device: str = "cpu"


class _Finder:
    """MTCNN, loaded when the first picture wants it."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._face_detector: FaceDetector | None = None

    def __call__(self, images: Sequence[Pixels]) -> list[list[Face]]:
        if self._face_detector is None:
            self._face_detector = _load(self._device)
        return self._face_detector.detect(images)


def _load(device: str) -> "FaceDetector":
    import torch  # noqa: PLC0415 - see above

    from inference.device import choose_device  # noqa: PLC0415 - imports torch
    from inference.face_detection import FaceDetector  # noqa: PLC0415 - imports torch

    torch.set_num_threads(1)
    return FaceDetector(choose_device(device))


def batches(media: Sequence[RawMedia]) -> Iterator[list[RawMedia]]:
    """Neighbours of one kind, as many as go into a part."""
    for kind, group in groupby(media, key=lambda one: one.kind):
        same = list(group)
        for start in range(0, len(same), BATCH[kind]):
            yield same[start : start + BATCH[kind]]


def run(task: Task, media: Sequence[RawMedia], workers: int) -> Iterator[tuple[Done, ...]]:
    """Turn media into parts; yields what became of a batch as soon as its part is on disk.

    Raises :class:`WorkerDiedError` where a process ends on its own; what is on disk stays.
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
            "--workers: it goes on where it stopped"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_task: Task  # what this process was started with
_find: _Finder


def _start(task: Task) -> None:
    global _task, _find
    _task, _find = task, _Finder(task.device)
    cv2.setNumThreads(1)
    end_with_parent()


def _work(batch: list[RawMedia]) -> tuple[Done, ...]:
    return write_part(_task.folder, [extract(media, _task.options, _find) for media in batch])
