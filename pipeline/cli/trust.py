"""`fakeme provenance trust`: the list of those whose content credentials are believed."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.terminal_text import printable

commands = typer.Typer(help="Keep the list of certificates that are trusted.", no_args_is_help=True)

_RESTART = "Restart the detection workers; media are analysed again with the new list when they come again."


@commands.command(name="import")
def import_file(
    file: Annotated[Path, typer.Argument(help="One or more certificates in PEM.")],
) -> None:
    """Add certificates: whoever they, or certificates below them, belong to is believed."""
    from inference.provenance.trust_list import import_certificates  # noqa: PLC0415 - as needed

    for certificate in import_certificates(_folder(), file):
        print(f"{certificate.id}  {printable(certificate.subject)}")
    print(_RESTART)


@commands.command(name="list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the certificates."""
    from inference.provenance.trust_list import list_certificates  # noqa: PLC0415 - as needed

    certificates = list_certificates(_folder())
    if as_json:
        print(
            json.dumps(
                [
                    {"id": entry.id, "subject": entry.subject, "expires_at": entry.expires_at.isoformat()}
                    for entry in certificates
                ],
                indent=2,
            )
        )
        return
    table = Table("id", "expires", "subject", box=SIMPLE_HEAD)
    for entry in certificates:
        table.add_row(entry.id, f"{entry.expires_at:%Y-%m-%d}", Text(printable(entry.subject)))
    Console().print(table if certificates else f"{_folder()} holds no certificate: nobody is trusted.")


@commands.command()
def remove(
    certificate_id: Annotated[str, typer.Argument(metavar="ID", help="Id, as shown by `list`.")],
) -> None:
    """Remove a certificate."""
    from inference.provenance.trust_list import remove_certificate  # noqa: PLC0415 - as needed

    remove_certificate(_folder(), certificate_id)
    print(f"{certificate_id} is removed. {_RESTART}")


def _folder() -> Path:
    from pipeline.settings import load_local_settings  # noqa: PLC0415 - not needed for --help

    return load_local_settings().trust_folder
