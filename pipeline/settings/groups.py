"""The groups of settings: one class for each worker, service or concern."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

_WATERMARK_KEY_DIGITS = 64
HIDDEN_VALUE = "hidden_value"  # type of an error about a value that must not be shown


def reveal(secret: SecretStr | None) -> str | None:
    """Return the text of a secret; None if there is none."""
    return None if secret is None else secret.get_secret_value()


class KafkaSettings(BaseModel):
    """How clients connect to the brokers of ``kafka_bootstrap``."""

    security_protocol: str = Field(
        "plaintext",
        pattern=r"^(plaintext|ssl|sasl_plaintext|sasl_ssl)$",
        description="plaintext, ssl, sasl_plaintext or sasl_ssl.",
    )
    sasl_mechanism: str = Field(
        "SCRAM-SHA-512",
        pattern=r"^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$",
        description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; used with sasl_plaintext and sasl_ssl.",
    )
    username: str | None = Field(None, description="The user of SASL.")
    password: SecretStr | None = Field(None, description="The user's password.")
    ca_file: Path | None = Field(
        None, description="Certificates that the brokers' are checked with, as PEM. Empty: the system's."
    )
    certificate_file: Path | None = Field(
        None, description="The client's certificate, as PEM, if brokers want one."
    )
    key_file: Path | None = Field(None, description="The key of the client's certificate, as PEM.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.uses_sasl and (not self.username or self.password is None):
            raise ValueError(f"{self.security_protocol} needs a username and a password")
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file belong together: set both, or none")
        return self

    @property
    def uses_sasl(self) -> bool:
        """Whether clients tell a user name and password."""
        return self.security_protocol.startswith("sasl_")

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security_protocol.endswith("ssl")

    def client_config(self) -> dict[str, str]:
        """Return librdkafka's settings of TLS and SASL."""
        files = {
            "ssl.ca.location": self.ca_file,
            "ssl.certificate.location": self.certificate_file,
            "ssl.key.location": self.key_file,
        }
        config = {"security.protocol": self.security_protocol}
        if self.uses_tls:
            config |= {name: str(file) for name, file in files.items() if file is not None}
        if self.uses_sasl:
            config |= {
                "sasl.mechanism": self.sasl_mechanism,
                "sasl.username": self.username or "",
                "sasl.password": reveal(self.password) or "",
            }
        return config


class ExplainSettings(BaseModel):
    """Explanatory pictures for flagged media items: heat maps, and the score of a video over time."""

    enabled: bool = Field(
        True, description="Draw explanatory pictures. If false, the evidence is face crops only."
    )
    budget_seconds: float = Field(
        1.0, ge=0, description="Maximum time for drawing per batch, in seconds. It delays the verdicts."
    )


class EvidenceSettings(BaseModel):
    """Evidence files that wait in PostgreSQL while the evidence bucket is unavailable."""

    max_pending_files: int = Field(
        10_000,
        ge=0,
        description="Above this number, verdicts are stored without evidence. A file has some 20 to 100 kB.",
    )
    max_pending_seconds: int = Field(
        604_800, ge=60, le=31_536_000, description="Files that have waited longer are deleted."
    )


class DetectionSettings(BaseModel):
    """The detection worker."""

    device: str = Field(
        "auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="auto uses a GPU if there is one."
    )
    model: str | None = Field(
        None,
        description="A model in the registry (name or name@version) or a folder. Empty: the default model.",
    )
    shadow_model: str | None = Field(
        None, description="A second model that analyses the same media items, for comparison only."
    )
    disabled_signals: tuple[str, ...] = Field((), description="Names of signals to disable.")
    batch_media: int = Field(8, ge=1, le=256, description="Maximum number of media items in a batch.")
    batch_wait_ms: int = Field(20, ge=0, le=5_000, description="How long to wait for a batch to fill, in ms.")
    threads: int = Field(16, ge=1, le=256, description="Posts in progress; most of them wait for the model.")
    decoders: int = Field(
        2, ge=1, le=64, description="Processes that decode media items. Best one for each CPU core."
    )
    decoder_mb: int = Field(
        500, ge=100, description="Memory that one of them may use for one media item, in MB."
    )
    fetched_mb: int = Field(
        200, ge=1, description="Memory of fetched files that wait for a decoder, in MB, or one larger file."
    )
    decoded_mb: int = Field(
        400, ge=1, description="Memory of decoded frames that wait for the model, in MB, or one larger item."
    )
    torch_threads: int = Field(0, ge=0, description="CPU threads of the network. 0: torch's default.")
    explain: ExplainSettings = ExplainSettings()
    evidence: EvidenceSettings = EvidenceSettings()


