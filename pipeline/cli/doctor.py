"""`fakeme doctor`: what is wrong with this machine or set-up, and what to do."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import SettingsError
from pipeline.settings import data_folder, load_settings

if TYPE_CHECKING:
    from pipeline.operations.doctor.diagnosis import Diagnosis

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Examine machine, services and model; exit code 1 if something will not work."""
    found = _examine()
    failed = any(finding.level == "fail" for finding in found)
    if as_json:
        print(json.dumps({"ok": not failed, "findings": [asdict(finding) for finding in found]}, indent=2))
    else:
        Console().print(_as_table(found))
    if failed:
        raise typer.Exit(1)


def _examine() -> "list[Diagnosis]":
    from inference.registry import default_model_dir  # noqa: PLC0415
    from pipeline.models import model_store  # noqa: PLC0415
    from pipeline.operations.doctor.diagnosis import doubtful  # noqa: PLC0415 - with the rest: clients of every service
    from pipeline.operations.doctor.machine import examine_machine  # noqa: PLC0415
    from pipeline.operations.doctor.model import examine_choices, examine_model  # noqa: PLC0415
    from pipeline.operations.doctor.services import START, examine_services  # noqa: PLC0415

    found = examine_machine(data_folder())
    try:
        settings = load_settings()
    except SettingsError as error:
        return [*found, doubtful("services", str(error), START), examine_model(default_model_dir())]
    store = model_store(settings.model_registry)
    chosen = settings.detection.model, settings.detection.shadow_model
    return [*found, *examine_services(settings), *examine_choices(store, *chosen)]


def _as_table(found: "list[Diagnosis]") -> Table:
    table = Table("", "what", "how it is", "what to do", title="fakeme doctor")
    for finding in found:
        colour = COLOURS[finding.level]
        table.add_row(f"[{colour}]{finding.level}[/]", finding.subject, finding.says, finding.remedy)
    return table
