"""JSON and text as PostgreSQL takes them: it has no U+0000, which people's texts may contain."""

import json
import re

REPLACEMENT = "\ufffd"  # what Unicode has for a character that cannot be represented
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")  # not the six characters after a literal backslash


def dump(document: object) -> str:
    """``document`` as JSON for a ``jsonb`` column."""
    return _ESCAPED_NUL.sub(r"\1\\ufffd", json.dumps(document))


def clean(text: str) -> str:
    """``text`` for a ``text`` column."""
    return text.replace("\x00", REPLACEMENT)
