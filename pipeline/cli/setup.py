"""`fakeme setup`: topics, buckets and tables on the services in the settings, as a deployment needs them.

`fakeme up` does the same for the local stack. Asking twice changes nothing, so it runs before every start.
"""

from typing import Annotated

import typer

from pipeline.errors import PipelineError
from pipeline.settings import Settings, load_settings


class SetupError(PipelineError):
    """Something cannot be set up; the message says what, and what to do."""


def setup(
    buckets: Annotated[
        bool, typer.Option(help="Create the buckets too; the S3 key must be one that may.")
    ] = True,
    replication_factor: Annotated[
        int, typer.Option(min=-1, help="Copies of each topic; -1 takes the cluster's default.")
    ] = -1,
) -> None:
    """Declare topics, create buckets and migrate the database of the services in the settings."""
    settings = load_settings()
    _topics(settings, replication_factor)
    if buckets:
        _buckets(settings)
    _tables(settings)


def _topics(settings: Settings, replication_factor: int) -> None:
    from infra.topics import declare_topics  # noqa: PLC0415 - the Kafka client
    from pipeline.workers import topics  # noqa: PLC0415

    created = declare_topics(settings.kafka_bootstrap, topics(), replication_factor=replication_factor)
    print(_told("topics", created))


def _buckets(settings: Settings) -> None:
    from infra.buckets import create_buckets  # noqa: PLC0415 - boto3

    access_key, secret_key = settings.s3_keys
    if settings.s3_endpoint is None or access_key is None or secret_key is None:
        raise SetupError(
            "buckets need FAKEME_S3_ENDPOINT, FAKEME_S3_ACCESS_KEY and FAKEME_S3_SECRET_KEY; "
            "where somebody else creates them, use --no-buckets"
        )
    names = (settings.media_bucket, settings.evidence_bucket)
    print(_told("buckets", create_buckets(settings.s3_endpoint, access_key, secret_key, names)))


def _tables(settings: Settings) -> None:
    from storage.migrate import current, upgrade  # noqa: PLC0415 - Alembic

    url = settings.database_url.get_secret_value()
    upgrade(url)
    print(f"database: at revision {current(url)}")


def _told(what: str, created: list[str]) -> str:
    return f"{what}: {'created ' + ', '.join(created) if created else 'all there'}"
