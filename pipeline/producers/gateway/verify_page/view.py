"""Renders the page: the form alone, with an answer, or with the reason of a refusal."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.producers.gateway.verify_page.answer import Answer
from pipeline.producers.gateway.verify_page.assets import Asset, load_assets
from pipeline.producers.gateway.verify_page.languages import LANGUAGES, Texts, texts
from pipeline.producers.gateway.verify_page.refusal import Refusal

PATH = "/verify"
_TEMPLATES = Path(__file__).parent / "templates"
_MINUTE = 60


class View:
    """The templates with the assets that they name."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._assets = load_assets()
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def asset(self, name: str) -> Asset | None:
        """Return the asset with this name, which holds its hash."""
        return next((asset for asset in self._assets.values() if asset.name == name), None)

    def form(self, language: str) -> str:
        """Return the page with the form."""
        return self._render("form.html", texts(language), refusal=None)

    def refusal(self, language: str, refusal: Refusal) -> str:
        """Return the page with why a file was not checked, and the form."""
        return self._render(
            "form.html", texts(language), refusal=refusal_texts(refusal, texts(language), self._max_bytes)
        )

    def answer(self, language: str, answer: Answer) -> str:
        """Return the page with the answer."""
        return self._render("answer.html", texts(language), answer=answer)

    def _render(self, template: str, language: Texts, **values: object) -> str:
        return self._environment.get_template(template).render(
            _=language,
            path=PATH,
            lang=language.language,
            languages=[texts(each) for each in LANGUAGES],
            asset=lambda name: f"{PATH}/assets/{self._assets[name].name}",
            max_bytes=self._max_bytes,
            megabytes=self._max_bytes // 1_000_000,
            **values,
        )


def refusal_texts(refusal: Refusal, language: Texts, max_bytes: int) -> tuple[str, str]:
    """Return the title and the text of a refusal."""
    title, text = (f"refusal.{refusal.kind.slug}.{part}" for part in ("title", "text"))
    return language(title), language(
        text, megabytes=max_bytes // 1_000_000, wait=_duration(refusal.retry_after or 0, language)
    )


def _duration(seconds: int, language: Texts) -> str:
    if seconds <= _MINUTE:
        return language("duration.seconds", number=seconds)
    return language("duration.minutes", number=-(-seconds // _MINUTE))
