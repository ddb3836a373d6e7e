"""Make the corpus: ``python -m tests.hostile.corpus FOLDER [--count N] [--seed S]``.

Writes the files and an ``index.json`` with their family, name, expectation and declared type.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tests.hostile.case import Case
from tests.hostile.families import bombs, deceptions, mutations
from tests.hostile.seeds import seeds


def corpus(count: int, seed: int) -> Iterator[Case]:
    """Yield all bombs and deceptions, and as many mutations as make ``count`` files in all."""
    fixed = [*bombs.cases(), *deceptions.cases(random.Random(seed))]
    yield from fixed
    per_seed = max(1, -(-(count - len(fixed)) // len(seeds())))
    yield from mutations.cases(random.Random(seed), per_seed)


def main(
    folder: Path,
    count: Annotated[int, typer.Option(min=1, help="Files, about.")] = 3_200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 1,
) -> None:
    """Write the corpus to FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    for number, case in enumerate(corpus(count, seed)):
        file = folder / f"{number:05d}-{case.family}"
        file.write_bytes(case.data)
        entry = asdict(case)
        del entry["data"]
        index.append({"file": file.name, **entry})
    (folder / "index.json").write_text(json.dumps(index, indent=1))
    print(f"{len(index)} files in {folder}")


if __name__ == "__main__":
    typer.run(main)
