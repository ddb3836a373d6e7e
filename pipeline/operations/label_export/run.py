"""One export: read the decisions, fetch their media, bring the folder up to date, note it in the audit.

Steps: 1 read and choose, 2 fetch what is not there, 3 arrange with the older export, 4 settle the folder.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Engine

from inference.errors import Unprocessable
from inference.media import MediaLimits
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.operations.label_export.collection import collect, why
from pipeline.operations.label_export.folder import ExportFolder
from pipeline.operations.label_export.sample import LeftOut, Reason, Sample, Truth
from pipeline.operations.label_export.selection import TELLING, Candidate, Choice, choose
from pipeline.operations.label_export.units import arrange
from storage import audit, labels
from storage.database import transaction

POSTS_AT_ONCE = 200  # a post with its verdict is some 100 KB at worst

Track = Callable[[Sequence[Candidate]], Iterable[Candidate]]


@dataclass(frozen=True)
class Summary:
    """What the folder holds now. ``withdrawn``: files of the older export that are no longer part of it."""

    samples: Sequence[Sample]
    left_out: Sequence[LeftOut]
    fetched: int
    withdrawn: int

    @property
    def labels(self) -> Counter[Truth]:
        """How many files have which label."""
        return Counter(one.truth for one in self.samples)

    @property
    def units(self) -> int:
        """How many units they are in."""
        return len({one.unit for one in self.samples})

    @property
    def reasons(self) -> Counter[Reason]:
        """How many media, or whole posts, were left out for which reason."""
        return Counter(one.reason for one in self.left_out)


@dataclass(frozen=True)
class Export:
    """What an export works with; ``tell`` gets a line for each media that cannot be had."""

    database: Engine
    fetcher: MediaFetcher
    folder: ExportFolder
    limits: MediaLimits
    track: Track
    tell: Callable[[str], None]

    def run(self, actor: str, since: datetime | None = None, min_agreement: int = 1) -> Summary:
        """Export the decisions that were made at ``since`` or later, all of them without it.

        What an older export in the folder has of other posts stays. Raises a
        :class:`~storage.errors.StorageError` where a service is away; what was fetched is not fetched again.
        """
        choices = list(self._choices(since, min_agreement))
        known = len(self.folder.media)
        fresh, missed = self._collect(choices)
        fetched = len(self.folder.media) - known
        kept, reviewed = part(self.folder.rows, choices)
        arranged = arrange(fresh, kept, reviewed)
        left_out = [*(one for choice in choices for one in choice.left_out), *missed, *arranged.left_out]
        self.folder.settle(arranged.samples, left_out)
        present = {one.sha256 for one in arranged.samples}
        summary = Summary(
            arranged.samples, left_out, fetched, sum(row.sha256 not in present for row in self.folder.rows)
        )
        self._note(actor, summary, since, min_agreement)
        return summary

    def _choices(self, since: datetime | None, min_agreement: int) -> Iterator[Choice]:
        exported = {(row.case, row.media): row.sha256 for row in self.folder.rows}
        with transaction(self.database) as session:
            post_ids = iter(labels.decided_since(session, TELLING, since))
        while some := list(islice(post_ids, POSTS_AT_ONCE)):
            with transaction(self.database) as session:
                posts = labels.read_decided_posts(session, some, TELLING)
            yield from (recall(choose(post, min_agreement), exported) for post in posts)

    def _collect(self, choices: Iterable[Choice]) -> tuple[list[Sample], list[LeftOut]]:
        samples, missed = [], []
        for one in self.track([one for choice in choices for one in choice.candidates]):
            try:
                samples.append(collect(one, self.folder, self.fetcher, self.limits))
            except Unprocessable as refusal:
                self.tell(f"case {one.case}, media {one.number} ({one.media.uri}): {refusal}")
                missed.append(LeftOut(one.case, why(refusal), one.number, one.sha256))
        return samples, missed

    def _note(self, actor: str, summary: Summary, since: datetime | None, min_agreement: int) -> None:
        """Who took people's media out of the system, in the record of who did what."""
        detail = {
            **{truth.value: summary.labels[truth] for truth in Truth},
            "since": since and since.isoformat(),
            "min_agreement": min_agreement,
        }
        with transaction(self.database) as session:
            subject = f"export:{self.folder.root.absolute()}"
            audit.record(session, actor=actor, action="labels.exported", subject=subject, detail=detail)


def recall(choice: Choice, exported: Mapping[tuple[str, int], str]) -> Choice:
    """``choice`` with the SHA-256 of media that were exported before, which need not be fetched again.

    ``exported`` has them by case and number in the post; a post may have had other cases then.
    """

    def known(one: Candidate) -> str:
        return next(
            (exported[case, one.number] for case in choice.cases if (case, one.number) in exported), ""
        )

    recalled = (replace(one, sha256=one.sha256 or known(one)) for one in choice.candidates)
    return replace(choice, candidates=tuple(recalled))


def part(rows: Iterable[Sample], choices: Iterable[Choice]) -> tuple[list[Sample], list[Sample]]:
    """Of an older export's rows: those to keep as they are, and those whose decisions were read again."""
    read_again = {case for choice in choices for case in choice.cases}
    kept: list[Sample] = []
    reviewed: list[Sample] = []
    for row in rows:
        (reviewed if row.case in read_again else kept).append(row)
    return kept, reviewed
