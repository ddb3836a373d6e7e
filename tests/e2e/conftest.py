"""The whole system for end-to-end tests: real servers, all workers, the shipped model."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from infra.local.stack import LocalStack
from infra.local.state_file import read_state
from pipeline.operations.external_services import prepare_services, services_are_external
from pipeline.operations.local_workers import worker_specs
from pipeline.producers import PlatformClient, S3Access
from pipeline.settings import Settings


@dataclass(frozen=True)
class System:
    """A running FakeME: where it is, and the processes that it consists of."""

    folder: Path
    settings: Settings

    def platform(self) -> PlatformClient:
        """The platform's own client."""
        access = S3Access(self.settings.s3_endpoint, *self.settings.platform_s3_keys)
        return PlatformClient(self.settings.kafka_bootstrap, source="test-platform", s3=access)

    def environment(self) -> dict[str, str]:
        """For a `fakeme` command that should talk to this system."""
        return {**os.environ, "FAKEME_HOME": str(self.folder)}

    def pid(self, name: str) -> int | None:
        """The process of a server or worker, as it is now; skips the test if it is not ours."""
        state = read_state(self.folder) or {}
        described = {**state.get("servers", {}), **state.get("workers", {})}
        if name not in described:
            pytest.skip(f"{name} runs elsewhere and is not ours to kill")
        return described[name]["pid"]


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Servers and workers in a folder of their own; workers alone where the environment names services."""
    external = services_are_external(os.environ)
    if external:
        settings = Settings()
        prepare_services(settings)
    with LocalStack(tmp_path_factory.mktemp("system"), worker_specs(), servers=not external) as stack:
        yield System(stack.folder, Settings() if external else Settings(**asdict(stack.endpoints)))
