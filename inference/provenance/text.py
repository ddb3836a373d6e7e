"""Texts from files of strangers, made safe to pass on: short, and without characters that cannot be shown."""

MAX_TEXT = 200  # characters; names of programs and organisations are shorter

_REPLACEMENT = "\ufffd"


def bounded_text(value: object) -> str:
    """Return the beginning of ``value`` if it is a text, else an empty one.

    Line ends become spaces. What is not printable (controls, lone surrogates) is replaced: databases and
    terminals would trip over it.
    """
    if not isinstance(value, str):
        return ""
    return "".join(
        character if character.isprintable() else _substitute(character) for character in value[:MAX_TEXT]
    ).strip()


def _substitute(character: str) -> str:
    return " " if character.isspace() else _REPLACEMENT
