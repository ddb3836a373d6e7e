"""The page speaks the reader's language, and both languages say the same things."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from pipeline.producers.gateway.verify_page import languages
from pipeline.producers.gateway.verify_page.languages import LANGUAGES, choose_language, texts
from pipeline.producers.gateway.verify_page.refusal import RefusalKind

FOLDER = Path(languages.__file__).parent
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("ko", "en", "ko"),
        ("en", "ko", "en"),
        ("fr", "ko", "ko"),
        (None, "ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        (None, "en;q=0.5, ko;q=0.9", "ko"),
        (None, "fr, de;q=0.9, ko;q=0.1", "ko"),
        (None, "ko;q=0, en", "en"),
        (None, "fr", "en"),
        (None, None, "en"),
        ("<script>", ",;q=,ko;q=x,\x00," * 1_000, "en"),
    ],
)
def test_a_switch_wins_over_the_browser(wanted: str | None, accepted: str | None, language: str) -> None:
    assert choose_language(wanted, accepted) == language


def test_the_catalogues_have_the_same_ids_and_placeholders() -> None:
    korean, english = (read_po((FOLDER / f"locale/{name}.po").open("rb")) for name in LANGUAGES)
    placeholders = [
        {message.id: set(PLACEHOLDER.findall(str(message.string))) for message in catalogue if message.id}
        for catalogue in (korean, english)
    ]

    assert placeholders[0] == placeholders[1]
    assert not [
        message.id for message in (*korean, *english) if message.id and (message.fuzzy or not message.string)
    ]


def test_lists_have_as_many_lines_in_both_languages() -> None:
    korean, english = (texts(name) for name in LANGUAGES)
    values = dict.fromkeys(("megabytes", "wait", "number", "found", "missed", "lowest", "highest"), 1)

    for name in english.ids():
        assert len(korean(name, **values).splitlines()) == len(english(name, **values).splitlines()), name


def test_every_text_that_a_template_names_exists() -> None:
    named = {
        name
        for template in (FOLDER / "templates").iterdir()
        for name in re.findall(r'_\("([\w.-]+\w)"[,)]', template.read_text("utf-8"))
    }

    assert len(named) > 30
    assert named <= texts("en").ids()


def test_every_refusal_has_a_title_and_a_text() -> None:
    for kind in RefusalKind:
        assert {f"refusal.{kind.slug}.title", f"refusal.{kind.slug}.text"} <= texts("ko").ids()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_verdict_is_sure(language: str) -> None:
    said = texts(language)
    titles = [said(name) for name in said.ids() if name.startswith("verdict.") and name.endswith(".title")]

    assert len(titles) == 10
    assert not [
        title for title in titles if re.search(r"\b(is|are) (a deepfake|fake|real|forged)\b|100", title)
    ]
