"""Compares two JSON Schemas: is every document that one allows accepted by the other?

Supports the keywords that pydantic writes; a change of any other keyword counts as breaking. Recursive types
are not supported, because the comparison would not terminate.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from schemas.breaking_changes import BreakingChange, Direction, Rule
from schemas.jsonschemas import Schema, resolve

# Keywords that do not affect validation.
_ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "examples", "default"})
_UPPER_LIMITS = frozenset({"maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties"})
_LOWER_LIMITS = frozenset({"minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties"})
_STRUCTURE = frozenset(
    {"type", "enum", "const", "anyOf", "properties", "required", "items", "additionalProperties"}
)


@dataclass(frozen=True)
class SchemaDiff:
    """Compares what the schema ``written`` allows with what the schema ``read`` accepts, at one ``path``.

    The roots hold the ``$defs`` of both sides. At the top level they are the schemas themselves.
    """

    event_type: str
    direction: Direction
    written: Schema
    read: Schema
    path: str = "$"
    written_root: Schema | None = None
    read_root: Schema | None = None

    def breaks(self) -> Iterator[BreakingChange]:
        """Yield each reason why a reader would reject or misread a document; nothing if it accepts all."""
        written = resolve(self.written, self.written_root or self.written)
        read = resolve(self.read, self.read_root or self.read)
        here = replace(
            self,
            written=written,
            read=read,
            written_root=self.written_root or self.written,
            read_root=self.read_root or self.read,
        )
        if "anyOf" in written or "anyOf" in read:
            yield from here._variants()
        else:
            yield from here._plain()
        yield from here._default()

    def _plain(self) -> Iterator[BreakingChange]:
        if not _type_accepted(self.written.get("type"), self.read.get("type")):
            yield self._break(
                Rule.TYPE_REFUSED, f"{self.written.get('type', 'anything')} is not {self.read['type']}"
            )
            return
        yield from self._values()
        yield from self._limits()
        yield from self._constraints()
        yield from self._properties()
        yield from self._members("items")
        yield from self._members("additionalProperties")

    def _variants(self) -> Iterator[BreakingChange]:
        """Each written variant must be fully accepted by at least one variant of the reader."""
        readable = self.read.get("anyOf", [self.read])
        for variant in self.written.get("anyOf", [self.written]):
            attempts = [list(replace(self, written=variant, read=reader).breaks()) for reader in readable]
            if not all(attempts):
                continue
            same_type = [found for found in attempts if all(b.rule is not Rule.TYPE_REFUSED for b in found)]
            yield from min(same_type or attempts, key=len)

    def _values(self) -> Iterator[BreakingChange]:
        written, read = _values(self.written), _values(self.read)
        if read is None:
            return
        if written is None:
            yield self._break(Rule.VALUE_REFUSED, f"any value is allowed, but readers know only {read}")
            return
        unknown = [value for value in written if value not in read]
        if unknown:
            yield self._break(Rule.VALUE_REFUSED, f"{unknown} not in {read}")

    def _limits(self) -> Iterator[BreakingChange]:
        for keyword in sorted(_UPPER_LIMITS | _LOWER_LIMITS):
            limit, bound = self.read.get(keyword), self.written.get(keyword)
            if limit is None:
                continue
            if bound is None or (bound > limit if keyword in _UPPER_LIMITS else bound < limit):
                yield self._break(Rule.LIMIT_NARROWED, f"{keyword} is {bound}, readers accept {limit}")

    def _constraints(self) -> Iterator[BreakingChange]:
        """Any other constraint (pattern, format, unknown keywords) must be identical."""
        known = _ANNOTATIONS | _UPPER_LIMITS | _LOWER_LIMITS | _STRUCTURE
        for keyword in sorted(self.read.keys() - known):
            if self.written.get(keyword) != self.read[keyword]:
                yield self._break(
                    Rule.CONSTRAINT_CHANGED,
                    f"{keyword} is {self.written.get(keyword)!r}, readers expect {self.read[keyword]!r}",
                )

    def _properties(self) -> Iterator[BreakingChange]:
        written, read = self.written.get("properties", {}), self.read.get("properties", {})
        for name in sorted(set(self.read.get("required", [])) - set(self.written.get("required", []))):
            yield self._break(Rule.PROPERTY_REQUIRED, "readers require it, but it may be missing", name)
        if self.direction is Direction.FORWARD:
            for name in sorted(read.keys() - written.keys() - set(self.read.get("required", []))):
                yield self._break(Rule.PROPERTY_REMOVED, "readers may use it, but it is never sent", name)
        for name in sorted(written.keys() & read.keys()):
            yield from self._at(f"{self.path}.{name}", written[name], read[name])

    def _members(self, keyword: str) -> Iterator[BreakingChange]:
        written, read = self.written.get(keyword), self.read.get(keyword)
        if read is None or read is True:
            return
        if isinstance(written, dict) and isinstance(read, dict):
            yield from self._at(f"{self.path}[]", written, read)
        elif written != read:
            yield self._break(Rule.CONSTRAINT_CHANGED, f"{keyword} is {written!r}, readers expect {read!r}")

    def _default(self) -> Iterator[BreakingChange]:
        """A changed default changes the meaning of old documents without the property."""
        if self.direction is Direction.BACKWARD and "default" in self.written and "default" in self.read:
            old, new = self.written["default"], self.read["default"]
            if old != new:
                yield self._break(Rule.DEFAULT_CHANGED, f"the default was {old!r} and is now {new!r}")

    def _at(self, path: str, written: Schema, read: Schema) -> Iterator[BreakingChange]:
        return replace(self, path=path, written=written, read=read).breaks()

    def _break(self, rule: Rule, detail: str, name: str = "") -> BreakingChange:
        path = f"{self.path}.{name}" if name else self.path
        return BreakingChange(self.event_type, self.direction, rule, path, detail)


def _type_accepted(written: object, read: object) -> bool:
    return read is None or written == read or (written == "integer" and read == "number")


def _values(schema: Schema) -> list[object] | None:
    """Return the values that a schema lists; None if it lists none."""
    if "const" in schema:
        return [schema["const"]]
    return schema.get("enum")
