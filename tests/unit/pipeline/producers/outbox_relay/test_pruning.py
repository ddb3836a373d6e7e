from datetime import timedelta

import pytest
from pydantic import ValidationError

from pipeline.producers.outbox_relay.pruning import retentions
from pipeline.settings import RetentionSettings

DEFAULTS = {"idempotent_requests": 1, "outbox": 7, "media_objects": 90}


@pytest.mark.parametrize(
    ("settings", "days"),
    [
        ({}, DEFAULTS),
        ({"outbox_days": 1}, {**DEFAULTS, "outbox": 1}),
        ({"reports_days": 31}, {**DEFAULTS, "reports": 31, "surges": 31}),
        (
            {"posts_days": 365, "verdicts_days": 400, "analyses_days": 32},
            {**DEFAULTS, "posts": 365, "verdicts": 400, "media_analyses": 32},
        ),
    ],
)
def test_tables_without_a_retention_are_not_pruned(settings: dict[str, int], days: dict[str, int]) -> None:
    kept_for = retentions(RetentionSettings.model_validate(settings))

    assert kept_for == {table: timedelta(days=number) for table, number in days.items()}


@pytest.mark.parametrize("setting", ["analyses_days", "posts_days", "reports_days", "verdicts_days"])
@pytest.mark.parametrize("days", [-1, 1, 30])
def test_what_events_of_the_last_month_need_cannot_be_pruned(setting: str, days: int) -> None:
    with pytest.raises(ValidationError, match=r"31 days|greater than or equal to 0"):
        RetentionSettings.model_validate({setting: days})
