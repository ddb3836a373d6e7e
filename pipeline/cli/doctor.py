"""`fakeme doctor`: check the machine, the services and the model, and suggest remedies."""

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
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object instead of a table.")] = False,
) -> None:
    """Check the machine, the services and the model; exit with code 1 if FakeME will not work."""
    diagnoses = _examine()
    failed = any(diagnosis.level == "fail" for diagnosis in diagnoses)
    if as_json:
        print(
            json.dumps(
                {"ok": not failed, "findings": [asdict(diagnosis) for diagnosis in diagnoses]}, indent=2
            )
        )
    else:
        Console().print(_as_table(diagnoses))
    if failed:
        raise typer.Exit(1)


def _examine() -> "list[Diagnosis]":
    from inference.registry import default_model_dir  # noqa: PLC0415
    from pipeline.models import model_store  # noqa: PLC0415
    from pipeline.operations.doctor.diagnosis import warning  # noqa: PLC0415 - clients of every service
    from pipeline.operations.doctor.machine import examine_machine  # noqa: PLC0415
    from pipeline.operations.doctor.model import examine_configured_models, examine_model  # noqa: PLC0415
    from pipeline.operations.doctor.services import START, examine_services  # noqa: PLC0415

    diagnoses = examine_machine(data_folder())
    try:
        settings = load_settings()
    except SettingsError as error:
        return [*diagnoses, warning("services", str(error), START), examine_model(default_model_dir())]
    store = model_store(settings.model_registry)
    models = settings.detection.model, settings.detection.shadow_model
    return [*diagnoses, *examine_services(settings), *examine_configured_models(store, *models)]


def _as_table(diagnoses: "list[Diagnosis]") -> Table:
    table = Table("", "check", "result", "remedy", title="fakeme doctor")
    for diagnosis in diagnoses:
        colour = COLOURS[diagnosis.level]
        table.add_row(f"[{colour}]{diagnosis.level}[/]", diagnosis.subject, diagnosis.says, diagnosis.remedy)
    return table
