"""Models and their comparison as operators see them: tables, or documents for programs."""

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from schemas.verdicts import SEVERITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.model_store import KnownModel
    from pipeline.operations.model_comparison import Comparison, Pair

_SHOWN_METRICS = ("auc", "ece")  # of many; the whole list is in the card


def models_table(known: "Sequence[KnownModel]", default: str) -> Table:
    """One line a model; the default has a star."""
    table = Table()
    for name in ("model", "source", "thresholds", "metrics"):
        table.add_column(name, no_wrap=True)
    table.add_column("licence", max_width=14, no_wrap=True, overflow="ellipsis")  # whole in the document
    for each in known:
        entry = each.entry
        table.add_row(
            Text(f"{entry.name}\n@{entry.version}" + (" *" if entry.reference == default else "")),
            each.source.value + ("" if each.present else "\nnot here"),
            _thresholds(each),
            "\n".join(
                f"{name} {entry.metrics[name]:.3f}" for name in _SHOWN_METRICS if name in entry.metrics
            ),
            Text(entry.licence),
        )
    return table


def model_document(known: "KnownModel", default: str) -> dict[str, Any]:
    """The whole entry, with where it is and whether it judges by default."""
    return {
        **known.entry.model_dump(mode="json", exclude_none=True),
        "source": known.source.value,
        "folder": str(known.folder),
        "present": known.present,
        "default": known.entry.reference == default,
    }


def comparison_view(comparison: "Comparison", limit: int) -> Group:
    """The figures, the labels of both, and the most different media."""
    verdict, shadow = comparison.models
    summary = (
        f"{verdict} judges, {shadow} is on trial\n"
        f"{len(comparison.pairs)} media, {comparison.agreeing:.1%} with the same label, "
        f"correlation of scores {_number(comparison.score_correlation)}, "
        f"mean difference {_number(comparison.mean_difference)}"
    )
    return Group(Text(summary), _labels(comparison), _different(comparison.most_different(limit)))


def _labels(comparison: "Comparison") -> Table:
    table = Table("verdict \\ shadow", title="labels", title_justify="left")
    for label in SEVERITY:
        table.add_column(label.value, justify="right")
    counts = comparison.agreement
    for first in SEVERITY:
        table.add_row(first.value, *(str(counts[first.value, second.value] or "") for second in SEVERITY))
    return table


def _different(pairs: "Sequence[Pair]") -> Table:
    table = Table("verdict", "shadow", "post", "media", title="most different", title_justify="left")
    for pair in pairs:
        table.add_row(
            f"{pair.verdict.label.value} {_number(pair.verdict.score)}",
            f"{pair.shadow.label.value} {_number(pair.shadow.score)}",
            Text(pair.post_id),
            Text(pair.verdict.uri, overflow="fold"),
        )
    return table


def _thresholds(known: "KnownModel") -> str:
    if not known.entry.serving.get("calibrated", True):
        return "UNCALIBRATED:\nnever tags"
    return "\n".join(f"{name} {value:.3f}" for name, value in known.entry.thresholds.items())


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
