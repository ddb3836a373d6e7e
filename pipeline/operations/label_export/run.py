"""Runs an export.

1. Read the decisions and select media items.
2. Fetch the media items that the folder does not have.
3. Combine the samples with those of the earlier export.
4. Update the folder and record the export in the audit.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Engine

from inference.errors import Unprocessable
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.operations.label_export.collection import Decode, collect, reason_for
from pipeline.operations.label_export.folder import ExportFolder
from pipeline.operations.label_export.sample import LeftOut, Reason, Sample, Truth
from pipeline.operations.label_export.selection import LABELLING_DECISIONS, Candidate, Selection, select
from pipeline.operations.label_export.units import arrange
from storage import audit, labels
from storage.database import transaction

POSTS_PER_BATCH = 200  # a post with its verdict takes at most about 100 KB

Track = Callable[[Sequence[Candidate]], Iterable[Candidate]]


@dataclass(frozen=True)
class Summary:
    """The contents of the folder. ``withdrawn``: files of the earlier export that were removed."""

    samples: Sequence[Sample]
    left_out: Sequence[LeftOut]
    fetched: int
    withdrawn: int

    @property
    def labels(self) -> Counter[Truth]:
        """Number of files by label."""
        return Counter(sample.truth for sample in self.samples)

    @property
    def units(self) -> int:
        """Number of units."""
        return len({sample.unit for sample in self.samples})

    @property
    def reasons(self) -> Counter[Reason]:
        """Number of media items or whole posts that were left out, by reason."""
        return Counter(item.reason for item in self.left_out)


@dataclass(frozen=True)
class Export:
    """The services and settings of an export.

    ``track`` shows progress; ``warn`` is called with a line for each unavailable media item.
    """

    database: Engine
    fetcher: MediaFetcher
    folder: ExportFolder
    decode: Decode
    track: Track
    warn: Callable[[str], None]

    def run(self, actor: str, since: datetime | None = None, min_agreement: int = 1) -> Summary:
        """Export the decisions made at ``since`` or later, or all decisions.

        Samples of other posts from an earlier export stay in the folder. Raises
        :class:`~storage.errors.StorageError` if a service is unavailable; fetched media items are kept, so
        that a later run does not fetch them again.
        """
        selections = list(self._selections(since, min_agreement))
        known = len(self.folder.media)
        fresh, failed = self._collect(selections)
        fetched = len(self.folder.media) - known
        kept, reviewed = separate_reviewed(self.folder.rows, selections)
        arranged = arrange(fresh, kept, reviewed)
        not_selected = (item for selection in selections for item in selection.left_out)
        left_out = [*not_selected, *failed, *arranged.left_out]
        self.folder.replace_contents(arranged.samples, left_out)
        present = {sample.sha256 for sample in arranged.samples}
        summary = Summary(
            arranged.samples, left_out, fetched, sum(row.sha256 not in present for row in self.folder.rows)
        )
        self._record_in_audit(actor, summary, since, min_agreement)
        return summary

    def _selections(self, since: datetime | None, min_agreement: int) -> Iterator[Selection]:
        exported = {(row.case, row.media): row.sha256 for row in self.folder.rows}
        with transaction(self.database) as session:
            post_ids = iter(labels.decided_since(session, LABELLING_DECISIONS, since))
        while batch := list(islice(post_ids, POSTS_PER_BATCH)):
            with transaction(self.database) as session:
                posts = labels.read_decided_posts(session, batch, LABELLING_DECISIONS)
            yield from (with_known_hashes(select(post, min_agreement), exported) for post in posts)

    def _collect(self, selections: Iterable[Selection]) -> tuple[list[Sample], list[LeftOut]]:
        samples, failed = [], []
        candidates = [candidate for selection in selections for candidate in selection.candidates]
        for candidate in self.track(candidates):
            try:
                samples.append(collect(candidate, self.folder, self.fetcher, self.decode))
            except Unprocessable as error:
                self.warn(f"case {candidate.case}, media {candidate.number} ({candidate.media.uri}): {error}")
                failed.append(LeftOut(candidate.case, reason_for(error), candidate.number, candidate.sha256))
        return samples, failed

    def _record_in_audit(
        self, actor: str, summary: Summary, since: datetime | None, min_agreement: int
    ) -> None:
        """Record who exported people's media items."""
        detail = {
            **{truth.value: summary.labels[truth] for truth in Truth},
            "since": since and since.isoformat(),
            "min_agreement": min_agreement,
        }
        with transaction(self.database) as session:
            subject = f"export:{self.folder.root.absolute()}"
            audit.record(session, actor=actor, action="labels.exported", subject=subject, detail=detail)


def with_known_hashes(selection: Selection, exported: Mapping[tuple[str, int], str]) -> Selection:
    """Add the SHA-256 of candidates that were exported before, so that they are not fetched again.

    ``exported`` maps the case and the number in the post to the SHA-256. All cases of the post are looked up,
    because the earlier export may have used another one.
    """

    def known_sha256(number: int) -> str:
        return next((exported[case, number] for case in selection.cases if (case, number) in exported), "")

    candidates = (
        replace(candidate, sha256=candidate.sha256 or known_sha256(candidate.number))
        for candidate in selection.candidates
    )
    return replace(selection, candidates=tuple(candidates))


def separate_reviewed(
    rows: Iterable[Sample], selections: Iterable[Selection]
) -> tuple[list[Sample], list[Sample]]:
    """Separate the rows of an earlier export: (to keep unchanged, with decisions that were read again)."""
    read_again = {case for selection in selections for case in selection.cases}
    kept: list[Sample] = []
    reviewed: list[Sample] = []
    for row in rows:
        (reviewed if row.case in read_again else kept).append(row)
    return kept, reviewed
