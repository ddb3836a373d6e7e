"""`fakeme models`: which models there are, bring them here, prove them, and compare two on the same media."""

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

from pipeline.cli.models_view import comparison_view, model_document, models_table

if TYPE_CHECKING:
    from inference.model_store import ModelStore
    from pipeline.operations.model_comparison import Comparison

commands = typer.Typer(help="Models: list, fetch, verify, import, register, compare.", no_args_is_help=True)

BEFORE = timedelta(minutes=10)  # by which a verdict may be older than its shadow, and far more
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _duration(text: str) -> timedelta:
    try:
        return timedelta(seconds=float(text[:-1]) * _UNITS[text[-1:]])
    except (ValueError, KeyError) as error:
        raise typer.BadParameter(f"{text!r} is no time such as 90s, 30m, 1h or 7d") from error


AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
RegistryFile = Annotated[
    Path | None,
    typer.Option(
        "--registry", envvar="FAKEME_MODEL_REGISTRY", help="A registry.toml instead of the shipped one."
    ),
]
Name = Annotated[str, typer.Argument(metavar="NAME[@VERSION]")]


@commands.command(name="list")
def list_models(registry: RegistryFile = None, as_json: AsJson = False) -> None:
    """List all models: shipped, to be fetched, imported."""
    store = _store(registry)
    known = store.known()
    if as_json:
        print(json.dumps([model_document(each, store.default) for each in known], indent=2))
    else:
        Console().print(models_table(known, store.default))


@commands.command()
def fetch(name: Name, registry: RegistryFile = None) -> None:
    """Download a model's weights, and check their hash; what was interrupted is gone on with."""
    with _progress(DownloadColumn()) as report:
        folder = _store(registry).fetch(name, report)
    print(f"{name} is in {folder}")


@commands.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME[@VERSION]]", help="All that are here, if empty.")
    ] = None,
    registry: RegistryFile = None,
) -> None:
    """Prove that models can serve: card, hash, network, finite numbers out. Exit code 1 if one cannot."""
    from inference.errors import InferenceError  # noqa: PLC0415 - torch takes seconds to import
    from inference.verification import verify as prove  # noqa: PLC0415 - likewise

    store = _store(registry)
    failed = False
    for known in [store.find(name)] if name else [each for each in store.known() if each.present]:
        try:
            card = prove(known).card
        except InferenceError as error:
            failed = True
            print(f"{known.entry.reference}: {error}")
        else:
            print(
                f"{card.reference}: good" + ("" if card.calibrated else ", but not calibrated: it never tags")
            )
    if failed:
        raise typer.Exit(1)


@commands.command(name="import")
def import_weights(  # noqa: PLR0917 - a command's options
    path: Annotated[Path, typer.Argument(help="A .safetensors file, or a state dict by torch.save.")],
    network: Annotated[str, typer.Option(help="Such as efficientnet_v2_s.")],
    licence: Annotated[str, typer.Option(help="On which terms the weights may be used.")],
    data: Annotated[str, typer.Option(help="What they were trained on.")],
    name: Annotated[str | None, typer.Option(help="The file's name, if empty.")] = None,
    version: Annotated[str, typer.Option(help="Part of the identity of its verdicts.")] = "1",
    forged_class: Annotated[
        int, typer.Option(min=0, max=1, help="Which of two logits is forged; 0 where folders were sorted.")
    ] = 1,
    suspect_threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Probability from which a person should look.")
    ] = 0.5,
) -> None:
    """Take over weights of your own; uncalibrated as they are, they raise suspicions and never tag."""
    from inference.foreign_weights import Origin, import_model  # noqa: PLC0415 - torch takes seconds to import
    from pipeline.settings import data_folder  # noqa: PLC0415 - with it

    origin = Origin(
        name or path.stem, version, network, licence, data, forged_class, suspect_threshold=suspect_threshold
    )
    card = import_model(path, origin, data_folder() / "models")
    print(
        f"imported as {card.reference}; UNCALIBRATED: it suspects from {suspect_threshold} on and never tags."
    )
    print("Compare it first: FAKEME_DETECTION__SHADOW_MODEL, then `fakeme models compare`.")


@commands.command()
def register(
    folder: Annotated[Path, typer.Argument(help="A model's folder, with its card.")],
    url: Annotated[str | None, typer.Option(help="Where others get the weights; else they ship.")] = None,
    default: Annotated[
        bool, typer.Option("--default", help="Let it judge where settings name none.")
    ] = False,
    registry: RegistryFile = None,
) -> None:
    """Write a model's entry in the registry from its card."""
    from inference.registration import register_folder  # noqa: PLC0415 - wanted here alone
    from inference.registry import REGISTRY_FILE  # noqa: PLC0415

    entry = register_folder(folder, registry or REGISTRY_FILE, url=url, default=default)
    print(f"{entry.reference} is registered")


@commands.command()
def compare(
    since: Annotated[str, typer.Option(metavar="TIME", help="How far back: 90s, 30m, 1h, 7d.")] = "1h",
    limit: Annotated[int, typer.Option(min=0, help="How many of the most different media to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Report where the model on trial differs from the one that judges, on the same media."""
    found = _comparisons(datetime.now(UTC) - _duration(since))
    if as_json:
        print(json.dumps([each.document(limit) for each in found], indent=2))
        return
    for each in found:
        Console().print(comparison_view(each, limit))
    if not found:
        print("No media were judged by two models in this time; is FAKEME_DETECTION__SHADOW_MODEL set?")


def _comparisons(since: datetime) -> "list[Comparison]":
    from pipeline.operations.event_range import events_since  # noqa: PLC0415 - Kafka's client, for this alone
    from pipeline.operations.model_comparison import compare_models  # noqa: PLC0415
    from pipeline.settings import load_settings  # noqa: PLC0415
    from schemas.topics import MEDIA_VERDICTS, MEDIA_VERDICTS_SHADOW  # noqa: PLC0415

    bootstrap = load_settings().kafka_bootstrap
    with _progress(MofNCompleteColumn()) as report:
        return compare_models(
            events_since(bootstrap, MEDIA_VERDICTS, since - BEFORE, report),
            events_since(bootstrap, MEDIA_VERDICTS_SHADOW, since, report),
        )


def _store(registry: Path | None) -> "ModelStore":
    from pipeline.models import model_store  # noqa: PLC0415 - not wanted to print the help

    return model_store(registry)


@contextmanager
def _progress(column: DownloadColumn | MofNCompleteColumn) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on standard error where that is a terminal; yields what is told how far it is."""
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
