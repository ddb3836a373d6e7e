"""What a detector must reach, and whether it does. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.evaluation.bootstrap import Estimate
from training.evaluation.conditions import HALF_SIZE, JPEG_50
from training.evaluation.headline import EVERY_METHOD, Headline
from training.evaluation.methods import Family
from training.evaluation.rows import ATTRIBUTES, Row

ORIGIN_ACCURACY = 0.9478  # what the project that this one goes back to reported, on data that leaked
UNSEEN_AUC, TRAINED_AUC = 0.98, 0.995
FPR_RATIO = 1.5
AUC_GAP = 0.02
ECE = 0.03
CONDITION_COST = 0.03
# False alarms that a group of average rate would have; with fewer, the ratio is a matter of luck.
FEWEST_EXPECTED = 5
INTERVAL_WIDTH = 3.92  # standard errors from end to end of a 95 % interval
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Bar:
    """One requirement: ``passed`` is None where it could not be measured; ``note`` says what to know."""

    name: str
    wanted: str
    value: float
    passed: bool | None
    low: float = float("nan")
    high: float = float("nan")
    note: str = ""


def bars(headlines: Mapping[str, Headline], groups: Sequence[Row], conditions: Sequence[Row]) -> list[Bar]:
    """Return every requirement with the number found."""
    unseen, trained = headlines.get(Family.UNSEEN), headlines.get(Family.TRAINED)
    everything = headlines[EVERY_METHOD]
    accuracy = unseen.cuts[0].accuracy if unseen else None
    costs = {row.name: row.measures["cost"] for row in conditions}
    return [
        _above("Unseen methods: accuracy", accuracy, ORIGIN_ACCURACY, strictly=True),
        _above("Unseen methods: AUC", unseen.measures["AUC"] if unseen else None, UNSEEN_AUC),
        _above("Trained methods: AUC", trained.measures["AUC"] if trained else None, TRAINED_AUC),
        *(bar for attribute in ATTRIBUTES.values() for bar in _fairness(attribute, groups)),
        _calibration(everything),
        *(_below(f"{name}: AUC lost", costs.get(name), CONDITION_COST) for name in (JPEG_50, HALF_SIZE)),
    ]


def _above(name: str, found: Estimate | None, least: float, strictly: bool = False) -> Bar:
    wanted = f"{'>' if strictly else '≥'} {least:g}"
    if found is None:
        return Bar(name, wanted, float("nan"), None, note="not measured")
    passed = found.value > least if strictly else found.value >= least
    return Bar(name, wanted, found.value, passed, found.low, found.high)


def _below(name: str, found: Estimate | None, most: float) -> Bar:
    if found is None:
        return Bar(name, f"≤ {most:g}", float("nan"), None, note="not measured")
    return Bar(name, f"≤ {most:g}", found.value, found.value <= most, found.low, found.high)


def _calibration(everything: Headline) -> Bar:
    bar = _below("Calibration error (ECE)", everything.measures["ECE"], ECE)
    pictures = everything.reals + everything.forgeries
    note = f"{pictures} pictures show {everything.chance_gap:.3f} by chance where every probability is right"
    return replace(bar, note=note)


def _fairness(attribute: str, groups: Sequence[Row]) -> list[Bar]:
    rows = [row for row in groups if row.kind == attribute]
    ratio = Bar(f"Worst FPR by {attribute}, over the mean", f"≤ {FPR_RATIO:g}", float("nan"), None)
    gap = Bar(f"AUC gap by {attribute}", f"≤ {AUC_GAP:g}", float("nan"), None)
    if len(rows) < 2:
        return [replace(bar, note="no two groups known in these data") for bar in (ratio, gap)]
    return [_with_worst_rate(ratio, rows), _with_gap(gap, rows)]


def _with_worst_rate(bar: Bar, rows: Sequence[Row]) -> Bar:
    rates = np.array([row.measures["FPR at tag"].value for row in rows])
    if not rates.any():
        return replace(bar, note="no false alarm in any group, so nothing to compare")
    value = float(rates.max() / rates.mean())
    note = f"worst: {rows[int(rates.argmax())].name}"
    expected = float(rates.mean()) * min(row.pictures for row in rows)
    if expected < FEWEST_EXPECTED:
        note += f"; too few false alarms to tell (about {expected:.1f} expected in the smallest group)"
    return replace(bar, value=value, passed=value <= FPR_RATIO, note=note)


def _with_gap(bar: Bar, rows: Sequence[Row]) -> Bar:
    areas = np.array([row.measures["AUC"].value for row in rows])
    value = float(areas.max() - areas.min())
    note = f"lowest: {rows[int(areas.argmin())].name}, of {min(row.people for row in rows)} people or more"
    note += f"; groups so small differ by {_gap_by_chance(rows):.3f} where the model is alike to all"
    return replace(bar, value=value, passed=value <= AUC_GAP, note=note)


def _gap_by_chance(rows: Sequence[Row]) -> float:
    """Return the mean gap between groups' AUCs that only their intervals' widths would bring about."""
    areas = [row.measures["AUC"] for row in rows]
    errors = np.array([(area.high - area.low) / INTERVAL_WIDTH for area in areas])
    drawn = np.random.default_rng(0).standard_normal((DRAWS, len(rows))) * errors
    return float(np.ptp(drawn, axis=1).mean())
