"""The state of each demo post, and whether it is as expected. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.demo.scenario import Scene
from schemas.base import Contract
from schemas.moderation import CaseChanged
from schemas.tags import PostTagged, TagAction
from schemas.verdicts import Label, TriggerKind, VerdictIssued


@dataclass
class Row:
    """The state of a demo post; ``..._after`` times are seconds since it was published."""

    scene: Scene
    post_id: str
    published_at: float
    verdicts: dict[TriggerKind, VerdictIssued] = field(default_factory=dict)
    tag: str | None = None
    case: CaseChanged | None = None
    answered_after: float | None = None
    tagged_after: float | None = None

    @property
    def verdict(self) -> VerdictIssued | None:
        """The verdict on the post itself, not on a report of it."""
        return self.verdicts.get(TriggerKind.CREATED)

    @property
    def reused(self) -> bool:
        """Whether the verdict reuses the analysis of an earlier post with the same bytes."""
        return self.verdict is not None and any(media.reused for media in self.verdict.media)

    @property
    def complete(self) -> bool:
        """Whether all verdicts have arrived, and the tag or case that must follow."""
        triggers = {TriggerKind.CREATED} | ({TriggerKind.REPORTED} if self.scene.reported else set())
        if not triggers <= self.verdicts.keys() or self.verdict is None:
            return False
        needs_tag = self.verdict.label is Label.DEEPFAKE
        needs_case = self.scene.reported or self.verdict.label is Label.SUSPECTED
        return (self.tag is not None or not needs_tag) and (self.case is not None or not needs_case)

    @property
    def as_expected(self) -> bool:
        """Whether the results are complete and as expected."""
        if self.verdict is None or not self.complete:
            return False
        labels = {verdict.label for verdict in self.verdicts.values()}
        tag_is_correct = (self.tag is not None) == (self.verdict.label is Label.DEEPFAKE)
        return labels <= self.scene.expected and self.verdict.reason == self.scene.reason and tag_is_correct


class Board:
    """The posts of a demo run."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = {row.post_id: row for row in rows}

    @property
    def complete(self) -> bool:
        """Whether the results of all posts are complete."""
        return all(row.complete for row in self.rows.values())

    @property
    def as_expected(self) -> bool:
        """Whether the results of all posts are as expected."""
        return all(row.as_expected for row in self.rows.values())

    def add(self, event: Contract, now: float) -> None:
        """Add a verdict, tag or case received at monotonic time ``now``; repeated events have no effect."""
        match event:
            case VerdictIssued():
                row = self.rows[event.post_id]
                row.verdicts.setdefault(event.trigger.kind, event)
                if event.trigger.kind is TriggerKind.CREATED and row.answered_after is None:
                    row.answered_after = now - row.published_at
            case PostTagged():
                row = self.rows[event.post_id]
                row.tag = event.tag if event.action is TagAction.ADD else None
                row.tagged_after = row.tagged_after or now - row.published_at
            case CaseChanged():
                self.rows[event.post_id].case = event
            case _:
                raise TypeError(f"the demo does not handle {type(event).__name__}")
