"""Requirements: each is checked with values on both sides of its limit."""

from dataclasses import replace

import numpy as np
import pytest

from training.evaluation.bootstrap import Estimate
from training.evaluation.breakdown import Row
from training.evaluation.headline import Cut, Headline
from training.evaluation.requirements import check_requirements


def exactly(value):
    return Estimate(value, value, value)


def headline(auc=0.999, accuracy=0.99, ece=0.01):
    cut = Cut("0.5", 0.5, *(exactly(accuracy) for _ in range(4)), confusion=(1, 0, 0, 1))
    return Headline(1, 1, {"AUC": exactly(auc), "ECE": exactly(ece)}, [cut], chance_gap=0.04)


def group(name, auc=0.99, fpr=0.001, kind="population", pictures=100_000):
    return Row(name, kind, 10, pictures, {"AUC": exactly(auc), "FPR at tag": exactly(fpr)})


def condition(name, cost):
    return Row(name, "", 10, 10, {"cost": exactly(cost)})


def check(*, headlines=None, groups=(), conditions=()):
    families = {"all methods": headline()} | (headlines or {})
    return {requirement.name: requirement for requirement in check_requirements(families, groups, conditions)}


@pytest.mark.parametrize(
    ("name", "family", "metrics", "passed"),
    [
        ("Unseen methods: accuracy", "unseen", headline(accuracy=0.9478), False),  # must be exceeded
        ("Unseen methods: accuracy", "unseen", headline(accuracy=0.9479), True),
        ("Unseen methods: AUC", "unseen", headline(auc=0.98), True),
        ("Unseen methods: AUC", "unseen", headline(auc=0.9799), False),
        ("Trained methods: AUC", "trained", headline(auc=0.995), True),
        ("Trained methods: AUC", "trained", headline(auc=0.99), False),
        ("Calibration error (ECE)", "all methods", headline(ece=0.03), True),
        ("Calibration error (ECE)", "all methods", headline(ece=0.031), False),
    ],
)
def test_metrics_of_balanced_sets(name, family, metrics, passed):
    assert check(headlines={family: metrics})[name].passed is passed


@pytest.mark.parametrize(("cost", "passed"), [(-0.01, True), (0.03, True), (0.031, False)])
@pytest.mark.parametrize("name", ["JPEG 50", "1/2 size"])
def test_cost_of_a_condition(name, cost, passed):
    assert check(conditions=[condition(name, cost)])[f"{name}: AUC lost"].passed is passed


@pytest.mark.parametrize(
    ("rates", "ratio", "passed"),
    [((0.001, 0.001), 1.0, True), ((0.003, 0.001), 1.5, True), ((0.004, 0.001), 1.6, False)],
)
def test_worst_group_against_the_mean(rates, ratio, passed):
    requirement = check(groups=[group(name, fpr=rate) for name, rate in zip("ab", rates, strict=True)])[
        "Worst FPR by population, over the mean"
    ]
    assert requirement.value == pytest.approx(ratio)
    assert requirement.passed is passed
    assert requirement.note == "worst: a"


def test_groups_are_compared_within_their_attribute():
    requirements = check(
        groups=[
            group("asian", auc=0.99),
            group("white", auc=0.98),
            group("male", auc=0.96, kind="sex"),
            group("female", auc=0.93, kind="sex"),
        ]
    )
    assert requirements["AUC gap by population"].passed is True
    assert requirements["AUC gap by sex"].value == pytest.approx(0.03)
    assert requirements["AUC gap by sex"].passed is False
    assert requirements["AUC gap by sex"].note.startswith("lowest: female; smallest group: 10 people; ")


def test_notes_state_the_gap_expected_by_chance():
    # given two groups whose AUC has an interval of ± .02
    rows = [replace(group(name), measures={"AUC": Estimate(0.97, 0.95, 0.99), "FPR at tag": exactly(0)})
            for name in "ab"]  # fmt: skip
    requirements = check(groups=rows)

    # then the notes state what a perfect model would show: two values with a standard error of 0.04 / 3.92
    # differ by 1.13 times that on average
    assert "differ by 0.012 on average by chance" in requirements["AUC gap by population"].note
    assert requirements["Calibration error (ECE)"].note == (
        "a perfectly calibrated model shows 0.040 by chance on 2 pictures"
    )


def test_note_warns_about_too_few_false_alarms():
    requirements = check(groups=[group("a", fpr=0.004, pictures=500), group("b", fpr=0.0, pictures=500)])
    assert (
        "too few false alarms to compare (about 1.0 expected"
        in requirements["Worst FPR by population, over the mean"].note
    )


def test_without_false_alarms_groups_are_not_compared():
    requirement = check(groups=[group("a", fpr=0.0), group("b", fpr=0.0)])[
        "Worst FPR by population, over the mean"
    ]
    assert requirement.passed is None
    assert requirement.note.startswith("no false alarm in any group")


def test_unmeasured_requirements_neither_pass_nor_fail():
    requirements = check()
    missing = {name for name, requirement in requirements.items() if requirement.passed is None}
    assert missing == set(requirements) - {"Calibration error (ECE)"}
    assert all(np.isnan(requirements[name].value) for name in missing)
