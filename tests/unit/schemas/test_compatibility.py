"""Every breaking change of a contract is found; compatible changes pass."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import cli
from schemas.breaking_changes import Direction, Rule
from schemas.compatibility import backward_breaks, find_breaks, forward_breaks
from schemas.contract_releases import breaks_since_release, current_contracts, release, released_contracts
from schemas.errors import IncompatibleContractsError

RELEASED: dict[str, Any] = {
    "type": "object",
    "required": ["id", "kind"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 10, "pattern": "^[a-z]+$"},
        "kind": {"$ref": "#/$defs/Kind"},
        "score": {
            "anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}],
            "default": None,
        },
        "count": {"type": "integer", "default": 0},
        "parts": {"type": "array", "maxItems": 3, "items": {"$ref": "#/$defs/Part"}},
        "times": {"type": "object", "additionalProperties": {"type": "number"}},
        "at": {"type": "string", "format": "date-time"},
    },
    "$defs": {
        "Kind": {"type": "string", "enum": ["a", "b"]},
        "Part": {"type": "object", "required": ["x"], "properties": {"x": {"type": "number"}}},
    },
}

CHANGES = [
    # (name, change, backward breaks, forward breaks); a break is a rule and a path
    ("nothing", {}, [], []),
    ("a new optional property", {"properties.new": {"type": "string"}}, [], []),
    (
        "a new required property",
        {"properties.new": {"type": "string"}, "required": ["id", "kind", "new"]},
        [(Rule.PROPERTY_REQUIRED, "$.new")],
        [],
    ),
    ("a property no longer required", {"required": ["id"]}, [], [(Rule.PROPERTY_REQUIRED, "$.kind")]),
    (
        "an optional property now required",
        {"required": ["id", "kind", "at"]},
        [(Rule.PROPERTY_REQUIRED, "$.at")],
        [],
    ),
    ("an optional property removed", {"properties.at": None}, [], [(Rule.PROPERTY_REMOVED, "$.at")]),
    (
        "a required property removed",
        {"properties.kind": None, "required": ["id"]},
        [],
        [(Rule.PROPERTY_REQUIRED, "$.kind")],
    ),
    ("a value added", {"$defs.Kind.enum": ["a", "b", "c"]}, [], [(Rule.VALUE_REFUSED, "$.kind")]),
    ("a value removed", {"$defs.Kind.enum": ["a"]}, [(Rule.VALUE_REFUSED, "$.kind")], []),
    ("any value allowed", {"$defs.Kind": {"type": "string"}}, [], [(Rule.VALUE_REFUSED, "$.kind")]),
    (
        "an enum replaced by a constant",
        {"$defs.Kind": {"const": "a"}},
        [(Rule.VALUE_REFUSED, "$.kind")],
        [(Rule.TYPE_REFUSED, "$.kind")],
    ),
    ("an upper limit raised", {"properties.id.maxLength": 20}, [], [(Rule.LIMIT_NARROWED, "$.id")]),
    ("an upper limit lowered", {"properties.id.maxLength": 5}, [(Rule.LIMIT_NARROWED, "$.id")], []),
    ("an upper limit removed", {"properties.id.maxLength": None}, [], [(Rule.LIMIT_NARROWED, "$.id")]),
    ("a lower limit raised", {"properties.id.minLength": 2}, [(Rule.LIMIT_NARROWED, "$.id")], []),
    ("a lower limit lowered", {"properties.id.minLength": 0}, [], [(Rule.LIMIT_NARROWED, "$.id")]),
    ("fewer items", {"properties.parts.maxItems": 2}, [(Rule.LIMIT_NARROWED, "$.parts")], []),
    (
        "another pattern",
        {"properties.id.pattern": "^[a-z0-9]+$"},
        [(Rule.CONSTRAINT_CHANGED, "$.id")],
        [(Rule.CONSTRAINT_CHANGED, "$.id")],
    ),
    ("a pattern removed", {"properties.id.pattern": None}, [], [(Rule.CONSTRAINT_CHANGED, "$.id")]),
    ("a format added", {"properties.id.format": "uuid"}, [(Rule.CONSTRAINT_CHANGED, "$.id")], []),
    (
        "an unknown keyword",
        {"properties.count.multipleOf": 2},
        [(Rule.CONSTRAINT_CHANGED, "$.count")],
        [],
    ),
    (
        "another type",
        {"properties.id": {"type": "integer"}},
        [(Rule.TYPE_REFUSED, "$.id")],
        [(Rule.TYPE_REFUSED, "$.id")],
    ),
    (
        "a number instead of an integer",
        {"properties.count.type": "number"},
        [],
        [(Rule.TYPE_REFUSED, "$.count")],
    ),
    (
        "null no longer allowed",
        {"properties.score": {"type": "number", "minimum": 0, "maximum": 1}},
        [(Rule.TYPE_REFUSED, "$.score")],
        [],
    ),
    (
        "null now allowed",
        {"properties.at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}},
        [],
        [(Rule.TYPE_REFUSED, "$.at")],
    ),
    (
        "a limit inside a variant",
        {"properties.score.anyOf": [{"type": "number", "minimum": 0, "maximum": 0.5}, {"type": "null"}]},
        [(Rule.LIMIT_NARROWED, "$.score")],
        [],
    ),
    (
        "inside the items of a list",
        {"$defs.Part.required": ["x", "y"]},
        [(Rule.PROPERTY_REQUIRED, "$.parts[].y")],
        [],
    ),
    (
        "inside the values of a map",
        {"properties.times.additionalProperties": {"type": "integer"}},
        [(Rule.TYPE_REFUSED, "$.times[]")],
        [],
    ),
    ("no unknown properties", {"additionalProperties": False}, [(Rule.CONSTRAINT_CHANGED, "$")], []),
    ("another default", {"properties.count.default": 1}, [(Rule.DEFAULT_CHANGED, "$.count")], []),
    ("other words", {"properties.id.description": "An identifier.", "title": "Event"}, [], []),
]


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the released schema with the values at the dotted paths replaced; ``None`` deletes the value."""
    schema = deepcopy(RELEASED)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = schema
        for name in parents:
            node = node[name]
        if value is None:
            del node[last]
        else:
            node[last] = value
    return schema


