"""`fakeme kafka-acls`: print the commands that give each worker its permissions on topics."""

from pathlib import Path
from typing import Annotated

import typer


def kafka_acls(
    bootstrap: Annotated[str, typer.Option(help="host:port of a broker.")] = "localhost:9092",
    command_config: Annotated[
        Path, typer.Option(help="Client configuration of an administrator, as kafka-acls.sh expects it.")
    ] = Path("admin.properties"),
) -> None:
    """Print kafka-acls.sh commands: each worker and the platform may use their own topics only."""
    from pipeline.operations.kafka_acls import command_line, kafka_acls  # noqa: PLC0415
    from pipeline.workers import WORKERS  # noqa: PLC0415

    for acl in kafka_acls(WORKERS.values()):
        print(command_line(acl, bootstrap, str(command_config)))
