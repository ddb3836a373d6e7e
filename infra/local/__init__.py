"""The local stack: Kafka, SeaweedFS and PostgreSQL from wheels and jars, supervised, in one data folder."""

from infra.local.stack import Endpoints, LocalStack
from infra.local.worker import WorkerSpec

__all__ = ["Endpoints", "LocalStack", "WorkerSpec"]
