"""Detects and prepares external services that replace those of the local stack."""

from collections.abc import Mapping

from pipeline.errors import SettingsError
from pipeline.settings import Settings

EXTERNAL = ("FAKEME_KAFKA_BOOTSTRAP", "FAKEME_S3_ENDPOINT", "FAKEME_DATABASE_URL")


def services_are_external(environment: Mapping[str, str]) -> bool:
    """Whether the environment names Kafka, S3 and PostgreSQL.

    :raises SettingsError: if it names only some, since events, media and state would be in different places.
    """
    named = [name for name in EXTERNAL if environment.get(name)]
    if named and len(named) < len(EXTERNAL):
        missing = [name for name in EXTERNAL if name not in named]
        raise SettingsError(
            f"{' and '.join(named)} is set, but not {' and '.join(missing)}: "
            "set all three, or none to use the local stack"
        )
    return bool(named)


def prepare_services(settings: Settings) -> None:
    """Create the topics and migrate the database; idempotent.

    FakeME's S3 key cannot create buckets: `fakeme setup` or their owner creates them.
    """
    from infra.topics import declare_topics  # noqa: PLC0415 - the Kafka client
    from pipeline.workers import topics  # noqa: PLC0415
    from storage.migrate import upgrade  # noqa: PLC0415 - Alembic

    declare_topics(settings.brokers, topics())
    upgrade(settings.database_url.get_secret_value())
