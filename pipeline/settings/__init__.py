"""The settings of all processes.

Sources, in order of precedence: ``FAKEME_…`` environment variables (``__`` separates nested names), the TOML
file (``FAKEME_CONFIG``, else ``fakeme.toml`` in the current folder), and ``stack.json`` of the local stack in
``FAKEME_HOME``.
"""

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from infra.brokers import Brokers
from pipeline.errors import SettingsError
from pipeline.settings.groups import (
    HIDDEN_VALUE,
    ConsumptionSettings,
    DetectionSettings,
    EvidenceSettings,
    ExplainSettings,
    GatewaySettings,
    KafkaSettings,
    KnownMediaSettings,
    LimitSettings,
    ModerationSettings,
    ProvenanceSettings,
    RetentionSettings,
    RetrySettings,
    TaggingSettings,
    WatermarkSettings,
    reveal,
)

__all__ = [
    "ConsumptionSettings",
    "DetectionSettings",
    "EvidenceSettings",
    "ExplainSettings",
    "GatewaySettings",
    "KafkaSettings",
    "KnownMediaSettings",
    "LimitSettings",
    "LocalSettings",
    "ModerationSettings",
    "ProvenanceSettings",
    "RetentionSettings",
    "RetrySettings",
    "Settings",
    "TaggingSettings",
    "WatermarkSettings",
    "data_folder",
    "load_local_settings",
    "load_settings",
]

# Groups of settings of the local stack, and those with which a user replaces the whole group.
_REPLACED_BY = {
    "provenance": {"certificate_chain", "private_key", "key_service"},
    "watermark": {"key"},
}


def data_folder() -> Path:
    """Return the data folder of the local stack: ``FAKEME_HOME``, else ``.fakeme`` in the current folder."""
    return Path(os.environ.get("FAKEME_HOME", ".fakeme")).absolute()


class _StackSettings(InitSettingsSource):
    """The settings of the running local stack, below all others.

    What belongs to its keys is left out if another source names a key: its certificate, and how marks are
    looked for.
    """

    def __call__(self) -> dict[str, Any]:
        settings = super().__call__()
        for group, names in _REPLACED_BY.items():
            stated = self.current_state.get(group, {})
            if names & (stated.model_fields_set if isinstance(stated, BaseModel) else stated.keys()):
                settings.pop(group, None)
        return settings


class LocalSettings(BaseSettings):
    """The settings of commands that work on local files, without any service."""

    model_config = SettingsConfigDict(
        env_prefix="FAKEME_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    provenance: ProvenanceSettings = ProvenanceSettings()
    watermark: WatermarkSettings = WatermarkSettings()

    @property
    def trust_folder(self) -> Path:
        """The folder of the trust list."""
        return self.provenance.trust_folder or data_folder() / "trust"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources of settings, in order of precedence."""
        toml = TomlConfigSettingsSource(settings_cls, os.environ.get("FAKEME_CONFIG", "fakeme.toml"))
        return init_settings, env_settings, toml, _StackSettings(settings_cls, _running_stack())


class Settings(LocalSettings):
    """All settings. Each field can be set as ``FAKEME_<NAME>``."""

    kafka_bootstrap: str = Field(description="host:port of one or more brokers, separated by commas.")
    s3_endpoint: str | None = Field(None, description="URL of the S3 service. Empty: AWS.")
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr | None = Field(
        None, description="FakeME's own key, which reads media and writes evidence."
    )
    s3_secret_key: SecretStr | None = None
    platform_s3_access_key: SecretStr | None = Field(
        None, description="The platform's key, for `demo` and `post`."
    )
    platform_s3_secret_key: SecretStr | None = None
    media_bucket: str = "platform-media"
    evidence_bucket: str = "fakeme-evidence"
    allowed_buckets: tuple[str, ...] = Field(
        ("platform-media",), description="Buckets from which media items may be fetched."
    )
    database_url: SecretStr = Field(description="SQLAlchemy URL of PostgreSQL.")
    role_passwords: dict[str, SecretStr] = Field(
        {},
        description="Passwords of workers' own PostgreSQL roles, which `fakeme setup` makes, by worker.",
    )
    source: str = Field("fakeme", description="CloudEvents source of the events that FakeME publishes.")
    health_host: str = "127.0.0.1"
    health_port: int = Field(
        0, ge=0, le=65_535, description="Port of /healthz, /readyz and /metrics. 0: any free port."
    )
    model_registry: Path | None = Field(
        None, description="A registry.toml to use instead of the built-in one."
    )
    log_level: str = Field("INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    log_format: str = Field("json", pattern=r"^(json|console)$")

    kafka: KafkaSettings = KafkaSettings()
    detection: DetectionSettings = DetectionSettings()
    known_media: KnownMediaSettings = KnownMediaSettings()
    limits: LimitSettings = LimitSettings()
    moderation: ModerationSettings = ModerationSettings()
    tagging: TaggingSettings = TaggingSettings()
    retry: RetrySettings = RetrySettings()
    retention: RetentionSettings = RetentionSettings()
    consumption: ConsumptionSettings = ConsumptionSettings()
    gateway: GatewaySettings = GatewaySettings()

    @property
    def brokers(self) -> Brokers:
        """The Kafka brokers, and how to connect to them."""
        return Brokers(self.kafka_bootstrap, self.kafka.client_config())

    @property
    def s3_keys(self) -> tuple[str | None, str | None]:
        """FakeME's own access key and secret key. None: use the default AWS credential chain."""
        return reveal(self.s3_access_key), reveal(self.s3_secret_key)

    @property
    def platform_s3_keys(self) -> tuple[str | None, str | None]:
        """The platform's access key and secret key."""
        return reveal(self.platform_s3_access_key), reveal(self.platform_s3_secret_key)


def _running_stack() -> dict[str, Any]:
    """Return the settings that the local stack wrote when it started; empty if none was started here."""
    try:
        written = json.loads((data_folder() / "stack.json").read_text())
    except FileNotFoundError:
        return {}
    known = Settings.model_fields.keys()
    return {name: value for name, value in written.items() if name in known}


@lru_cache
def load_settings() -> Settings:
    """Return the settings of this process; raise :class:`SettingsError` if one is missing or invalid."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from error


def load_local_settings() -> LocalSettings:
    """Return the settings that need no service; raise :class:`SettingsError` if one is invalid."""
    try:
        return LocalSettings()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from error


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False):
        variable = "FAKEME_" + "__".join(str(part) for part in problem["loc"]).upper()
        if problem["type"] == "missing":
            lines.append(f"{variable} is not set and no local stack runs here: run `fakeme up`, or set it")
        else:
            # A group of settings may hold a password.
            hidden = problem["type"] == HIDDEN_VALUE or isinstance(problem["input"], dict)
            value = "" if hidden else f" (the value is {problem['input']!r})"
            lines.append(f"{variable}: {problem['msg']}{value}")
    return "; ".join(lines)
