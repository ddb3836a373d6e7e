"""A sample of the corpus, with all bombs and deceptions, through the decoders that workers use.

``python -m tests.hostile.corpus`` and ``python -m tests.hostile.judge`` run all of it.
"""

import random
from collections.abc import Iterator

import pytest

from tests.hostile.case import Case
from tests.hostile.corpus import corpus
from tests.hostile.families import mutations
from tests.hostile.judge import Judge

FILES = 1_200


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    judge = Judge()
    yield judge
    judge.close()


@pytest.mark.timeout(600)
def test_each_file_is_answered_within_its_limits(judge: Judge) -> None:
    faults = {}
    for case in corpus(FILES, seed=12):
        fault = judge.judge(case).fault()
        if fault:
            faults[f"{case.family}/{case.name}"] = fault

    assert faults == {}


def test_the_same_seed_makes_the_same_mutations() -> None:
    def made() -> list[Case]:
        return list(mutations.cases(random.Random(3), per_seed=7))

    assert made() == made()
