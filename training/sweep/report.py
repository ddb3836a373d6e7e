"""Write the report of a sweep: ``index.html``, ``sweep.svg``, ``trials.csv`` and ``best.toml``."""

import csv
import io
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from optuna.trial import FrozenTrial, TrialState

from training.sweep.plots import draw_sweep
from training.sweep.space import SPACE, run_length

TEMPLATE = "report.html.jinja"
MIN_TRIALS_FOR_IMPORTANCE = 8  # twice the number of hyperparameters; with fewer, importances are mostly noise
_TABLE = re.compile(r"^\s*\[", re.MULTILINE)

Row = dict[str, object]


def write_report(study: optuna.Study, plan: Path, out: Path) -> None:
    """Write the report of the trials so far; ``plan`` is the TOML file of the run to tune."""
    trials = [trial for trial in study.trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    rows = [row_of(trial) for trial in trials]
    best = study.best_trial if any(trial.state is TrialState.COMPLETE for trial in trials) else None
    if best is not None:
        text = plan.read_text()
        _replace(out / "best.toml", with_values(text, best_changes(tomllib.loads(text), best.params)))
    _replace(out / "trials.csv", _csv(rows))
    draw_sweep(trials, importances(study), out / "sweep.svg")
    _replace(out / "index.html", _page(study, plan, rows, best, out))


def best_changes(plan: Mapping[str, Any], point: Mapping[str, float]) -> dict[str, str | None]:
    """Return the plan's changed values as TOML; None removes a key.

    If the plan sets ``minutes``, they are scaled by the point's share of the longest trial's epochs.
    """
    changes = {**point, **run_length(point["epochs"], plan.get("minutes"))}
    values = {name: None if value is None else repr(value) for name, value in changes.items()}
    return values | {"run": json.dumps(f"{plan['run']}-best")}  # the plan's own folder has another state


def row_of(trial: FrozenTrial) -> Row:
    """Return a trial as a row of the table; a pruned trial has its last value."""
    attributes = trial.user_attrs
    return {
        "trial": trial.number,
        "auc": _value(trial),
        "loss": attributes.get("loss"),
        "accuracy": attributes.get("accuracy"),
        **{name: trial.params.get(name) for name in SPACE},
        "pictures": attributes.get("pictures"),
        "seconds": attributes.get("seconds"),
        "ended": f"{attributes['ended at']:.0%}, {attributes['ended for']}"
        if "ended at" in attributes
        else "",
    }


def importances(study: optuna.Study) -> dict[str, float]:
    """Return each hyperparameter's importance, in sum 1 (PED-ANOVA, Watanabe et al., 2023).

    Empty if too few trials are finished.
    """
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(finished) < MIN_TRIALS_FOR_IMPORTANCE or len({trial.value for trial in finished}) < 2:
        return {}
    return optuna.importance.get_param_importances(study)


def with_values(plan: str, changes: Mapping[str, str | None]) -> str:
    """Return the TOML text with changed values of top-level keys; None removes a key.

    Comments and everything else are unchanged.
    """
    table = _TABLE.search(plan)
    end = table.start() if table else len(plan)
    head, rest = plan[:end], plan[end:]
    for name, value in changes.items():
        line = re.compile(rf"^{name}\s*=[^#\n]*", re.MULTILINE)
        if value is None:
            head = re.sub(rf"^{name}\s*=.*\n?", "", head, flags=re.MULTILINE)
        elif line.search(head):
            head = line.sub(f"{name} = {value} ".replace("\\", r"\\"), head)
        else:
            head = f"{name} = {value}\n{head}"
    return re.sub(r" +$", "", head, flags=re.MULTILINE) + rest


def _value(trial: FrozenTrial) -> float | None:
    if trial.value is not None or not trial.intermediate_values:
        return trial.value
    return trial.intermediate_values[max(trial.intermediate_values)]


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def _page(study: optuna.Study, plan: Path, rows: Sequence[Row], best: FrozenTrial | None, out: Path) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawing = (out / "sweep.svg").read_text()
    return environment.get_template(TEMPLATE).render(
        plan=plan.name,
        rows=sorted(rows, key=lambda row: (row["auc"] is None, -_number(row["auc"]))),
        best=best.number if best else None,
        space=SPACE,
        minutes=study.user_attrs.get("plan", {}).get("minutes of a trial"),
        figure=Markup(drawing[drawing.index("<svg") :]),  # noqa: S704  (made by plots.py)
    )


def _number(value: object) -> float:
    return value if isinstance(value, float) else 0.0


def _replace(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
