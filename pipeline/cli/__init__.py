"""The `fakeme` command: one module a group of commands, put together here."""

import sys

import typer

from inference.errors import InferenceError
from infra.errors import InfraError
from pipeline.cli import (
    api_keys,
    cases,
    config,
    dead_letters,
    demo,
    detect,
    doctor,
    post,
    schemas,
    setup,
    stack,
    worker,
)
from pipeline.errors import PipelineError
from schemas.errors import SchemaError
from storage.errors import StorageError

USER_ERRORS = (PipelineError, SchemaError, InferenceError, InfraError, StorageError)

cli = typer.Typer(
    name="fakeme",
    help="Finds forged faces in posts of a social platform, tags them, asks moderators where unsure.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cli.command()(demo.demo)
cli.command()(setup.setup)
cli.command()(worker.worker)
cli.command()(detect.detect)
cli.command()(stack.up)
cli.command()(stack.status)
cli.command()(stack.down)
cli.command()(doctor.doctor)
cli.command()(post.post)
cli.add_typer(api_keys.commands, name="api-keys")
cli.add_typer(cases.commands, name="cases")
cli.add_typer(config.commands, name="config")
cli.add_typer(dead_letters.commands, name="dead-letters")
cli.add_typer(schemas.commands, name="schemas")


def app() -> None:
    """Entry point: errors of the user's making become one line and exit code 2."""
    try:
        cli()
    except USER_ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
