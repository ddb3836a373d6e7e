"""`fakeme setup`: create topics, buckets, tables and roles on the configured services.

`fakeme up` does the same for the local stack. The command is idempotent, so a deployment runs it before every
start.
"""

from typing import Annotated

import typer

from pipeline.errors import PipelineError
from pipeline.settings import Settings, load_settings


class SetupError(PipelineError):
    """A resource cannot be created; the message names it and says what to do."""


def setup(
    buckets: Annotated[
        bool, typer.Option(help="Also create the buckets, which the S3 key must permit.")
    ] = True,
    replication_factor: Annotated[
        int, typer.Option(min=-1, help="Replicas of each topic; -1 uses the default of the cluster.")
    ] = -1,
) -> None:
    """Create the topics and buckets, migrate the database, and grant workers their privileges."""
    settings = load_settings()
    _topics(settings, replication_factor)
    if buckets:
        _buckets(settings)
    _tables(settings)
    _roles(settings)


def _topics(settings: Settings, replication_factor: int) -> None:
    from infra.topics import declare_topics  # noqa: PLC0415 - the Kafka client
    from pipeline.workers import topics  # noqa: PLC0415

    created = declare_topics(settings.brokers, topics(), replication_factor=replication_factor)
    print(_summary("topics", created))


def _buckets(settings: Settings) -> None:
    from infra.buckets import create_buckets, keep_for  # noqa: PLC0415 - boto3

    access_key, secret_key = settings.s3_keys
    if settings.s3_endpoint is None or access_key is None or secret_key is None:
        raise SetupError(
            "buckets need FAKEME_S3_ENDPOINT, FAKEME_S3_ACCESS_KEY and FAKEME_S3_SECRET_KEY; "
            "if they are created elsewhere, use --no-buckets"
        )
    names = (settings.media_bucket, settings.evidence_bucket)
    print(_summary("buckets", create_buckets(settings.s3_endpoint, access_key, secret_key, names)))
    days = settings.retention.evidence_days
    keep_for(settings.s3_endpoint, access_key, secret_key, settings.evidence_bucket, days)


def _tables(settings: Settings) -> None:
    from storage.migrate import current, upgrade  # noqa: PLC0415 - Alembic

    url = settings.database_url.get_secret_value()
    upgrade(url)
    print(f"database: at revision {current(url)}")


def _roles(settings: Settings) -> None:
    from pipeline.workers import find_worker  # noqa: PLC0415
    from storage.roles import Role, apply_roles, role_name  # noqa: PLC0415 - the driver

    roles = [
        Role(role_name(name), password.get_secret_value(), find_worker(name).access.tables)
        for name, password in settings.role_passwords.items()
    ]
    if roles:
        apply_roles(settings.database_url.get_secret_value(), roles)
        print(f"roles: {', '.join(role.name for role in roles)}")


def _summary(kind: str, created: list[str]) -> str:
    return f"{kind}: {'created ' + ', '.join(created) if created else 'all exist'}"
