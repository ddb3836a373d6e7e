"""Renders models and their comparison as tables or JSON."""

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from inference.purpose import Purpose
from schemas.verdicts import SEVERITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.model_store import KnownModel
    from pipeline.operations.model_comparison import Comparison, Pair

_SHOWN_METRICS = ("auc", "ece")  # the card has all metrics


def models_table(known: "Sequence[KnownModel]", default: str) -> Table:
    """Return a table with one row per model; the default model has a star."""
    table = Table()
    for name in ("model", "source", "thresholds", "metrics"):
        table.add_column(name, no_wrap=True)
    table.add_column("licence", max_width=14, no_wrap=True, overflow="ellipsis")  # the JSON has all of it
    for model in known:
        entry = model.entry
        table.add_row(
            Text(f"{entry.name}\n@{entry.version}" + (" *" if entry.reference == default else "")),
            model.source.value + ("" if model.present else "\nnot fetched"),
            _thresholds(model),
            "\n".join(
                f"{name} {entry.metrics[name]:.3f}" for name in _SHOWN_METRICS if name in entry.metrics
            ),
            Text(entry.licence),
        )
    return table


def model_document(known: "KnownModel", default: str) -> dict[str, Any]:
    """Return the registry entry of a model, its location, and whether it is the default."""
    return {
        **known.entry.model_dump(mode="json", exclude_none=True),
        "source": known.source.value,
        "folder": str(known.folder),
        "present": known.present,
        "default": known.entry.reference == default,
    }


def comparison_view(comparison: "Comparison", limit: int) -> Group:
    """Return the metrics, the label table and the most different media items."""
    verdict, shadow = comparison.models
    summary = (
        f"serving model {verdict}, shadow model {shadow}\n"
        f"{len(comparison.pairs)} media items, {comparison.agreeing:.1%} with the same label, "
        f"score correlation {_number(comparison.score_correlation)}, "
        f"mean difference {_number(comparison.mean_difference)}"
    )
    return Group(Text(summary), _labels(comparison), _most_different(comparison.most_different(limit)))


def _labels(comparison: "Comparison") -> Table:
    table = Table("verdict \\ shadow", title="labels", title_justify="left")
    for label in SEVERITY:
        table.add_column(label.value, justify="right")
    counts = comparison.agreement
    for label in SEVERITY:
        table.add_row(label.value, *(str(counts[label.value, shadow.value] or "") for shadow in SEVERITY))
    return table


def _most_different(pairs: "Sequence[Pair]") -> Table:
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
    if known.entry.purpose is not Purpose.DETECTOR:
        return "no detector:\n" + known.entry.purpose.value.replace("_", " ")
    if not known.entry.serving.get("calibrated", True):
        return "UNCALIBRATED:\nnever tags"
    return "\n".join(f"{name} {value:.3f}" for name, value in known.entry.thresholds.items())


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
