"""Settings of every process: from the environment, one TOML file, then the running local stack.

Sources, the first that names a value wins: ``FAKEME_…`` variables (nested with ``__``), the TOML file
(``FAKEME_CONFIG``, else ``fakeme.toml`` here), ``stack.json`` of the local stack in ``FAKEME_HOME``.
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

from pipeline.errors import SettingsError


def data_folder() -> Path:
    """Where the local stack keeps its data: ``FAKEME_HOME``, else ``.fakeme`` in the current folder."""
    return Path(os.environ.get("FAKEME_HOME", ".fakeme")).absolute()


class ExplainSettings(BaseModel):
    """Pictures beside a flagged media's verdict: heat maps, and the score over a video's time."""

    enabled: bool = Field(True, description="Without them, the faces' crops are the evidence.")
    budget_seconds: float = Field(
        1.0, ge=0, description="By how long they may delay the verdicts of a batch, in seconds."
    )


class DetectionSettings(BaseModel):
    """The detection worker."""

    device: str = Field(
        "auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="auto takes a GPU if there is one."
    )
    model: str | None = Field(
        None, description="A model of the registry (name or name@version) or a folder; its default if empty."
    )
    shadow_model: str | None = Field(
        None, description="A second model that judges the same media, to be compared; nobody acts on it."
    )
    disabled_signals: tuple[str, ...] = Field(
        (), description="Names of signals that are not asked before the model."
    )
    batch_media: int = Field(8, ge=1, le=256, description="Events handled together at most.")
    batch_wait_ms: int = Field(20, ge=0, le=5_000, description="How long a batch waits to fill.")
    threads: int = Field(4, ge=1, le=64, description="Threads that fetch and decode.")
    torch_threads: int = Field(0, ge=0, description="CPU threads of the network; 0 leaves it to torch.")
    explain: ExplainSettings = ExplainSettings()


class LimitSettings(BaseModel):
    """What is refused before it is decoded."""

    max_media_bytes: int = Field(200_000_000, ge=1, description="Largest object that is fetched, in bytes.")
    max_pixels: int = Field(50_000_000, ge=1, description="Largest picture or frame, in pixels.")
    max_video_seconds: float = Field(600.0, gt=0, description="Longest video, in seconds.")


class ModerationSettings(BaseModel):
    """Cases and surges."""

    lease_seconds: int = Field(900, ge=10, description="How long a claimed case stays with its moderator.")
    surge_reporters: int = Field(5, ge=2, description="Distinct reporters that make a surge.")
    surge_window_seconds: int = Field(600, ge=1, description="The time within which they must report.")


class TaggingSettings(BaseModel):
    """The tagging worker."""

    instance_id: str | None = Field(
        None,
        pattern=r"^[\w.-]{1,128}$",
        description="Name of this process in its consumer group, if no other has it (a StatefulSet's pod):"
        " restarted after a crash it goes on at once, else when its session has ended, 10 s later.",
    )


class RetrySettings(BaseModel):
    """How long an event waits before the next try."""

    first_delay_seconds: float = Field(1.0, gt=0)
    max_delay_seconds: float = Field(60.0, gt=0)
    attempts: int = Field(5, ge=1, description="Tries of an event whose handler fails for no known reason.")


class GatewaySettings(BaseModel):
    """The HTTP gateway."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65_535)


class Settings(BaseSettings):
    """All settings; every field can be given as ``FAKEME_<NAME>``."""

    model_config = SettingsConfigDict(
        env_prefix="FAKEME_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    kafka_bootstrap: str = Field(description="host:port of one or more brokers, separated by commas.")
    s3_endpoint: str | None = Field(None, description="URL of the S3 service; empty for AWS.")
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr | None = Field(
        None, description="FakeME's own key: reads media, writes evidence."
    )
    s3_secret_key: SecretStr | None = None
    platform_s3_access_key: SecretStr | None = Field(
        None, description="The platform's key, for `demo` and `post`."
    )
    platform_s3_secret_key: SecretStr | None = None
    media_bucket: str = "platform-media"
    evidence_bucket: str = "fakeme-evidence"
    allowed_buckets: tuple[str, ...] = Field(
        ("platform-media",), description="Buckets that media may lie in."
    )
    database_url: SecretStr = Field(description="SQLAlchemy URL of PostgreSQL.")
    source: str = Field("fakeme", description="CloudEvents source of the events made here.")
    health_host: str = "127.0.0.1"
    health_port: int = Field(
        0, ge=0, le=65_535, description="Port of /healthz, /readyz and /metrics; 0: any free."
    )
    model_registry: Path | None = Field(None, description="A registry.toml instead of the shipped one.")
    log_level: str = Field("INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    log_format: str = Field("json", pattern=r"^(json|console)$")

    detection: DetectionSettings = DetectionSettings()
    limits: LimitSettings = LimitSettings()
    moderation: ModerationSettings = ModerationSettings()
    tagging: TaggingSettings = TaggingSettings()
    retry: RetrySettings = RetrySettings()
    gateway: GatewaySettings = GatewaySettings()

    @property
    def s3_keys(self) -> tuple[str | None, str | None]:
        """FakeME's own access key and secret key; None leaves them to AWS's usual chain."""
        return _reveal(self.s3_access_key), _reveal(self.s3_secret_key)

    @property
    def platform_s3_keys(self) -> tuple[str | None, str | None]:
        """The platform's access key and secret key."""
        return _reveal(self.platform_s3_access_key), _reveal(self.platform_s3_secret_key)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order in which values are looked for."""
        toml = TomlConfigSettingsSource(settings_cls, os.environ.get("FAKEME_CONFIG", "fakeme.toml"))
        return init_settings, env_settings, toml, InitSettingsSource(settings_cls, _running_stack())


def _reveal(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _running_stack() -> dict[str, Any]:
    """What the local stack says of itself; empty when none was started here."""
    try:
        described = json.loads((data_folder() / "stack.json").read_text())
    except FileNotFoundError:
        return {}
    known = Settings.model_fields.keys()
    return {name: value for name, value in described.items() if name in known}


@lru_cache
def load_settings() -> Settings:
    """The settings of this process; raises :class:`SettingsError` naming what is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from error


def _explain(error: ValidationError) -> str:
    lines = []
    for fault in error.errors(include_url=False):
        variable = "FAKEME_" + "__".join(str(part) for part in fault["loc"]).upper()
        if fault["type"] == "missing":
            lines.append(f"{variable} is not set and no local stack runs here: start `fakeme up`, or set it")
        else:
            lines.append(f"{variable}: {fault['msg']} (it is {fault['input']!r})")
    return "; ".join(lines)
