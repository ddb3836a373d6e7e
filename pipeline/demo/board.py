"""The state of each demo post, and whether it is as expected. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.demo.decision import decided_by, findings
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
    published_at: float | None = None
    reported: bool = False
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
    def decided_by(self) -> str | None:
        """Who decided on the post; None before its verdict."""
        return None if self.verdict is None else decided_by(self.verdict)

    @property
    def findings(self) -> dict[str, str]:
        """What signals found, by signal."""
        return {} if self.verdict is None else findings(self.verdict)

    @property
    def reused(self) -> bool:
        """Whether the verdict reuses the analysis of an earlier post with the same bytes."""
        return self.verdict is not None and any(media.reused for media in self.verdict.media)

    @property
    def report_is_due(self) -> bool:
        """Whether the post is to be reported now: people report what they have seen."""
        return self.scene.reported and not self.reported and self.verdict is not None

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
        return labels <= self.scene.expected and self._decided_as_expected(self.verdict) and tag_is_correct

    def _decided_as_expected(self, verdict: VerdictIssued) -> bool:
        found = self.scene.finding is None or self.scene.finding in self.findings
        return found and self.decided_by == self.scene.decided_by and verdict.reason == self.scene.reason


class Board:
    """The posts of a demo run. ``left_out`` says why a scene could not be made, by its name."""

    def __init__(self, rows: Iterable[Row], left_out: Mapping[str, str] | None = None) -> None:
        self.rows = {row.post_id: row for row in rows}
        self.left_out = dict(left_out or {})

    @property
    def due(self) -> list[Row]:
        """The rows to publish now: a repost follows the verdict on the post with the same bytes."""
        answered = {row.scene.name for row in self.rows.values() if row.verdict is not None}
        waiting = [row for row in self.rows.values() if row.published_at is None]
        return [row for row in waiting if row.scene.reposts is None or row.scene.reposts in answered]

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
                    row.answered_after = _since(row.published_at, now)
            case PostTagged():
                row = self.rows[event.post_id]
                row.tag = event.tag if event.action is TagAction.ADD else None
                row.tagged_after = row.tagged_after or _since(row.published_at, now)
            case CaseChanged():
                self.rows[event.post_id].case = event
            case _:
                raise TypeError(f"the demo does not handle {type(event).__name__}")


def _since(published_at: float | None, now: float) -> float:
    return 0.0 if published_at is None else now - published_at
