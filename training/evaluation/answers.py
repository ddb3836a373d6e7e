"""What models said of pictures, beside what is known about the pictures, as columns to choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from training.evaluation.conditions import NONE
from training.evaluation.curve import Flags, Floats
from training.evaluation.methods import Family
from training.evaluation.trials import Known


@dataclass(frozen=True, slots=True)
class Answers:
    """Columns of N pictures: a :class:`Known` field each, and each model's probability of forgery."""

    known: Mapping[str, NDArray[np.generic]]
    probabilities: Mapping[str, Floats]

    @classmethod
    def of(cls, known: Sequence[Known], probabilities: Mapping[str, Sequence[float]]) -> "Answers":
        columns = {
            field.name: np.array([getattr(one, field.name) for one in known]) for field in fields(Known)
        }
        return cls(columns, {name: np.array(scores) for name, scores in probabilities.items()})

    def __len__(self) -> int:
        return len(self.known["unit"])

    def __getitem__(self, chosen: Flags) -> "Answers":
        return Answers(
            {name: column[chosen] for name, column in self.known.items()},
            {name: scores[chosen] for name, scores in self.probabilities.items()},
        )

    def where(self, **wanted: object) -> Flags:
        """Return which pictures have all these values in their columns."""
        flags = np.ones(len(self), dtype=np.bool_)
        for name, value in wanted.items():
            flags &= self.known[name] == value
        return flags

    @property
    def units(self) -> NDArray[np.str_]:
        return self.known["unit"].astype(np.str_)

    @property
    def forged(self) -> Flags:
        return np.asarray(self.known["family"] != Family.REAL.value)

    def values(self, name: str) -> list[str]:
        """Return the values of a column in the order of their first appearance, without ""."""
        return [str(value) for value in dict.fromkeys(self.known[name].tolist()) if value != ""]

    def balanced(self, family: Family) -> "Answers":
        """Return the real pictures as they came, and a forgery of the family for each of them in turn.

        Labelled forgeries are all taken, beside the reals of the collections they are in.
        """
        plain = self.where(condition=NONE)
        kin = plain & self.where(family=family.value, turn=True)
        reals = plain & ~self.forged
        if family is Family.LABELLED:
            reals &= np.isin(self.known["collection"], np.unique(self.known["collection"][kin]))
        return self[reals | kin]

    def representative(self) -> "Answers":
        """Return the pictures that go through every condition: each real one, and a forgery of it in turn."""
        return self[self.where(carried=True) & ~self.where(family=Family.LABELLED.value)]
