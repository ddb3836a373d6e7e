"""How Faust connects to the brokers: the settings of the other Kafka clients, for another library."""

import ssl

from faust.auth import Credentials, SASLCredentials, SSLCredentials

from pipeline.settings import KafkaSettings


def credentials(kafka: KafkaSettings) -> Credentials | None:
    """Return Faust's credentials; None for a connection without TLS and SASL."""
    context = _tls(kafka) if kafka.uses_tls else None
    if kafka.uses_sasl:
        return SASLCredentials(
            username=kafka.username,
            password=kafka.password.get_secret_value() if kafka.password else None,
            ssl_context=context,
            mechanism=kafka.sasl_mechanism,
        )
    return SSLCredentials(context) if context is not None else None


def _tls(kafka: KafkaSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(kafka.ca_file) if kafka.ca_file else None)
    if kafka.certificate_file is not None and kafka.key_file is not None:
        context.load_cert_chain(str(kafka.certificate_file), str(kafka.key_file))
    return context
