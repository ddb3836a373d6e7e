"""`fakeme models`: list, fetch, verify, import, register and compare models."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn

from inference.card import ModelCard
from pipeline.cli import models_import
from pipeline.cli.models_view import comparison_view, model_document, models_table

if TYPE_CHECKING:
    from inference.card import Card
    from inference.model_store import ModelStore
    from pipeline.operations.model_comparison import Comparison

commands = typer.Typer(help="List, fetch, verify, import, register and compare models.", no_args_is_help=True)
commands.add_typer(models_import.commands, name="import")

MAX_SHADOW_DELAY = timedelta(minutes=10)  # a shadow verdict follows its verdict much sooner
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _duration(text: str) -> timedelta:
    try:
        return timedelta(seconds=float(text[:-1]) * _UNITS[text[-1:]])
    except (ValueError, KeyError) as error:
        raise typer.BadParameter(f"{text!r} is not a duration such as 90s, 30m, 1h or 7d") from error


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
RegistryFile = Annotated[
    Path | None,
    typer.Option(
        "--registry", envvar="FAKEME_MODEL_REGISTRY", help="A registry.toml instead of the shipped one."
    ),
]
Name = Annotated[str, typer.Argument(metavar="NAME[@VERSION]")]


@commands.command(name="list")
def list_models(registry: RegistryFile = None, as_json: AsJson = False) -> None:
    """List all models: shipped, remote and imported."""
    store = _store(registry)
    known = store.known()
    if as_json:
        print(json.dumps([model_document(model, store.default) for model in known], indent=2))
    else:
        Console().print(models_table(known, store.default))


@commands.command()
def fetch(name: Name, registry: RegistryFile = None) -> None:
    """Download the weights of a model and check their hash; resume an interrupted download."""
    with _progress(DownloadColumn()) as progress:
        folder = _store(registry).fetch(name, progress)
    print(f"{name} is in {folder}")


@commands.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME[@VERSION]]", help="Default: all local models.")
    ] = None,
    registry: RegistryFile = None,
) -> None:
    """Check that models can serve: card, hash, network, finite outputs; exit with code 1 if one cannot."""
    from inference.errors import InferenceError  # noqa: PLC0415 - torch takes seconds to import
    from inference.verification import verify as verify_model  # noqa: PLC0415 - likewise

    store = _store(registry)
    failed = False
    for known in [store.find(name)] if name else [model for model in store.known() if model.present]:
        try:
            card = verify_model(known)
        except InferenceError as error:
            failed = True
            print(f"{known.entry.reference}: {error}")
        else:
            print(f"{card.reference}: ok{_restriction(card)}")
    if failed:
        raise typer.Exit(1)


def _restriction(card: "Card") -> str:
    if not isinstance(card, ModelCard):
        return f" ({card.purpose.value})"
    return "" if card.calibrated else ", but not calibrated: it never tags"


@commands.command()
def register(
    folder: Annotated[Path, typer.Argument(help="Folder of the model, with its card.")],
    url: Annotated[
        str | None, typer.Option(help="URL of the weights; default: they are shipped with FakeME.")
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="Make it the default model.")] = False,
    registry: RegistryFile = None,
) -> None:
    """Register a model, or update its entry, from its card."""
    from inference.registration import register_folder  # noqa: PLC0415 - only this command needs it
    from inference.registry import REGISTRY_FILE  # noqa: PLC0415

    entry = register_folder(folder, registry or REGISTRY_FILE, url=url, default=default)
    print(f"{entry.reference} is registered")


@commands.command()
def compare(
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Period to compare, such as 90s, 30m, 1h or 7d.")
    ] = "1h",
    limit: Annotated[int, typer.Option(min=0, help="Number of most different media items to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Compare the shadow model with the serving model on the same media items."""
    comparisons = _comparisons(datetime.now(UTC) - _duration(since))
    if as_json:
        print(json.dumps([comparison.document(limit) for comparison in comparisons], indent=2))
        return
    for comparison in comparisons:
        Console().print(comparison_view(comparison, limit))
    if not comparisons:
        print("No verdicts of two models in this period: check that FAKEME_DETECTION__SHADOW_MODEL is set.")


def _comparisons(since: datetime) -> "list[Comparison]":
    from pipeline.operations.event_range import events_since  # noqa: PLC0415 - the Kafka client is slow to import
    from pipeline.operations.model_comparison import compare_models  # noqa: PLC0415
    from pipeline.settings import load_settings  # noqa: PLC0415
    from schemas.topics import MEDIA_VERDICTS, MEDIA_VERDICTS_SHADOW  # noqa: PLC0415

    bootstrap = load_settings().brokers
    with _progress(MofNCompleteColumn()) as progress:
        return compare_models(
            events_since(bootstrap, MEDIA_VERDICTS, since - MAX_SHADOW_DELAY, progress),
            events_since(bootstrap, MEDIA_VERDICTS_SHADOW, since, progress),
        )


def _store(registry: Path | None) -> "ModelStore":
    from pipeline.models import model_store  # noqa: PLC0415 - not needed for --help

    return model_store(registry)


@contextmanager
def _progress(column: DownloadColumn | MofNCompleteColumn) -> Iterator[Callable[[int, int | None], None]]:
    """Show a progress bar if standard error is a terminal; yield its update function (done, total)."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        column,
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("reading", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
