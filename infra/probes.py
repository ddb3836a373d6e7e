"""Health checks of services: each sends a real request and raises NotAnsweringError if it fails."""

import socket
from collections.abc import Sequence
from contextlib import closing

import boto3
import httpx
import psycopg2
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from sqlalchemy.engine import make_url

from infra.brokers import Brokers, connection
from infra.errors import NotAnsweringError

TIMEOUT_SECONDS = 3.0  # a local service answers in milliseconds; a remote one within a second


def kafka_answer(bootstrap: str | Brokers, timeout: float = TIMEOUT_SECONDS) -> str:
    """Request the metadata of the brokers at ``host:port[,host:port]``.

    :return: a summary with the number of brokers and topics.
    """
    _require_open_port(str(bootstrap), timeout)
    try:
        with AdminClient(_quiet(bootstrap)) as admin:
            metadata = admin.list_topics(timeout=timeout)
    except KafkaException as error:
        raise NotAnsweringError(f"Kafka at {bootstrap} does not answer: {error.args[0].str()}") from error
    if not metadata.brokers:
        raise NotAnsweringError(f"Kafka at {bootstrap} reports no broker")
    return f"{len(metadata.brokers)} broker(s), {len(metadata.topics)} topics, cluster {metadata.cluster_id}"


def kafka_topics(bootstrap: str | Brokers, timeout: float = TIMEOUT_SECONDS) -> dict[str, int]:
    """Return the number of partitions of each topic by name."""
    try:
        with AdminClient(_quiet(bootstrap)) as admin:
            metadata = admin.list_topics(timeout=timeout)
    except KafkaException as error:
        raise NotAnsweringError(f"Kafka at {bootstrap} does not answer: {error.args[0].str()}") from error
    return {name: len(topic.partitions) for name, topic in metadata.topics.items()}


def s3_answer(
    endpoint: str | None, access_key: str | None, secret_key: str | None, *, bucket: str | None
) -> str:
    """List one object of ``bucket``, or all buckets, with these credentials.

    :return: the server's name and version from its response header.
    """
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
        config=Config(
            connect_timeout=TIMEOUT_SECONDS,
            read_timeout=TIMEOUT_SECONDS,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"} if endpoint else {},
        ),
    )
    try:
        listed = client.list_objects_v2(Bucket=bucket, MaxKeys=1) if bucket else client.list_buckets()
    except (BotoCoreError, ClientError) as error:
        raise NotAnsweringError(
            f"S3 at {endpoint or 'AWS'} cannot list {bucket or 'buckets'}: {error}"
        ) from error
    return str(listed["ResponseMetadata"]["HTTPHeaders"].get("server", "S3"))


def postgres_answer(database_url: str) -> str:
    """Run a query on the database of an SQLAlchemy URL.

    :return: the server's version, for example ``PostgreSQL 18.6``.
    """
    url = make_url(database_url)
    try:
        connection = psycopg2.connect(
            host=url.host,
            port=url.port or 5432,
            user=url.username,
            password=url.password,
            dbname=url.database,
            connect_timeout=int(TIMEOUT_SECONDS),
        )
        with closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version')")
            row = cursor.fetchone()
    except psycopg2.Error as error:
        where = url.render_as_string(hide_password=True)
        raise NotAnsweringError(f"PostgreSQL at {where} does not answer: {str(error).strip()}") from error
    return f"PostgreSQL {row[0] if row else 'of unknown version'}"


def http_answer(url: str, *, max_characters: int = 200) -> str:
    """Send a GET request to ``url``; every status other than 200 is a failure.

    :return: the first ``max_characters`` characters of the body.
    """
    try:
        response = httpx.get(url, timeout=TIMEOUT_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        raise NotAnsweringError(f"{url} does not answer: {error}") from error
    if response.status_code != httpx.codes.OK:
        raise NotAnsweringError(f"{url} returned status {response.status_code}: {response.text[:200]}")
    return response.text[:max_characters]


def _quiet(bootstrap: str | Brokers) -> dict[str, str | int | float | bool]:
    # Without log_level 0, librdkafka writes each refused connection to stderr while a broker starts.
    return {**connection(bootstrap), "log_level": 0}


def _require_open_port(bootstrap: str, timeout: float) -> None:
    """Fail at once if no server listens; librdkafka would wait for its whole timeout."""
    servers = [server.rsplit(":", 1) for server in bootstrap.split(",")]
    if not any(_listens(server, timeout) for server in servers):
        raise NotAnsweringError(f"no server listens at {bootstrap}")


def _listens(server: Sequence[str], timeout: float) -> bool:
    host, _, port = server[0], None, int(server[1]) if len(server) > 1 else 9092
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError:
        return False
    return True