class KnownMediaSettings(BaseModel):
    """Media that moderators here or elsewhere have decided on."""

    tag_similar: bool = Field(
        False,
        description="Tag pictures that are similar to a known deepfake. If false, moderators decide, because"
        " the picture that was forged is as similar.",
    )
    matches_per_minute: int = Field(
        1_000,
        ge=1,
        le=1_000_000,
        description="If an entry matches more posts in a worker, its matches are only suspected.",
    )


class LimitSettings(BaseModel):
    """Limits on media items. Larger ones are refused before they are decoded."""

    max_media_bytes: int = Field(200_000_000, ge=1, description="Largest object to fetch, in bytes.")
    max_pixels: int = Field(50_000_000, ge=1, description="Largest picture or frame, in pixels.")
    max_video_seconds: float = Field(600.0, gt=0, description="Longest video, in seconds.")


class ModerationSettings(BaseModel):
    """Cases and surges."""

    lease_seconds: int = Field(
        900, ge=10, description="How long a claimed case stays with its moderator, in seconds."
    )
    surge_reporters: int = Field(5, ge=2, description="Number of distinct reporters that make a surge.")
    surge_window_seconds: int = Field(
        600, ge=1, le=2_592_000, description="Time within which they must report, in seconds."
    )


class TaggingSettings(BaseModel):
    """The tagging worker."""

    instance_id: str | None = Field(
        None,
        pattern=r"^[\w.-]{1,128}$",
        description="Unique name of this process in its consumer group, such as its pod in a StatefulSet."
        " With it, a restart after a crash continues at once; otherwise after the session timeout (10 s).",
    )


MONTH_DAYS = 31


def _none_or_a_month(days: int) -> int:
    """A window of surges, and the retention of most topics, are shorter than a month."""
    if 0 < days < MONTH_DAYS:
        raise ValueError(f"at least {MONTH_DAYS} days, or 0 to keep rows for ever")
    return days


Retention = Annotated[int, Field(ge=0, le=36_500), AfterValidator(_none_or_a_month)]


class RetentionSettings(BaseModel):
    """How long PostgreSQL keeps rows, in days, and S3 evidence. The relay deletes older rows.

    Cases, decisions, the audit log, tags and the owners of posts are kept.
    """

    outbox_days: int = Field(
        7, ge=1, le=36_500, description="Published messages of the outbox, to look into a problem."
    )
    media_objects_days: int = Field(
        90, ge=1, le=36_500, description="Known versions of media objects. Forgotten ones are read again."
    )
    analyses_days: Retention = Field(
        0, description="Analyses of media, from 31 days. Later copies are analysed again. 0: for ever."
    )
    posts_days: Retention = Field(
        0, description="Posts, from 31 days. Later reports of one are about an unknown post. 0: for ever."
    )
    reports_days: Retention = Field(
        0, description="Reports and surges, from 31 days. Their cases are kept. 0: for ever."
    )
    verdicts_days: Retention = Field(
        0, description="Verdicts, from 31 days. Later requests for one are answered with 404. 0: for ever."
    )
    evidence_days: Retention = Field(
        0, description="Objects of the evidence bucket, from 31 days; `fakeme setup` sets it. 0: for ever."
    )


class RetrySettings(BaseModel):
    """Delays between the attempts to handle an event, and how many there are."""

    first_delay_seconds: float = Field(
        1.0, gt=0, description="Delay before the first retry; each further delay is twice as long."
    )
    max_delay_seconds: float = Field(60.0, gt=0, description="Longest delay between two attempts.")
    attempts: int = Field(
        5,
        ge=1,
        le=1_000,
        description="Attempts after which an event is given up. Tries during an outage do not count.",
    )


