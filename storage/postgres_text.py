"""Replaces U+0000 in JSON and text: users may send it, and PostgreSQL cannot store it."""

import json
import re

REPLACEMENT = "\ufffd"  # the Unicode replacement character
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")  # but not an escaped backslash followed by "u0000"


def dump_json(document: object) -> str:
    """Return ``document`` as JSON for a ``jsonb`` column."""
    return _ESCAPED_NUL.sub(r"\1\\ufffd", json.dumps(document))


def replace_nul(text: str) -> str:
    """Return ``text`` for a ``text`` column."""
    return text.replace("\x00", REPLACEMENT)
