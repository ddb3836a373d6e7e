"""A result as a folder: ``index.html`` with everything in it, the figures beside it, ``report.json``."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from math import isnan
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training.evaluation.bars import Bar
from training.evaluation.bootstrap import Estimate
from training.evaluation.examples import Gallery
from training.evaluation.figures import figures
from training.evaluation.result import Result
from training.evaluation.rows import Row

TEMPLATE = "report.html.jinja"
HERE = Path(__file__).parent


def number(value: float) -> str:
    """Return a measure with three digits, a dash where there is none."""
    return "–" if isnan(value) else f"{value:.3f}".replace("-", "−")


def percent(value: float) -> str:
    """Return a share in percent, finer where it is small."""
    if isnan(value):
        return "–"
    return f"{100 * value:.1f} %" if value >= 0.01 or value == 0 else f"{100 * value:.2f} %"


def signed(value: float) -> str:
    return "–" if isnan(value) else f"{value:+.3f}".replace("-", "−")


def interval(found: Estimate, shown: str = "number") -> str:
    """Return the ends of the interval, "" where it has none."""
    if isnan(found.low) or found.low == found.high:
        return ""
    text = {"number": number, "percent": percent, "signed": signed}[shown]
    return f"{text(found.low).removesuffix(' %')} to {text(found.high)}"


def by_kind(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """Return neighbours of one kind together, in their order."""
    return [(kind, list(same)) for kind, same in groupby(rows, key=lambda row: row.kind)]


def verdict(bar: Bar) -> str:
    return {True: "pass", False: "short", None: "not measured"}[bar.passed]


def page(result: Result, drawn: Mapping[str, str], gallery: Gallery | None) -> str:
    """Return the report as one HTML file."""
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
        figures={name: Markup(drawing) for name, drawing in drawn.items()},  # noqa: S704 - drawn here
        gallery=gallery,
    )


def write(result: Result, folder: Path, gallery: Gallery | None = None) -> Sequence[Path]:
    """Write the report to ``folder``, replacing one that is there; returns what was written."""
    drawn = figures(result.models)
    files = {
        folder / "index.html": page(result, drawn, gallery),
        folder / "report.json": result.document(),
        **{folder / "figures" / f"{name}.svg": drawing for name, drawing in drawn.items()},
    }
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        path.write_text(content, encoding="utf-8")
    return list(files)
