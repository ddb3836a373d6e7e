"""Makes text from strangers safe to print: control characters are shown, never sent to the terminal."""


def printable(text: str) -> str:
    r"""Return ``text`` with each character that is not printable as an escape such as ``\x1b`` or ``\u202e``.

    Also lone surrogates, which stand for bytes of a file name that are not UTF-8 and cannot be encoded.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
