"""`fakeme provenance`: content credentials of local files, and the keys and trust list for them."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console

from pipeline.cli import trust

EXIT_FILE_MISSING = 2

commands = typer.Typer(help="Sign files, show where they come from, keep a trust list.", no_args_is_help=True)
commands.add_typer(trust.commands, name="trust")


@commands.command()
def init(
    folder: Annotated[
        Path | None, typer.Option(help="Where to write; default: provenance in FAKEME_HOME.")
    ] = None,
) -> None:
    """Make a root and a signing certificate FOR DEVELOPMENT ONLY."""
    from inference.provenance.development_chain import make_development_chain  # noqa: PLC0415 - as needed
    from pipeline.settings import data_folder  # noqa: PLC0415 - likewise

    chain = make_development_chain(folder or data_folder() / "provenance")
    print("FOR DEVELOPMENT ONLY: nobody else trusts this chain, and its key lies in a plain file.")
    print("In production, use a certificate of a C2PA certification authority and a key service.")
    print("\nTo sign with it, set:")
    print(f"  export FAKEME_PROVENANCE__CERTIFICATE_CHAIN={chain.chain}")
    print(f"  export FAKEME_PROVENANCE__PRIVATE_KEY={chain.private_key}")
    print("To trust what it signed, run:")
    print(f"  fakeme provenance trust import {chain.root}")


@commands.command()
def sign(  # noqa: PLR0917 - a command's options
    source: Annotated[Path, typer.Argument(metavar="IN", help="A picture or video made by a model.")],
    target: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The signed copy.")],
    request_id: Annotated[str | None, typer.Option(help="Id of the request; default: a new one.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME[@VERSION]", help="The model that made it; default: FakeME.")
    ] = None,
    ingredients: Annotated[
        list[Path] | None,
        typer.Option("--ingredient", help="A file that went into it, stated by its SHA-256; repeatable."),
    ] = None,
    watermark: Annotated[str, typer.Option(metavar="HEX", help="Payload of its watermark.")] = "",
) -> None:
    """State with a signature that a model made a file. Only for files that you made yourself."""
    from inference.provenance.description import GeneratedMedia  # noqa: PLC0415 - as needed
    from pipeline.operations import local_provenance  # noqa: PLC0415 - the libraries take a while to load
    from pipeline.settings import load_local_settings  # noqa: PLC0415 - as needed

    name, _, model_version = (model or f"fakeme@{version('fakeme')}").partition("@")
    media = GeneratedMedia(
        request_id=request_id or str(uuid4()),
        model=name,
        model_version=model_version,
        ingredients=tuple(map(local_provenance.ingredient, ingredients or ())),
        watermark=_hex(watermark),
    )
    signer = local_provenance.signer_of(load_local_settings().provenance)
    local_provenance.sign_file(source, target, media, signer)
    print(f"{target} is signed for request {media.request_id}")


@commands.command()
def show(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files, or folders of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line and file.")] = False,
) -> None:
    """Show content credentials and traces in metadata.

    Files are verified in a process without access to files and network; remote manifests are not fetched.
    Exit code 0: every file was read; 2: a file could not be read (the others are still shown).
    """
    from pipeline.cli.provenance_view import provenance_view  # noqa: PLC0415 - as needed
    from pipeline.operations.local_files import files_below  # noqa: PLC0415 - likewise
    from pipeline.operations.local_provenance import inspect_files  # noqa: PLC0415 - the libraries are slow
    from pipeline.settings import load_local_settings  # noqa: PLC0415 - as needed

    failed = False
    for found in inspect_files(files_below(files), load_local_settings().trust_folder):
        failed = failed or bool(found.problem)
        if as_json:
            print(json.dumps(found.document()), flush=True)
        else:
            Console().print(provenance_view(found))
    if failed:
        raise typer.Exit(EXIT_FILE_MISSING)


def _hex(text: str) -> str:
    try:
        return bytes.fromhex(text).hex()
    except ValueError as error:
        raise typer.BadParameter(f"--watermark {text!r} is not a hexadecimal number") from error
