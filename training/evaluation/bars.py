"""What a detector must reach, and whether it does. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
        _below("Calibration error (ECE)", everything.measures["ECE"], ECE),
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


def _fairness(attribute: str, groups: Sequence[Row]) -> list[Bar]:
    rows = [row for row in groups if row.kind == attribute]
    names = (f"Worst FPR by {attribute}, over the mean", f"AUC gap by {attribute}")
    wanted = (f"≤ {FPR_RATIO:g}", f"≤ {AUC_GAP:g}")
    if len(rows) < 2:
        missing = "no two groups known in these data"
        return [
            Bar(name, limit, float("nan"), None, note=missing)
            for name, limit in zip(names, wanted, strict=True)
        ]
    rates = np.array([row.measures["FPR at tag"].value for row in rows])
    areas = np.array([row.measures["AUC"].value for row in rows])
    ratio = float(rates.max() / rates.mean()) if rates.any() else float("nan")
    gap = float(areas.max() - areas.min())
    expected = float(rates.mean()) * min(row.pictures for row in rows)
    worst = rows[int(rates.argmax())].name
    note = f"worst: {worst}" if rates.any() else "no false alarm in any group"
    if rates.any() and expected < FEWEST_EXPECTED:
        note += f"; too few false alarms to tell (about {expected:.1f} expected in the smallest group)"
    passed = ratio <= FPR_RATIO if rates.any() else True
    return [
        Bar(names[0], wanted[0], ratio, passed, note=note),
        Bar(names[1], wanted[1], gap, gap <= AUC_GAP, note=f"lowest: {rows[int(areas.argmin())].name}"),
    ]
