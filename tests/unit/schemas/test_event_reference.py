"""docs/events.md describes every event, field and limit."""

import re

from schemas.event_reference import reference
from schemas.topics import EVENT_TOPICS


def test_every_event_has_a_section_with_its_fields() -> None:
    page = reference()

    for topic in EVENT_TOPICS:
        section = page.split(f"\n## {topic.name}\n")[1].split("\n## ")[0]
        assert f"`ce_type`: `{topic.event_type}`" in section
        assert all(f"| `{name}` |" in section for name in topic.contract.model_fields)


def test_reference_shows_limits_and_defaults() -> None:
    page = reference()

    assert "| `media` | list of [Media](#media) | yes | not empty; at most 20 items |" in page
    assert '| `visibility` | [Visibility](#visibility) | no: "public" |' in page
    assert (
        "| `sha256` | string or null | no | `^[0-9a-f]{64}$` | If given, the bytes must match it. |" in page
    )


def test_every_internal_link_targets_a_heading() -> None:
    page = reference()
    headings = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }

    assert set(re.findall(r"\(#([^)]+)\)", page)) <= headings


def test_every_table_row_has_as_many_cells_as_the_header() -> None:
    columns = 0
    for line in reference().splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        cells = len(re.split(r"(?<!\\)\|", line))
        columns = columns or cells
        assert cells == columns, line
