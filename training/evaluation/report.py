"""Write a result as a folder: a self-contained ``index.html``, ``figures/*.svg`` and ``report.json``."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from math import isnan
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training.evaluation.bootstrap import Estimate
from training.evaluation.breakdown import Row
from training.evaluation.examples import Gallery
from training.evaluation.figures import figures
from training.evaluation.requirements import Requirement
from training.evaluation.result import Result

TEMPLATE = "report.html.jinja"
HERE = Path(__file__).parent


def number(value: float) -> str:
    """Return the value with three decimals, or a dash if it is NaN."""
    return "–" if isnan(value) else f"{value:.3f}".replace("-", "−")


def percent(value: float) -> str:
    """Return a share in percent, with more decimals if it is small."""
    if isnan(value):
        return "–"
    return f"{100 * value:.1f} %" if value >= 0.01 or value == 0 else f"{100 * value:.2f} %"


def signed(value: float) -> str:
    return "–" if isnan(value) else f"{value:+.3f}".replace("-", "−")


def interval(estimate: Estimate, unit: str = "number") -> str:
    """Return the ends of the interval, or "" if there is none."""
    if isnan(estimate.low) or estimate.low == estimate.high:
        return ""
    text = {"number": number, "percent": percent, "signed": signed}[unit]
    return f"{text(estimate.low).removesuffix(' %')} to {text(estimate.high)}"


def by_kind(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """Group consecutive rows of the same kind."""
    return [(kind, list(group)) for kind, group in groupby(rows, key=lambda row: row.kind)]


def verdict(requirement: Requirement) -> str:
    return {True: "pass", False: "fail", None: "not measured"}[requirement.passed]


def render(result: Result, drawings: Mapping[str, str], gallery: Gallery | None) -> str:
    """Return the report as one HTML page."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number,
        percent=percent,
        signed=signed,
        interval=interval,
        verdict=verdict,
        by_kind=by_kind,
    )
    return environment.get_template(TEMPLATE).render(
        result=result,
        models=result.models,
        first=result.models[0],
        figures={name: Markup(drawing) for name, drawing in drawings.items()},  # noqa: S704 - made by figures.py
        gallery=gallery,
    )


def write(result: Result, folder: Path, gallery: Gallery | None = None) -> Sequence[Path]:
    """Write the report to ``folder``, replacing an existing one, and return the written paths."""
    drawings = figures(result.models)
    files = {
        folder / "index.html": render(result, drawings, gallery),
        folder / "report.json": result.document(),
        **{folder / "figures" / f"{name}.svg": drawing for name, drawing in drawings.items()},
    }
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        path.write_text(content, encoding="utf-8")
    return list(files)