class ConsumptionSettings(BaseModel):
    """How detection and moderation work through events, and when they pause or count as hung."""

    low_priority_every: int = Field(
        20, ge=2, le=1_000, description="Of so many hand-outs, one goes to the lowest waiting priority."
    )
    prepare_limit_seconds: float = Field(
        900.0,
        gt=0,
        le=86_400,
        description="If preparing one event takes longer, the worker counts as hung, in seconds.",
    )
    handle_limit_seconds: float = Field(
        300.0,
        gt=0,
        le=86_400,
        description="If a batch takes longer, the worker counts as hung, in seconds.",
    )
    pause_window_seconds: float = Field(
        60.0, gt=0, le=3_600, description="Failures within this time count together, in seconds."
    )
    pause_events: int = Field(
        5, ge=2, le=100, description="Number of different events that must fail before a worker pauses."
    )
    pause_share: float = Field(
        0.8, gt=0, le=1, description="Share of the window's events that must fail before a worker pauses."
    )


class ProvenanceSettings(BaseModel):
    """Content credentials (C2PA): how generated media are signed, and whose signatures are trusted."""

    certificate_chain: Path | None = Field(
        None, description="PEM file for signing: the signing certificate first, then those above it."
    )
    private_key: Path | None = Field(
        None, description="PEM file with the private key of the signing certificate, not encrypted."
    )
    key_service: str | None = Field(
        None,
        description="Instead of a private key: module:function that takes bytes and returns their signature.",
    )
    key_service_algorithm: str = Field(
        "es256",
        pattern=r"^(es256|es384|es512|ps256|ps384|ps512|ed25519)$",
        description="Signing algorithm of the key service.",
    )
    timestamp_authority: str | None = Field(
        None, pattern=r"^https?://", description="URL of an RFC 3161 service. Empty: no timestamps."
    )
    trust_folder: Path | None = Field(
        None, description="Folder of the trust list, PEM files. Empty: `trust` in FAKEME_HOME."
    )


class GatewaySettings(BaseModel):
    """The HTTP gateway."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65_535)
    docs: bool = Field(
        False, description="Serve the OpenAPI page at /docs and the document at /openapi.json, without a key."
    )
    requests_per_second: float = Field(
        50.0, gt=0, le=10_000, description="Requests of one API key per second, at each gateway process."
    )
    burst: int = Field(
        200, ge=1, le=100_000, description="Requests of one API key that may come at once after a pause."
    )
    address_requests_per_second: float = Field(
        5.0,
        gt=0,
        le=10_000,
        description="Requests of one client address per second to routes without a key, at each process.",
    )
    address_burst: int = Field(
        50, ge=1, le=100_000, description="Such requests that may come at once after a pause."
    )
    waiting_per_key: int = Field(
        100, ge=1, le=10_000, description="Requests of one API key that may wait for a verdict at once."
    )
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"),
        description="Addresses and networks of proxies whose X-Forwarded-For tells the client's address.",
    )
    verify_page: bool = Field(
        False, description="Serve the public page /verify, without a key. It loads the model."
    )
    verify_max_bytes: int = Field(
        25_000_000, ge=100_000, le=200_000_000, description="Largest file that the page checks, in bytes."
    )
    verify_per_hour: float = Field(
        60.0, gt=0, le=100_000, description="Checks of one network address per hour, at each gateway process."
    )
    verify_burst: int = Field(
        10, ge=1, le=10_000, description="Checks of one address that may come at once after a pause."
    )


class WatermarkSettings(BaseModel):
    """The invisible mark in generated pictures."""

    key: SecretStr | None = Field(
        None, description="64 hex digits, from `fakeme watermark key`. Keep it secret."
    )
    search: bool = Field(
        True,
        description="Whether detection also finds marks in media that were scaled, rotated or cut. That takes"
        " some two seconds of CPU time for each 1080p picture without one.",
    )

    @field_validator("key")
    @classmethod
    def _check_key(cls, key: SecretStr | None) -> SecretStr | None:
        text = reveal(key) or ""
        if text and not re.fullmatch(rf"[0-9A-Fa-f]{{{_WATERMARK_KEY_DIGITS}}}", text):
            raise PydanticCustomError(
                HIDDEN_VALUE,
                "a key has {digits} hex digits, as `fakeme watermark key` prints them; this value has"
                " {length} characters",
                {"digits": _WATERMARK_KEY_DIGITS, "length": len(text)},
            )
        return key

    @property
    def key_bytes(self) -> bytes | None:
        """The key; None if there is none."""
        text = reveal(self.key)
        return bytes.fromhex(text) if text else None
