"""Decode every file of a folder as the workers do, and measure it: ``python -m tests.hostile.judge FOLDER``.

Prints a table with a row for each family, and the files that were not answered as they must be. With the
``index.json`` of :mod:`tests.hostile.corpus`, each file has an expectation; of other folders, each file must
be answered. Exits with 1 if a file was not.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from inference.decision import MIN_DECODED_SHARE
from inference.errors import Unprocessable
from inference.sandbox import Attempt, DecoderPool, Outcome
from tests.hostile.case import Case, Expected

MAX_CPU_SECONDS = 10.0  # for one file, in all attempts
MAX_RSS_BYTES = 800_000_000  # of one decoding process, with the interpreter and its libraries


@dataclass
class Result:
    """What became of one file. ``answer`` is "decoded", or the reason of the refusal."""

    case: Case
    answer: str
    detail: str
    share: float
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def cpu_seconds(self) -> float:
        """CPU time of all attempts."""
        return sum(attempt.cpu_seconds for attempt in self.attempts)

    @property
    def max_rss_bytes(self) -> int:
        """Peak resident memory of the processes that tried."""
        return max((attempt.max_rss_bytes for attempt in self.attempts), default=0)

    def fault(self) -> str:
        """Return what is wrong with this result; "" if nothing is."""
        if self.cpu_seconds > MAX_CPU_SECONDS:
            return f"took {self.cpu_seconds:.1f} s of CPU time"
        if self.max_rss_bytes > MAX_RSS_BYTES:
            return f"took {self.max_rss_bytes / 1e6:.0f} MB"
        decoded = self.answer == Outcome.DECODED
        if self.case.expected is Expected.REFUSED and decoded:
            return "was decoded"
        if self.case.expected is Expected.DECODED and not decoded:
            return f"was refused: {self.answer}"
        if self.case.expected is Expected.NOT_CLEARED and decoded and self.share >= MIN_DECODED_SHARE:
            return f"passes as complete (share {self.share:.2f})"
        return ""


class Judge:
    """Decodes files one by one in confined processes."""

    def __init__(self) -> None:
        self._attempts: list[Attempt] = []
        self._pool = DecoderPool(1, observe=self._attempts.append)

    def judge(self, case: Case) -> Result:
        """Decode one file; any exception but a refusal is a fault of ours and is raised."""
        self._attempts.clear()
        try:
            media = self._pool.decode(case.data, case.declared)
            answer, detail, share = Outcome.DECODED.value, media.fault, media.decoded_share
        except Unprocessable as refusal:
            answer, detail, share = refusal.reason.value, refusal.detail, 0.0
        return Result(case, answer, detail, share, list(self._attempts))

    def close(self) -> None:
        """End the processes."""
        self._pool.close()


def summary(results: Iterable[Result]) -> Table:
    """Return a table with a row for each family."""
    families: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        families[result.case.family].append(result)
    table = Table("family", "files", "decoded", "refused", "stopped", "faults", "max CPU s", "max MB")
    for family, members in families.items():
        decoded = sum(result.answer == Outcome.DECODED for result in members)
        stopped = sum(len(result.attempts) > 1 for result in members)
        table.add_row(
            family,
            str(len(members)),
            str(decoded),
            str(len(members) - decoded),
            str(stopped),
            str(sum(bool(result.fault()) for result in members)),
            f"{max(result.cpu_seconds for result in members):.1f}",
            f"{max(result.max_rss_bytes for result in members) / 1e6:.0f}",
        )
    return table


def cases_in(folder: Path) -> Sequence[Case]:
    """Return the files of a folder, with their expectations if it has an index."""
    index = folder / "index.json"
    if not index.exists():
        return [
            Case("files", path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if path.is_file()
        ]
    return [
        Case(
            entry["family"],
            entry["name"],
            (folder / entry["file"]).read_bytes(),
            Expected(entry["expected"]),
            entry["declared"],
        )
        for entry in json.loads(index.read_text())
    ]


def main(
    folder: Path,
    slowest: Annotated[int, typer.Option(min=0, help="Also list the slowest files.")] = 5,
) -> None:
    """Decode and measure every file of FOLDER."""
    judge = Judge()
    cases = cases_in(folder)
    results = [judge.judge(case) for case in track(cases, "judging", console=Console(stderr=True))]
    judge.close()
    console = Console(soft_wrap=True)
    console.print(summary(results))
    for result in sorted(results, key=lambda result: -result.cpu_seconds)[:slowest]:
        console.print(
            f"slow: {result.case.name}: {result.cpu_seconds:.1f} s, {result.answer}: {result.detail[:100]!r}"
        )
    faults = [result for result in results if result.fault()]
    for result in faults:
        console.print(
            f"fault: {result.case.family}/{result.case.name} {result.fault()}; {result.detail[:100]!r}"
        )
    if faults:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
