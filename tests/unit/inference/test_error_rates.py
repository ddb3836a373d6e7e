"""Error rates come from the measurements on a model's card."""

from inference.card import read_card
from inference.checkpoint import default_model_dir
from inference.error_rates import error_rates


def test_error_rates_come_from_the_card() -> None:
    card = read_card(default_model_dir())

    rates = error_rates(card)

    assert rates is not None
    assert (rates.found, rates.lowest_false, rates.highest_false) == (0.7844, 0.0202, 0.0525)
    assert "suspects 78% of forgeries" in str(rates)
    assert "2% to 5% of real faces" in str(rates)


def test_a_card_without_measurements_has_none() -> None:
    assert error_rates(read_card(default_model_dir()).model_copy(update={"metrics": {}})) is None
