"""The imports between packages: they point one way, no file is in a circle, and `pipeline/` stays small.

Run with `-s` to see the table. Imports inside functions count like any other.
"""

from collections import Counter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[3]

# Each package may import those in its set. docs/architecture.md draws the same.
ALLOWED = {
    "schemas": set(),
    "storage": {"schemas"},
    "inference": {"schemas"},
    "infra": {"schemas", "storage"},
    "training": {"schemas", "inference"},
    "pipeline": {"schemas", "storage", "inference", "infra", "training"},
    "benchmarks": {"schemas", "storage", "inference", "infra", "training", "pipeline"},
}

# The same inside `pipeline/`: the packages and modules directly in it.
ALLOWED_IN_PIPELINE = {
    "errors": set(),
    "settings": {"errors"},
    "models": {"settings"},
    "runtime": {"settings", "errors"},
    "consumers": {"runtime", "models", "settings", "errors"},
    "producers": {"runtime", "models", "settings", "errors"},
    "workers": {"consumers", "producers", "runtime", "settings", "errors"},
    "plugins": {"errors"},
    "operations": {"workers", "consumers", "producers", "runtime", "models", "settings", "errors"},
    "demo": {"workers", "producers", "settings", "errors"},
    "cli": {
        "demo",
        "operations",
        "plugins",
        "workers",
        "consumers",
        "producers",
        "runtime",
        "models",
        "settings",
        "errors",
    },
    "__main__": {"cli"},
}
MOST_ROOMS = 20

Edges = Counter[tuple[str, str]]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*ALLOWED, cache_dir=None)


def edges_between(graph: grimp.ImportGraph, depth: int, below: str = "") -> Edges:
    """Count the imports between packages at ``depth``, of modules whose names begin with ``below``."""
    modules = [module for module in graph.modules if module.startswith(below) and module.count(".") >= depth]
    edges: Edges = Counter()
    for importer in modules:
        for imported in graph.find_modules_directly_imported_by(importer).intersection(modules):
            source, target = (module.split(".")[depth] for module in (importer, imported))
            if source != target:
                edges[source, target] += 1
    return edges


def table(edges: Edges) -> str:
    rows = [f"{source:>12} -> {target:<12} {count:>4}" for (source, target), count in sorted(edges.items())]
    return "\n".join(rows)


def forbidden(edges: Edges, allowed: dict[str, set[str]]) -> list[tuple[str, str]]:
    return [(source, target) for source, target in sorted(edges) if target not in allowed[source]]


def test_packages_import_only_what_lies_below_them(graph: grimp.ImportGraph) -> None:
    edges = edges_between(graph, depth=0)
    print(f"\n{table(edges)}")

    assert forbidden(edges, ALLOWED) == []


def test_rooms_of_the_pipeline_import_only_what_lies_below_them(graph: grimp.ImportGraph) -> None:
    edges = edges_between(graph, depth=1, below="pipeline.")
    print(f"\n{table(edges)}")

    assert forbidden(edges, ALLOWED_IN_PIPELINE) == []


def test_the_pipeline_has_few_rooms() -> None:
    rooms = [
        path.stem
        for path in (ROOT / "pipeline").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]

    assert set(rooms) - {"__init__"} == set(ALLOWED_IN_PIPELINE)
    assert len(rooms) <= MOST_ROOMS


def test_no_file_imports_itself_through_others(graph: grimp.ImportGraph) -> None:
    imports = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}

    assert circular(imports) == []


def test_a_circle_is_found() -> None:
    imports = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}

    assert circular(imports) == [["b", "c"]]


def circular(imports: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that reach each other by imports (strongly connected components; Tarjan, 1972)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for imported in sorted(imports[module]):
            if imported not in order:
                visit(imported)
                lowest[module] = min(lowest[module], lowest[imported])
            elif imported in stack:
                lowest[module] = min(lowest[module], order[imported])
        if lowest[module] == order[module]:
            group = stack[stack.index(module) :]
            del stack[-len(group) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for module in sorted(imports):
        if module not in order:
            visit(module)
    return groups