@pytest.mark.parametrize(
    ("changes", "backward", "forward"),
    [case[1:] for case in CHANGES],
    ids=[case[0] for case in CHANGES],
)
def test_change(changes: dict[str, Any], backward: list[Any], forward: list[Any]) -> None:
    current = changed(changes)

    assert [(b.rule, b.path) for b in backward_breaks("e", RELEASED, current)] == backward
    assert [(b.rule, b.path) for b in forward_breaks("e", RELEASED, current)] == forward


WIDER = changed({"$defs.Kind.enum": ["a", "b", "c"]})


def test_new_values_from_the_platform_are_compatible() -> None:
    assert find_breaks({"fakeme.posts.created.v1": RELEASED}, {"fakeme.posts.created.v1": WIDER}) == []


def test_new_values_from_fakeme_are_breaking() -> None:
    [found] = find_breaks({"fakeme.media.verdicts.v1": RELEASED}, {"fakeme.media.verdicts.v1": WIDER})

    assert found.direction is Direction.FORWARD
    assert str(found) == ("fakeme.media.verdicts.v1 $.kind: value_refused (forward): ['c'] not in ['a', 'b']")


def test_removing_an_event_is_breaking_and_adding_one_is_not() -> None:
    [found] = find_breaks({"fakeme.posts.created.v1": RELEASED}, {"fakeme.posts.created.v2": RELEASED})

    assert (found.rule, found.event_type) == (Rule.EVENT_REMOVED, "fakeme.posts.created.v1")


def test_current_contracts_have_no_breaking_changes() -> None:
    assert released_contracts().keys() <= current_contracts().keys()
    assert [str(found) for found in breaks_since_release()] == []


def test_released_contracts_are_complete() -> None:
    assert len(released_contracts()) == 11


def test_release_with_breaking_changes_is_rejected(tmp_path: Path) -> None:
    release(tmp_path)
    before = (tmp_path / "fakeme.posts.tags.v1.json").read_text("utf-8")
    (tmp_path / "fakeme.posts.tags.v1.json").write_text(before.replace('"add"', '"put"'), "utf-8")

    with pytest.raises(IncompatibleContractsError, match=r"posts\.tags\.v1 \$\.action: value_refused"):
        release(tmp_path)

    assert '"put"' in (tmp_path / "fakeme.posts.tags.v1.json").read_text("utf-8")


def test_command_lists_no_breaking_changes() -> None:
    listed = CliRunner().invoke(cli, ["schemas", "breaks"])

    assert (listed.exit_code, listed.stdout) == (0, "")
