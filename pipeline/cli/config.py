"""`fakeme config`: show the settings and the variables that set them."""

import json

import typer
from rich.console import Console
from rich.table import Table

from pipeline.settings import load_settings

commands = typer.Typer(help="Show the current settings.", no_args_is_help=True)


@commands.command()
def show(
    as_json: bool = typer.Option(False, "--json", help="Print a JSON object instead of a table."),
) -> None:
    """Show every setting and its environment variable; secrets are hidden."""
    settings = load_settings().model_dump(mode="json")
    if as_json:
        print(json.dumps(settings, indent=2))
        return
    table = Table("setting", "value", "variable", title="FakeME settings")
    for name, value in _flatten(settings):
        table.add_row(name, str(value), "FAKEME_" + name.replace(".", "__").upper())
    Console().print(table)


def _flatten(settings: dict[str, object], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in settings.items():
        if isinstance(value, dict):
            rows += _flatten(value, f"{prefix}{name}.")
        else:
            rows.append((prefix + name, value))
    return rows
