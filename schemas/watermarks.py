"""The payload of a watermark as text: 13 lower-case hex digits in commands, manifests and answers. Pure."""

import re

PAYLOAD_DIGITS = 13  # of 52 bits

_HEX = re.compile(rf"[0-9A-Fa-f]{{1,{PAYLOAD_DIGITS}}}")


def payload_text(payload: int) -> str:
    """Return a payload, 0 to 2**52 - 1, as text."""
    return f"{payload:0{PAYLOAD_DIGITS}x}"


def normalised_payload(text: str) -> str | None:
    """Return the usual form of a payload in upper case, or without leading zeros; None if it is none."""
    return payload_text(int(text, 16)) if _HEX.fullmatch(text) else None
