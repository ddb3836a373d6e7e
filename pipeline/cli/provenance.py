"""`fakeme provenance`: content credentials of files, keys and a trust list for them, and stored manifests."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer
from rich.console import Console

from pipeline.cli import trust
from pipeline.cli.database_session import database_session
from schemas.watermarks import PAYLOAD_DIGITS, normalised_payload

if TYPE_CHECKING:
    from inference.provenance.description import GeneratedMedia
    from inference.provenance.signing import MediaSigner

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
    store: Annotated[
        bool, typer.Option("--store", help="Keep the manifest in the database, to find it by the watermark.")
    ] = False,
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
        watermark=_payload("--watermark", watermark) if watermark else "",
    )
    if store and not watermark:
        raise typer.BadParameter("--store needs --watermark, by which the manifest is found again")
    signer = local_provenance.signer_of(load_local_settings().provenance)
    if store:
        _sign_and_store(source, target, media, signer)
    else:
        file = local_provenance.sign_file(source, media, signer)
        local_provenance.write_file(target, file.signed.data)
    print(f"{target} is signed for request {media.request_id}")


@commands.command()
def find(
    payload: Annotated[str, typer.Argument(metavar="HEX", help="As printed by `fakeme watermark read`.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.c2pa", help="Where to write the manifest.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Find the manifest of a file that lost it, by the payload of its watermark.

    It must have been stored with `sign --store`. Exit code 2: there is none.
    """
    from pipeline.cli.provenance_view import manifest_view  # noqa: PLC0415 - as needed
    from pipeline.operations import durable_credentials, local_provenance  # noqa: PLC0415 - likewise

    with database_session("provenance") as session:
        found = durable_credentials.find_manifest(session, _payload("HEX", payload))
    if output is not None:
        local_provenance.write_file(output, found.content)
    if as_json:
        print(json.dumps(durable_credentials.document(found), indent=2))
    else:
        Console().print(manifest_view(found))


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


def _sign_and_store(source: Path, target: Path, media: "GeneratedMedia", signer: "MediaSigner") -> None:
    from pipeline.operations.durable_credentials import sign_and_store  # noqa: PLC0415 - SQLAlchemy is slow

    with database_session("provenance") as session:
        sign_and_store(session, source, target, media, signer)


def _payload(option: str, text: str) -> str:
    normalised = normalised_payload(text)
    if normalised is None:
        raise typer.BadParameter(f"{option} is {text[:40]!a}: give up to {PAYLOAD_DIGITS} hex digits")
    return normalised
