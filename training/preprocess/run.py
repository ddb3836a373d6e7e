"""Preprocess a collection into a folder of shards with an index; an interrupted run can be resumed."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from training.errors import SourceMissingError, UnknownLayoutError
from training.locking import held
from training.preprocess import pool, shards
from training.preprocess.archive import SkippedFile, open_tree
from training.preprocess.media import RawMedia
from training.preprocess.options import Options, save_or_check_options
from training.preprocess.parts import MediaOutcome, Part, read_parts, remove_unfinished
from training.preprocess.readers import READERS

FAILURES = "failures.csv"


@dataclass(frozen=True)
class Plan:
    """The contents of a collection, in its order."""

    media: tuple[RawMedia, ...]
    skipped: tuple[SkippedFile, ...]


@dataclass
class Summary:
    """Counts over all runs on one folder."""

    media: int = 0
    crops: int = 0
    shards: int = 0
    failed: int = 0
    skipped: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def plan(source: Path, layout: str) -> Plan:
    """List a collection.

    Raises :class:`UnknownLayoutError`, and :class:`SourceMissingError` if no file matches the layout.
    """
    if layout not in READERS:
        raise UnknownLayoutError(f"unknown layout {layout!r}; choose one of {', '.join(READERS)}")
    tree = open_tree(source)
    media: dict[str, RawMedia] = {}
    skipped = list(tree.unreadable)
    for item in READERS[layout](tree):
        if isinstance(item, SkippedFile):
            skipped.append(item)
        elif item.media in media:
            skipped.append(SkippedFile(item.entry.path, f"duplicate of {media[item.media].entry.path}"))
        else:
            media[item.media] = item
    if not media:
        examples = [f", for example {file.path}: {file.reason}" for file in skipped[:1]]
        raise SourceMissingError(
            f"no media of the layout {layout} in {source}{''.join(examples)}; "
            "see training/preprocess/README.md for the layouts"
        )
    return Plan(tuple(media.values()), tuple(skipped))


class Preprocessing:
    """A preprocessing run that locks the output folder; call :meth:`work`, then :meth:`finish`."""

    def __init__(self, source: Path, folder: Path, options: Options) -> None:
        self.folder, self.options = folder, options
        self.plan = plan(source, options.layout)
        self._lock = ExitStack()

    def __enter__(self) -> Self:
        self._lock.enter_context(held(self.folder))
        save_or_check_options(self.folder, self.options)
        remove_unfinished(self.folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()

    def pending(self) -> list[RawMedia]:
        """Return the media items that are not done; failed ones are retried."""
        outcomes = _outcomes(list(read_parts(self.folder))).values()
        done = {outcome.media for outcome in outcomes if not outcome.failure}
        return [media for media in self.plan.media if media.media not in done]

    def work(
        self, media: Sequence[RawMedia], workers: int, device: str = "cpu"
    ) -> Iterator[tuple[MediaOutcome, ...]]:
        """Turn media items into parts and yield the outcomes of each batch; see :func:`pool.run`."""
        yield from pool.run(pool.Task(self.folder, self.options, device), media, workers)

    def finish(self) -> Summary:
        """Pack all parts into shards, update the index, and write the failures."""
        parts = list(read_parts(self.folder))
        order = {media.media: position for position, media in enumerate(self.plan.media)}
        table = shards.pack(self.folder, self.options.layout, parts, order)
        outcomes = _outcomes(parts).values()
        failed = [SkippedFile(outcome.path, outcome.failure) for outcome in outcomes if outcome.failure]
        _write_failures(self.folder / FAILURES, failed, self.plan.skipped)
        return Summary(
            media=len(outcomes),
            crops=len(table),
            shards=len(set(table["shard"].to_pylist())),
            failed=len(failed),
            skipped=len(self.plan.skipped),
            rejected=sum((outcome.rejected for outcome in outcomes), Counter()),
        )


def _outcomes(parts: Sequence[Part]) -> dict[str, MediaOutcome]:
    """Return the outcome of each media item; an item that succeeded in any run counts as read."""
    outcomes: dict[str, MediaOutcome] = {}
    for outcome in (outcome for part in parts for outcome in part.outcomes):
        if outcome.media not in outcomes or outcomes[outcome.media].failure:
            outcomes[outcome.media] = outcome
    return outcomes


def _write_failures(path: Path, failed: Sequence[SkippedFile], skipped: Sequence[SkippedFile]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("what", "path", "reason"))
        writer.writerows(("failed", file.path, file.reason) for file in failed)
        writer.writerows(("passed over", file.path, file.reason) for file in skipped)
    temporary.replace(path)
