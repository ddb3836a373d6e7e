"""What a detector must reach: each requirement against numbers on both sides of it."""

from dataclasses import replace

import numpy as np
import pytest

from training.evaluation.bars import bars
from training.evaluation.bootstrap import Estimate
from training.evaluation.headline import Cut, Headline
from training.evaluation.rows import Row


def exactly(value):
    return Estimate(value, value, value)


def headline(auc=0.999, accuracy=0.99, ece=0.01):
    cut = Cut("0.5", 0.5, *(exactly(accuracy) for _ in range(4)), confusion=(1, 0, 0, 1))
    return Headline(1, 1, {"AUC": exactly(auc), "ECE": exactly(ece)}, [cut], chance_gap=0.04)


def group(name, auc=0.99, fpr=0.001, kind="population", pictures=100_000):
    return Row(name, kind, 10, pictures, {"AUC": exactly(auc), "FPR at tag": exactly(fpr)})


def condition(name, cost):
    return Row(name, "", 10, 10, {"cost": exactly(cost)})


def judged(*, headlines=None, groups=(), conditions=()):
    families = {"all methods": headline()} | (headlines or {})
    return {bar.name: bar for bar in bars(families, groups, conditions)}


@pytest.mark.parametrize(
    ("name", "family", "found", "passed"),
    [
        ("Unseen methods: accuracy", "unseen", headline(accuracy=0.9478), False),  # to be beaten, not met
        ("Unseen methods: accuracy", "unseen", headline(accuracy=0.9479), True),
        ("Unseen methods: AUC", "unseen", headline(auc=0.98), True),
        ("Unseen methods: AUC", "unseen", headline(auc=0.9799), False),
        ("Trained methods: AUC", "trained", headline(auc=0.995), True),
        ("Trained methods: AUC", "trained", headline(auc=0.99), False),
        ("Calibration error (ECE)", "all methods", headline(ece=0.03), True),
        ("Calibration error (ECE)", "all methods", headline(ece=0.031), False),
    ],
)
def test_measures_of_balanced_sets(name, family, found, passed):
    assert judged(headlines={family: found})[name].passed is passed


@pytest.mark.parametrize(("cost", "passed"), [(-0.01, True), (0.03, True), (0.031, False)])
@pytest.mark.parametrize("name", ["JPEG 50", "1/2 size"])
def test_cost_of_a_condition(name, cost, passed):
    assert judged(conditions=[condition(name, cost)])[f"{name}: AUC lost"].passed is passed


@pytest.mark.parametrize(
    ("rates", "ratio", "passed"),
    [((0.001, 0.001), 1.0, True), ((0.003, 0.001), 1.5, True), ((0.004, 0.001), 1.6, False)],
)
def test_worst_group_against_the_mean(rates, ratio, passed):
    bar = judged(groups=[group(name, fpr=rate) for name, rate in zip("ab", rates, strict=True)])[
        "Worst FPR by population, over the mean"
    ]
    assert bar.value == pytest.approx(ratio)
    assert bar.passed is passed
    assert bar.note == "worst: a"


def test_groups_are_compared_within_their_attribute():
    found = judged(
        groups=[
            group("asian", auc=0.99),
            group("white", auc=0.98),
            group("male", auc=0.96, kind="sex"),
            group("female", auc=0.93, kind="sex"),
        ]
    )
    assert found["AUC gap by population"].passed is True
    assert found["AUC gap by sex"].value == pytest.approx(0.03)
    assert found["AUC gap by sex"].passed is False
    assert found["AUC gap by sex"].note.startswith("lowest: female, of 10 people or more; ")


def test_small_samples_are_said_to_show_gaps_by_chance():
    # given two groups whose AUC is known within .02 to each side
    rows = [replace(group(name), measures={"AUC": Estimate(0.97, 0.95, 0.99), "FPR at tag": exactly(0)})
            for name in "ab"]  # fmt: skip
    found = judged(groups=rows)

    # then the notes tell what such figures show of a model without fault: two values of a standard error of
    # 0.04 / 3.92 are 1.13 times that apart in the mean
    assert "differ by 0.012 where" in found["AUC gap by population"].note
    assert found["Calibration error (ECE)"].note.startswith("2 pictures show 0.040 by chance")


def test_too_few_false_alarms_are_said_to_be_too_few():
    found = judged(groups=[group("a", fpr=0.004, pictures=500), group("b", fpr=0.0, pictures=500)])
    assert (
        "too few false alarms to tell (about 1.0 expected"
        in found["Worst FPR by population, over the mean"].note
    )


def test_no_false_alarm_in_any_group_is_no_comparison():
    bar = judged(groups=[group("a", fpr=0.0), group("b", fpr=0.0)])["Worst FPR by population, over the mean"]
    assert bar.passed is None
    assert bar.note.startswith("no false alarm in any group")


def test_what_was_not_measured_is_neither_passed_nor_short():
    found = judged()
    missing = {name for name, bar in found.items() if bar.passed is None}
    assert missing == set(found) - {"Calibration error (ECE)"}
    assert all(np.isnan(found[name].value) for name in missing)
