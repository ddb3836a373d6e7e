"""Settings of TLS and SASL: complete or refused, the same for both Kafka libraries, and never shown."""

import ssl
from pathlib import Path

import pytest
from faust.auth import SASLCredentials, SSLCredentials

from pipeline.consumers.tagging.credentials import credentials
from pipeline.errors import SettingsError
from pipeline.settings import KafkaSettings, Settings, load_settings

PASSWORD = "a-secret"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path))
    monkeypatch.setenv("FAKEME_KAFKA_BOOTSTRAP", "kafka:9093")
    monkeypatch.setenv("FAKEME_DATABASE_URL", "postgresql://database/fakeme")
    load_settings.cache_clear()


def sasl(protocol: str = "sasl_ssl") -> KafkaSettings:
    return KafkaSettings(security_protocol=protocol, username="fakeme-relay", password=PASSWORD)


def test_clients_connect_in_plain_text_by_default() -> None:
    assert Settings().brokers.client_config() == {
        "bootstrap.servers": "kafka:9093",
        "security.protocol": "plaintext",
    }
    assert credentials(Settings().kafka) is None


def test_clients_use_tls_and_sasl(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SECURITY_PROTOCOL": "sasl_ssl",
        "USERNAME": "fakeme-relay",
        "PASSWORD": PASSWORD,
        "CA_FILE": "/etc/kafka/ca.pem",
    }.items():
        monkeypatch.setenv(f"FAKEME_KAFKA__{name}", value)

    brokers = Settings().brokers

    assert brokers.client_config() == {
        "bootstrap.servers": "kafka:9093",
        "security.protocol": "sasl_ssl",
        "ssl.ca.location": "/etc/kafka/ca.pem",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "fakeme-relay",
        "sasl.password": PASSWORD,
    }
    assert PASSWORD not in f"{brokers} {brokers!r} {Settings()!r}"


def test_faust_gets_the_same_credentials() -> None:
    encrypted, plain = credentials(sasl()), credentials(sasl("sasl_plaintext"))
    tls_only = credentials(KafkaSettings(security_protocol="ssl"))

    assert isinstance(encrypted, SASLCredentials)
    assert isinstance(plain, SASLCredentials)
    assert (encrypted.username, encrypted.password) == ("fakeme-relay", PASSWORD)
    assert encrypted.mechanism.value == "SCRAM-SHA-512"
    assert isinstance(encrypted.ssl_context, ssl.SSLContext)
    assert encrypted.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert encrypted.ssl_context.check_hostname
    assert plain.ssl_context is None
    assert isinstance(tls_only, SSLCredentials)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"SECURITY_PROTOCOL": "tls"}, "FAKEME_KAFKA__SECURITY_PROTOCOL: String should match"),
        ({"SECURITY_PROTOCOL": "sasl_ssl", "PASSWORD": PASSWORD}, "needs a username and a password"),
        ({"SECURITY_PROTOCOL": "sasl_ssl", "USERNAME": "x"}, "needs a username and a password"),
        ({"CERTIFICATE_FILE": "/c.pem", "PASSWORD": PASSWORD}, "set both, or none"),
    ],
)
def test_incomplete_settings_are_refused_without_the_password(
    variables: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"FAKEME_KAFKA__{name}", value)

    with pytest.raises(SettingsError, match=message) as refused:
        load_settings()

    assert PASSWORD not in str(refused.value)
