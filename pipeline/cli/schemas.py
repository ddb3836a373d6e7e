"""`fakeme schemas`: generate files from the event contracts, check compatibility, release the contracts."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.contract_releases import breaks_since_release
from schemas.contract_releases import release as release_contracts
from schemas.export import SOURCE_TREE, stale_files, write_files

commands = typer.Typer(help="Event contracts: generated files and compatibility.", no_args_is_help=True)

Root = Annotated[Path, typer.Option(help="Root of the source tree to write to.")]


@commands.command()
def export(
    root: Root = SOURCE_TREE,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with code 1 if a file is stale.")
    ] = False,
) -> None:
    """Write JSON Schemas, the AsyncAPI document and docs/events.md from the contracts."""
    if not check:
        written = write_files(root)
        print("\n".join(written) if written else "everything is up to date")
        return
    stale = stale_files(root)
    if stale:
        print("stale, run `fakeme schemas export`:\n" + "\n".join(stale))
        raise typer.Exit(1)


@commands.command()
def breaks() -> None:
    """List changes that are incompatible with the last release; exit with code 1 if there are any."""
    breaking_changes = breaks_since_release()
    for change in breaking_changes:
        print(change)
    if breaking_changes:
        raise typer.Exit(1)


@commands.command()
def release() -> None:
    """Release the current contracts; refused if they are incompatible with the last release."""
    for path in release_contracts():
        print(path)
