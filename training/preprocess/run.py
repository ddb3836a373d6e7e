"""A collection to a folder of shards and index, from wherever the last run stopped."""

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
from training.preprocess.archive import PassedOver, open_tree
from training.preprocess.media import RawMedia
from training.preprocess.options import Options, keep_options
from training.preprocess.parts import Done, Part, drop_unfinished, read_parts
from training.preprocess.readers import READERS

FAILURES = "failures.csv"


@dataclass(frozen=True)
class Plan:
    """What a collection holds, in its own order."""

    media: tuple[RawMedia, ...]
    passed_over: tuple[PassedOver, ...]


@dataclass
class Summary:
    """Counts over all runs into one folder."""

    media: int = 0
    crops: int = 0
    shards: int = 0
    failed: int = 0
    passed_over: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def plan(source: Path, layout: str) -> Plan:
    """List a collection.

    Raises :class:`UnknownLayoutError`, and :class:`SourceMissingError` where nothing in it has the layout.
    """
    if layout not in READERS:
        raise UnknownLayoutError(f"no layout {layout!r}; there are {', '.join(READERS)}")
    tree = open_tree(source)
    media: dict[str, RawMedia] = {}
    passed_over = list(tree.unreadable)
    for found in READERS[layout](tree):
        if isinstance(found, PassedOver):
            passed_over.append(found)
        elif found.media in media:
            passed_over.append(
                PassedOver(found.entry.path, f"the same media as {media[found.media].entry.path}")
            )
        else:
            media[found.media] = found
    if not media:
        examples = [f", such as {one.path}: {one.reason}" for one in passed_over[:1]]
        raise SourceMissingError(
            f"no media of the layout {layout} in {source}{''.join(examples)}; "
            "see training/preprocess/README.md for what each layout looks like"
        )
    return Plan(tuple(media.values()), tuple(passed_over))


class Preprocessing:
    """Holds the folder from ``with`` on; :meth:`work`, then :meth:`finish`."""

    def __init__(self, source: Path, folder: Path, options: Options) -> None:
        self.folder, self.options = folder, options
        self.plan = plan(source, options.layout)
        self._holding = ExitStack()

    def __enter__(self) -> Self:
        self._holding.enter_context(held(self.folder))
        keep_options(self.folder, self.options)
        drop_unfinished(self.folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._holding.close()

    def pending(self) -> list[RawMedia]:
        """Media that are not done; those that could not be read are tried again."""
        done = {one.media for one in _outcomes(list(read_parts(self.folder))).values() if not one.failure}
        return [media for media in self.plan.media if media.media not in done]

    def work(
        self, media: Sequence[RawMedia], workers: int, device: str = "cpu"
    ) -> Iterator[tuple[Done, ...]]:
        """Turn media into parts, yielding batches as they are on disk; see :func:`pool.run`."""
        yield from pool.run(pool.Task(self.folder, self.options, device), media, workers)

    def finish(self) -> Summary:
        """Bring parts into shards and index, and write down what failed."""
        parts = list(read_parts(self.folder))
        order = {media.media: turn for turn, media in enumerate(self.plan.media)}
        table = shards.pack(self.folder, self.options.layout, parts, order)
        outcomes = _outcomes(parts).values()
        failed = [PassedOver(one.path, one.failure) for one in outcomes if one.failure]
        _write_failures(self.folder / FAILURES, failed, self.plan.passed_over)
        return Summary(
            media=len(outcomes),
            crops=len(table),
            shards=len(set(table["shard"].to_pylist())),
            failed=len(failed),
            passed_over=len(self.plan.passed_over),
            rejected=sum((one.rejected for one in outcomes), Counter()),
        )


def _outcomes(parts: Sequence[Part]) -> dict[str, Done]:
    """What became of each media; one that was read in any run counts as read."""
    found: dict[str, Done] = {}
    for one in (one for part in parts for one in part.outcomes):
        if one.media not in found or found[one.media].failure:
            found[one.media] = one
    return found


def _write_failures(path: Path, failed: Sequence[PassedOver], passed_over: Sequence[PassedOver]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("what", "path", "reason"))
        writer.writerows(("failed", one.path, one.reason) for one in failed)
        writer.writerows(("passed over", one.path, one.reason) for one in passed_over)
    temporary.replace(path)
