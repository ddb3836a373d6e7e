"""Services elsewhere instead of the local ones: whether the environment names them, and making them fit."""

from collections.abc import Mapping

from pipeline.errors import SettingsError
from pipeline.settings import Settings

EXTERNAL = ("FAKEME_KAFKA_BOOTSTRAP", "FAKEME_S3_ENDPOINT", "FAKEME_DATABASE_URL")


def services_are_external(environment: Mapping[str, str]) -> bool:
    """True when Kafka, S3 and PostgreSQL are all named.

    :raises SettingsError: only some of them are: events, media and state would go to different places.
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
    """Declare the topics and migrate the database; asking twice changes nothing.

    Buckets need another key than FakeME's own: `fakeme setup` makes them, or their owner does.
    """
    from infra.topics import declare_topics  # noqa: PLC0415 - the Kafka client
    from pipeline.workers import topics  # noqa: PLC0415
    from storage.migrate import upgrade  # noqa: PLC0415 - Alembic

    declare_topics(settings.kafka_bootstrap, topics())
    upgrade(settings.database_url.get_secret_value())
