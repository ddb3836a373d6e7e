import pytest

from schemas.watermarks import normalised_payload, payload_text


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("0000000abc123", "0000000abc123"),
        ("ABC123", "0000000abc123"),
        ("0", "0" * 13),
        ("f" * 13, "f" * 13),
        ("", None),
        ("0" * 14, None),
        ("0x1", None),
        ("-1", None),
        ("1_0", None),
        ("12\n", None),
        ("١", None),  # a digit, but not of hex
        ("xyz", None),
    ],
)
def test_a_payload_has_one_form(text: str, normalised: str | None) -> None:
    assert normalised_payload(text) == normalised


@pytest.mark.parametrize("payload", [0, 0xABC123, 2**52 - 1])
def test_a_number_and_its_text_agree(payload: int) -> None:
    assert int(payload_text(payload), 16) == payload
    assert normalised_payload(payload_text(payload)) == payload_text(payload)
