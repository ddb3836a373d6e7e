from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.posts import ReportReason
from storage.priority import aged, case_priority

PLAIN: dict[str, Any] = {
    "reasons": (),
    "score": 0.0,
    "reporters": 0,
    "surged": False,
    "appealed": False,
    "escalated": False,
}
FACTS = st.fixed_dictionaries(
    {
        "reasons": st.frozensets(st.sampled_from(ReportReason)),
        "score": st.floats(0, 1),
        "reporters": st.integers(0, 10_000),
        "surged": st.booleans(),
        "appealed": st.booleans(),
        "escalated": st.booleans(),
    }
)


@pytest.mark.parametrize(
    ("facts", "points"),
    [
        ({}, 0.0),
        ({"score": 1.0}, 30.0),
        ({"score": None}, 15.0),
        ({"reasons": [ReportReason.OTHER]}, 5.0),
        ({"reasons": [ReportReason.OTHER, ReportReason.SEXUAL]}, 40.0),
        ({"reasons": [ReportReason.IMPERSONATION, ReportReason.MISINFORMATION]}, 25.0),
        ({"reasons": [ReportReason.UNTAGGED_DEEPFAKE]}, 15.0),
        ({"reporters": 1}, 6.0),
        ({"reporters": 3}, 12.0),
        ({"reporters": 31}, 30.0),
        ({"reporters": 1_000_000}, 30.0),
        ({"surged": True}, 20.0),
        ({"appealed": True}, 10.0),
        ({"escalated": True}, 200.0),
        ({"reasons": [ReportReason.SEXUAL], "score": 0.5, "reporters": 1}, 61.0),
    ],
)
def test_points_of_each_factor(facts: dict[str, Any], points: float) -> None:
    assert case_priority(**(PLAIN | facts)) == pytest.approx(points)


@given(FACTS, FACTS)
def test_priority_is_monotonic_in_every_factor(first: dict[str, Any], second: dict[str, Any]) -> None:
    # given a case with at least as much of each factor as another
    more = {name: max(first[name], second[name]) for name in first if name != "reasons"}
    more["reasons"] = first["reasons"] | second["reasons"]
    # then
    assert case_priority(**more) >= max(case_priority(**first), case_priority(**second))


@given(FACTS)
def test_escalation_outweighs_everything_else(facts: dict[str, Any]) -> None:
    calm = case_priority(**(facts | {"escalated": False}))
    assert 0 <= calm < case_priority(**(PLAIN | {"escalated": True}))


WAITS = st.timedeltas(timedelta(0), timedelta(days=365))


@given(st.floats(0, 330), WAITS, WAITS)
def test_priority_never_falls_with_age(priority: float, age: timedelta, more: timedelta) -> None:
    assert aged(priority, age) <= aged(priority, age + more)


def test_only_escalations_outrank_a_case_that_waited_three_days() -> None:
    most = case_priority(
        reasons=list(ReportReason), score=1.0, reporters=10_000, surged=True, appealed=True, escalated=False
    )
    assert aged(0.0, timedelta(days=3)) > most
