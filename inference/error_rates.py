"""How often a detector errs, from the measurements on its card."""

from dataclasses import dataclass

from inference.card import ModelCard


@dataclass(frozen=True)
class ErrorRates:
    """Shares from 0 to 1, at the threshold from which the model suspects a face."""

    model: str  # name@version
    found: float  # of forgeries of kinds that it was not trained on
    lowest_false: float  # of real faces, in the group of people with the fewest mistakes
    highest_false: float  # the same in the group with the most

    def __str__(self) -> str:
        """Say it in words."""
        return (
            f"{self.model} suspects {self.found:.0%} of forgeries of kinds that it was not trained on, and by"
            f" mistake {self.lowest_false:.0%} to {self.highest_false:.0%} of real faces, depending on the"
            " group of people"
        )


def error_rates(card: ModelCard) -> ErrorRates | None:
    """Return the error rates on a card; None if it has none."""
    found = card.metrics.get("tpr at suspect: unseen")
    false = [rate for name, rate in card.metrics.items() if name.startswith("fpr at suspect: ")]
    if found is None or not false:
        return None
    return ErrorRates(card.reference, found, min(false), max(false))
