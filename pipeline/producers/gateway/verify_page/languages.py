"""The languages of the page: which one a reader wants, and its texts, from a gettext catalogue each."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.pofile import read_po

LANGUAGES = ("ko", "en")
DEFAULT = "en"  # of readers who want neither
_FOLDER = Path(__file__).parent / "locale"
_MAX_HEADER = 500  # characters; browsers send fewer than ten languages
_PREFERENCE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[\w-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*")


class Texts:
    """The texts of one language by their ids."""

    def __init__(self, language: str, messages: Mapping[str, str]) -> None:
        self.language = language
        self._messages = messages

    def __call__(self, name: str, **values: object) -> str:
        """Return a text with its ``values``; raise ``KeyError`` if there is none."""
        return self._messages[name] % values

    def __contains__(self, name: str) -> bool:
        """Return whether there is a text of this id."""
        return name in self._messages

    def ids(self) -> frozenset[str]:
        """Return the ids of all texts."""
        return frozenset(self._messages)


@cache
def texts(language: str) -> Texts:
    """Return the texts of one of :data:`LANGUAGES`."""
    with (_FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    return Texts(language, {str(message.id): str(message.string) for message in catalogue if message.id})


def choose_language(wanted: str | None, accept_language: str | None) -> str:
    """Return the language of an answer: the one that was ``wanted``, else the browser's, else the default."""
    if wanted in LANGUAGES:
        return str(wanted)
    return negotiate_locale(list(_preferences(accept_language or "")), LANGUAGES, sep="-") or DEFAULT


def _preferences(header: str) -> Iterator[str]:
    """Yield the languages of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first."""
    matches = [_PREFERENCE.fullmatch(part) for part in header[:_MAX_HEADER].split(",")]
    weighted = [(match[1].lower(), float(match[2] or 1)) for match in matches if match]
    for language, weight in sorted(weighted, key=lambda preference: -preference[1]):
        if weight > 0:
            yield language
