"""The `fakeme` command. Each subcommand has its own module, which is imported only when it is used.

Every worker starts through this package, so the dependencies of one command (such as a model or a database)
must not be loaded by the others.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from pipeline.plugins import load_plugins

# Command name -> module:attribute, a function or a Typer application with subcommands.
COMMANDS = {
    "demo": "demo:demo",
    "detect": "detect:detect",
    "provenance": "provenance:commands",
    "verify": "verify:verify",
    "watermark": "watermark:commands",
    "up": "stack:up",
    "status": "stack:status",
    "down": "stack:down",
    "doctor": "doctor:doctor",
    "post": "post:post",
    "cases": "cases:commands",
    "known": "known:commands",
    "replay": "replay:replay",
    "export-labels": "export_labels:export_labels",
    "preprocess": "preprocess:preprocess",
    "splits": "splits:commands",
    "dead-letters": "dead_letters:commands",
    "api-keys": "api_keys:commands",
    "config": "config:commands",
    "schemas": "schemas:commands",
    "models": "models:commands",
    "setup": "setup:setup",
    "kafka-acls": "kafka_acls:kafka_acls",
    "train": "train:train",
    "calibrate": "calibrate:calibrate",
    "evaluate": "evaluate:evaluate",
    "sweep": "sweep:sweep",
    "worker": "worker:worker",
}


class _LazyGroup(TyperGroup):
    """A group that imports a command when it is used."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return list(COMMANDS)

    def get_command(  # type: ignore[override]  # typer's own copy of click has no public name
        self,
        ctx: typer.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> TyperCommand | TyperGroup | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        target = getattr(import_module(f"{__name__}.{module}"), attribute)
        command = get_group(target) if isinstance(target, typer.Typer) else _single_command(target)
        command.name = cmd_name
        return command


def _single_command(function: Callable[..., object]) -> TyperCommand:
    application = typer.Typer(add_completion=False)
    application.command()(function)
    return cast(TyperCommand, get_command(application))


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - only when needed

        print(f"fakeme {version('fakeme')}")
        raise typer.Exit


def _warn_of_unknown_settings() -> None:
    from pipeline.runtime.unknown_settings import unknown_settings  # noqa: PLC0415 - loads pydantic

    for unknown in unknown_settings():
        print(f"warning: {unknown}", file=sys.stderr)


cli = typer.Typer(name="fakeme", cls=_LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


@cli.callback()
def fakeme(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has ended the program
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Detect forged faces in posts, tag the posts, and queue unclear cases for moderators."""
    load_plugins()
    if context.invoked_subcommand != "worker":  # a worker writes it to its log
        _warn_of_unknown_settings()


def app() -> None:
    """Entry point: print user errors as one line and exit with code 2."""
    try:
        cli()
    except Exception as error:
        if not isinstance(error, _user_errors()):
            raise
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def _user_errors() -> tuple[type[Exception], ...]:
    from inference.errors import InferenceError  # noqa: PLC0415 - needed only after an error
    from infra.errors import InfraError  # noqa: PLC0415
    from pipeline.errors import PipelineError  # noqa: PLC0415
    from schemas.errors import SchemaError  # noqa: PLC0415
    from storage.errors import StorageError  # noqa: PLC0415
    from training.errors import TrainingError  # noqa: PLC0415

    return PipelineError, SchemaError, InferenceError, InfraError, StorageError, TrainingError
