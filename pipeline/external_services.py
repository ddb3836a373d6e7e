"""Whether the environment names services to use instead of the local ones: all three, or none."""

from collections.abc import Mapping

from pipeline.errors import SettingsError

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
