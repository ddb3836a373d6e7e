"""Model scores and trial metadata as columns that can be filtered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from training.evaluation.conditions import NONE
from training.evaluation.methods import Family
from training.evaluation.trials import TrialMetadata
from training.evaluation.weighted_metrics import Flags, Floats


@dataclass(frozen=True, slots=True)
class Predictions:
    """Columns of N pictures.

    ``metadata`` has one column for each field of :class:`TrialMetadata`; ``probabilities`` holds each model's
    probability of forgery.
    """

    metadata: Mapping[str, NDArray[np.generic]]
    probabilities: Mapping[str, Floats]

    @classmethod
    def from_trials(
        cls, trials: Sequence[TrialMetadata], probabilities: Mapping[str, Sequence[float]]
    ) -> "Predictions":
        columns = {
            field.name: np.array([getattr(metadata, field.name) for metadata in trials])
            for field in fields(TrialMetadata)
        }
        return cls(columns, {name: np.array(scores) for name, scores in probabilities.items()})

    def __len__(self) -> int:
        return len(self.metadata["unit"])

    def __getitem__(self, selected: Flags) -> "Predictions":
        return Predictions(
            {name: column[selected] for name, column in self.metadata.items()},
            {name: scores[selected] for name, scores in self.probabilities.items()},
        )

    def where(self, **criteria: object) -> Flags:
        """Return a mask (N,) of the pictures that have all these column values."""
        flags = np.ones(len(self), dtype=np.bool_)
        for name, value in criteria.items():
            flags &= self.metadata[name] == value
        return flags

    @property
    def units(self) -> NDArray[np.str_]:
        return self.metadata["unit"].astype(np.str_)

    @property
    def forged(self) -> Flags:
        return np.asarray(self.metadata["family"] != Family.REAL.value)

    def values(self, name: str) -> list[str]:
        """Return a column's distinct non-empty values in order of first appearance."""
        return [str(value) for value in dict.fromkeys(self.metadata[name].tolist()) if value != ""]

    def balanced(self, family: Family) -> "Predictions":
        """Return the unmodified real pictures, and for each of them one forgery of the family.

        For labelled forgeries, return all of them and the real pictures of their collections.
        """
        unmodified = self.where(condition=NONE)
        forgeries = unmodified & self.where(family=family.value, represents_family=True)
        reals = unmodified & ~self.forged
        if family is Family.LABELLED:
            reals &= np.isin(self.metadata["collection"], np.unique(self.metadata["collection"][forgeries]))
        return self[reals | forgeries]

    def representative(self) -> "Predictions":
        """Return the pictures shown in every condition: each real one, and one forgery of it."""
        return self[self.where(in_every_condition=True) & ~self.where(family=Family.LABELLED.value)]
