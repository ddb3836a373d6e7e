"""The complete system for end-to-end tests: real servers, all workers and the shipped model."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from infra.local.stack import LocalStack
from infra.local.state_file import read_state
from pipeline.operations.development_keys import TRUST_FOLDER, development_settings
from pipeline.operations.external_services import prepare_services, services_are_external
from pipeline.operations.local_workers import worker_specs
from pipeline.producers import PlatformClient, S3Access
from pipeline.settings import Settings


@dataclass(frozen=True)
class System:
    """A running FakeME: its folder, settings and processes."""

    folder: Path
    settings: Settings

    def platform(self) -> PlatformClient:
        """Return a client of the platform."""
        access = S3Access(self.settings.s3_endpoint, *self.settings.platform_s3_keys)
        return PlatformClient(self.settings.kafka_bootstrap, source="test-platform", s3=access)

    def environment(self) -> dict[str, str]:
        """Return the environment for a `fakeme` command that uses this system."""
        return {**os.environ, "FAKEME_HOME": str(self.folder)}

    def pid(self, name: str) -> int | None:
        """Return the current process id of a server or worker; skip the test if it is external."""
        state = read_state(self.folder) or {}
        processes = {**state.get("servers", {}), **state.get("workers", {})}
        if name not in processes:
            pytest.skip(f"{name} is external and cannot be killed")
        return processes[name]["pid"]


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Run servers and workers in a temporary folder; only workers if the environment names services."""
    external = services_are_external(os.environ)
    if external:
        settings = Settings()
        prepare_services(settings)
    folder = tmp_path_factory.mktemp("system")
    with LocalStack(
        folder, worker_specs(), servers=not external, make_settings=development_settings
    ) as stack:
        yield System(stack.folder, Settings() if external else _settings(stack))


def _settings(stack: LocalStack) -> Settings:
    """Return the settings that a `fakeme` command reads from the stack's folder."""
    keys = development_settings(stack.folder)
    keys["provenance"]["trust_folder"] = stack.folder / TRUST_FOLDER
    return Settings(**asdict(stack.endpoints), **keys)
