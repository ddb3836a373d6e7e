"""Imports between packages: they follow the layers, there are no cycles, and `pipeline/` stays small.

Run with `-s` to print the number of imports. Imports inside functions count too.
"""

from collections import Counter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[3]

# Each package may import the packages in its set. docs/architecture.md shows the same graph.
ALLOWED = {
    "schemas": set(),
    "storage": {"schemas"},
    "inference": {"schemas"},
    "infra": {"schemas", "storage"},
    "training": {"schemas", "inference"},
    "pipeline": {"schemas", "storage", "inference", "infra", "training"},
    "benchmarks": {"schemas", "storage", "inference", "infra", "training", "pipeline"},
}

# The same for the packages and modules directly inside `pipeline/`.
ALLOWED_IN_PIPELINE = {
    "errors": set(),
    "settings": {"errors"},
    "models": {"settings"},
    "runtime": {"settings", "errors"},
    "consumers": {"runtime", "models", "settings", "errors"},
    "producers": {"runtime", "models", "settings", "errors"},
    "workers": {"consumers", "producers", "runtime", "settings", "errors"},
    "plugins": set(),
    "operations": {"workers", "consumers", "producers", "runtime", "models", "settings", "errors"},
    "demo": {"operations", "workers", "producers", "settings", "errors"},
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
MAX_CHILDREN = 20

Edges = Counter[tuple[str, str]]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*ALLOWED, cache_dir=None)


def edges_between(graph: grimp.ImportGraph, depth: int, below: str = "") -> Edges:
    """Count the imports between packages at ``depth``, for modules whose names start with ``below``."""
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


def test_packages_import_only_lower_layers(graph: grimp.ImportGraph) -> None:
    edges = edges_between(graph, depth=0)
    print(f"\n{table(edges)}")

    assert forbidden(edges, ALLOWED) == []


def test_packages_of_the_pipeline_import_only_lower_layers(graph: grimp.ImportGraph) -> None:
    edges = edges_between(graph, depth=1, below="pipeline.")
    print(f"\n{table(edges)}")

    assert forbidden(edges, ALLOWED_IN_PIPELINE) == []


def test_pipeline_has_few_packages_and_modules() -> None:
    children = [
        path.stem
        for path in (ROOT / "pipeline").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]

    assert set(children) - {"__init__"} == set(ALLOWED_IN_PIPELINE)
    assert len(children) <= MAX_CHILDREN


def test_there_are_no_import_cycles(graph: grimp.ImportGraph) -> None:
    imports = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}

    assert import_cycles(imports) == []


def test_a_cycle_is_found() -> None:
    imports = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}

    assert import_cycles(imports) == [["b", "c"]]


def import_cycles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other (strongly connected components; Tarjan, 1972)."""
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
