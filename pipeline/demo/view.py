"""Renders the demo as a live table and a summary, or as JSON."""

from typing import Any

from rich.box import ROUNDED
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipeline.demo.board import Board, Row
from schemas.verdicts import Label

_DECIDER_COLUMNS = 11  # of 80 that the narrow table has: a word fits, two may take two lines
_STYLES = {
    Label.DEEPFAKE: "bold red",
    Label.SUSPECTED: "yellow",
    Label.UNPROCESSABLE: "magenta",
    Label.AUTHENTIC: "green",
    Label.NO_FACE: "cyan",
}


def table(board: Board, *, wide: bool) -> Table:
    """Return a table with one row per post; ``wide`` adds descriptions."""
    posts = Table(title="FakeME: posts in, verdicts, tags and cases out", title_justify="left", box=ROUNDED)
    posts.add_column("")
    posts.add_column("post", no_wrap=True)
    if wide:
        posts.add_column("description")
    posts.add_column("verdict")
    posts.add_column("score", justify="right", no_wrap=True)
    posts.add_column("decided by", max_width=None if wide else _DECIDER_COLUMNS)
    posts.add_column("tag, case")
    posts.add_column("time", justify="right", no_wrap=True)
    for row in board.rows.values():
        description = (row.scene.description,) if wide else ()
        posts.add_row(_mark(row), row.scene.name, *description, *_outcome(row))
    return posts


def summary(board: Board, seconds: float) -> Panel:
    """Return a summary of the results."""
    rows = list(board.rows.values())
    unexpected = [row for row in rows if not row.as_expected]
    times = sorted(row.answered_after for row in rows if row.answered_after is not None)
    counts = [
        f"{sum(row.verdict is not None and row.verdict.label is label for row in rows)} {label.value}"
        for label in _STYLES
    ]
    lines = [
        Text(f"{len(rows)} posts: {', '.join(counts)}"),
        Text(
            f"{sum(row.tag is not None for row in rows)} tagged, "
            f"{sum(row.case is not None for row in rows)} with a case for moderators, "
            f"{sum(row.reused for row in rows)} answered from an earlier analysis"
        ),
    ]
    if times:
        lines.append(
            Text(
                f"first verdict after {times[0]:.2f} s, last after {times[-1]:.2f} s, all in {seconds:.1f} s"
            )
        )
    lines += [Text(f"left out: {name} ({reason})") for name, reason in board.left_out.items()]
    if unexpected:
        lines.append(
            Text(f"not as expected: {', '.join(row.scene.name for row in unexpected)}", style="bold red")
        )
    else:
        lines.append(Text("all results as expected", style="bold green"))
    return Panel(Group(*lines), title="summary", title_align="left", expand=False)


def document(board: Board, seconds: float) -> dict[str, Any]:
    """Return the results as JSON; scores are probabilities, times are in seconds."""
    return {
        "posts": [_record(row) for row in board.rows.values()],
        "left_out": board.left_out,
        "seconds": round(seconds, 3),
        "as_expected": board.as_expected,
    }


def _mark(row: Row) -> Text:
    if row.as_expected:
        return Text("✓", style="green")
    return Text("✗", style="red") if row.complete else Text("·", style="dim")


def _outcome(row: Row) -> tuple[str | Text, ...]:
    verdict = row.verdict
    if verdict is None:
        return Text("…", style="dim"), "", "", "", ""
    label = Text(verdict.label.value, style=_STYLES[verdict.label])
    if verdict.reason is not None:
        label.append(f" ({verdict.reason.value})", style="dim")
    return (
        label,
        "" if verdict.score is None else f"{verdict.score:.3f}",
        _decider(row),
        "\n".join(filter(None, (row.tag, _case(row)))),
        "" if row.answered_after is None else f"{row.answered_after:.1f} s",
    )


def _decider(row: Row) -> Text:
    """Return who decided, and in brackets whose findings are shown without deciding."""
    decider = Text((row.decided_by or "").replace("_", " "))
    others = [signal for signal in row.findings if signal != row.decided_by]
    if others:
        decider.append(f" ({', '.join(others)})".replace("_", " "), style="dim")
    return decider


def _case(row: Row) -> str:
    return f"{row.case.state.value} ({row.case.priority:.0f})" if row.case else ""


def _record(row: Row) -> dict[str, Any]:
    verdict = row.verdict
    return {
        "name": row.scene.name,
        "post_id": row.post_id,
        "expected": sorted(label.value for label in row.scene.expected),
        "verdict": verdict and verdict.label.value,
        "reason": verdict and verdict.reason and verdict.reason.value,
        "score": verdict and verdict.score,
        "decided_by": row.decided_by,
        "expected_decided_by": row.scene.decided_by,
        "findings": row.findings,
        "reused": row.reused,
        "tag": row.tag,
        "case": row.case and str(row.case.case_id),
        "answered_after": row.answered_after and round(row.answered_after, 3),
        "tagged_after": row.tagged_after and round(row.tagged_after, 3),
        "as_expected": row.as_expected,
    }
