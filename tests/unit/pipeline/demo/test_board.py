"""What the board of the demo expects, publishes and shows."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from pipeline.demo.board import Board, Row
from pipeline.demo.scenario import SCENES
from pipeline.demo.view import document, summary, table
from schemas.verdicts import Label, SignalFinding, TriggerKind
from tests.unit.pipeline.demo.demo_verdicts import finding, verdict

BY_NAME = {scene.name: scene for scene in SCENES}
MARK = finding("watermark", Label.DEEPFAKE, decisive=True)
SIGNATURE = finding("credentials", Label.DEEPFAKE, decisive=True)
TRACES = finding("metadata")


def row(name: str, *signals: SignalFinding, label: Label, score: float | None = None) -> Row:
    """A row with a verdict and the tag that must follow."""
    tag = "#Deepfake" if label is Label.DEEPFAKE else None
    answer = verdict(label, *signals, score=score)
    return Row(BY_NAME[name], name, 0.0, verdicts={TriggerKind.CREATED: answer}, tag=tag, answered_after=12.3)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (row("marked", MARK, label=Label.DEEPFAKE), True),
        (row("marked", SIGNATURE, label=Label.DEEPFAKE), False),
        (row("marked", label=Label.DEEPFAKE, score=1.0), False),
        (row("signed", SIGNATURE, label=Label.DEEPFAKE), True),
        (row("portrait", label=Label.AUTHENTIC, score=0.1), True),
        (row("retouched", MARK, label=Label.DEEPFAKE), False),
        (row("traces", TRACES, label=Label.NO_FACE), True),
        (row("traces", label=Label.NO_FACE), False),
    ],
)
def test_the_wrong_decider_and_a_missing_finding_are_not_as_expected(found: Row, expected: bool) -> None:
    assert found.complete
    assert found.as_expected is expected


def test_a_repost_is_due_after_the_verdict_on_the_first_post() -> None:
    first, repost = Row(BY_NAME["swapped"], "a"), Row(BY_NAME["repost"], "b")
    board = Board([first, repost])
    assert board.due == [first]

    first.published_at = 0.0
    assert board.due == []

    board.add(verdict(Label.SUSPECTED, score=0.8, post_id="a"), now=1.0)
    assert board.due == [repost]


def test_a_report_is_due_once_after_the_verdict() -> None:
    reported = Row(BY_NAME["reported"], "a", published_at=0.0)
    assert not reported.report_is_due

    Board([reported]).add(verdict(Label.AUTHENTIC, score=0.1, post_id="a"), now=1.0)
    assert reported.report_is_due
    assert not replace(reported, reported=True).report_is_due


def screen(board: Board, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(table(board, wide=width >= 120), summary(board, 12.3))
    return console.export_text()


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_says_who_decided_and_cuts_no_word(width: int) -> None:
    board = Board(
        [
            row("marked", TRACES, MARK, label=Label.DEEPFAKE),
            row("signed", SIGNATURE, label=Label.DEEPFAKE),
            row("forged-video", label=Label.UNPROCESSABLE, score=0.123),
            row("traces", TRACES, label=Label.NO_FACE),
        ],
        {"known": "no reason"},
    )

    shown = screen(board, width)

    assert all(
        word in shown for word in ("decided by", "watermark", "credentials", "(metadata)", "#Deepfake")
    )
    assert "unprocessable" in shown
    assert "…" not in shown
    assert "left out: known (no reason)" in shown
    assert max(map(len, shown.splitlines())) <= width


def test_json_says_who_decided_and_what_was_found() -> None:
    board = Board([row("marked", TRACES, MARK, label=Label.DEEPFAKE)], {"known": "no reason"})

    found = document(board, 1.0)

    (post,) = found["posts"]
    assert (post["decided_by"], post["expected_decided_by"]) == ("watermark", "watermark")
    assert post["findings"] == {"metadata": "what metadata found", "watermark": "what watermark found"}
    assert found["left_out"] == {"known": "no reason"}
