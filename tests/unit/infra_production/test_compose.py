"""docker-compose.yml is valid and pinned, and refers only to things that exist."""

import json
import re
from typing import Any, get_origin

import pytest
from jsonschema import Draft7Validator
from sqlalchemy import make_url
from typer.testing import CliRunner

from infra.local.credentials import Credentials, S3Key
from infra.local.seaweedfs import identities, worker_actions
from pipeline.cli import COMMANDS, cli
from pipeline.settings import Settings
from pipeline.workers import WORKERS
from storage.roles import role_name
from tests.unit.infra_production.compose import (
    ROOT,
    example_variables,
    load_compose,
    services,
    used_variables,
)

STANDARD = ROOT / "tests/standards/compose-spec.json"
SERVERS = ("kafka", "objects", "database")
FAKEME_SERVICES = [name for name, service in services().items() if service["image"].startswith("fakeme:")]
WORKER_SERVICES = [name for name in FAKEME_SERVICES if name != "setup"]


def standard() -> Draft7Validator:
    return Draft7Validator(json.loads(STANDARD.read_text("utf-8")))


def test_file_conforms_to_the_compose_specification() -> None:
    errors = [
        f"{'.'.join(map(str, error.path))}: {error.message}"
        for error in standard().iter_errors(load_compose())
    ]

    assert errors == []


def test_specification_rejects_an_unknown_property() -> None:
    content = load_compose()
    content["services"]["kafka"]["restarts"] = "always"

    assert not standard().is_valid(content)


@pytest.mark.parametrize("name", services())
def test_image_is_pinned_to_an_exact_version(name: str) -> None:
    image, _, tag = services()[name]["image"].partition(":")

    assert image
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?", tag), f"{name} runs {image}:{tag}"


def test_services_match_the_workers() -> None:
    commands = {name: services()[name]["command"] for name in FAKEME_SERVICES}

    assert {command[1] for command in commands.values() if command[0] == "worker"} == set(WORKERS)
    assert commands["setup"] == ["setup"]
    assert set(services()) - set(FAKEME_SERVICES) == {*SERVERS, "prometheus", "grafana"}


@pytest.mark.parametrize("name", FAKEME_SERVICES)
def test_command_exists(name: str) -> None:
    command = services()[name]["command"]

    result = CliRunner().invoke(cli, [command[0], "--help"])

    assert result.exit_code == 0
    assert command[0] in COMMANDS


@pytest.mark.parametrize("name", FAKEME_SERVICES)
def test_environment_variables_are_settings(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    variables = services()[name]["environment"]
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path))
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)

    unknown = [variable for variable in variables if not is_setting(variable)]
    settings = Settings()

    assert unknown == []
    assert settings.kafka_bootstrap == "kafka:9092"
    assert settings.health_port == 9000


def is_setting(variable: str) -> bool:
    fields: Any = Settings.model_fields
    *groups, last = variable.removeprefix("FAKEME_").lower().split("__")
    for group in groups:
        if group not in fields:
            return False
        if get_origin(fields[group].annotation) is dict:
            return last in WORKERS
        fields = fields[group].annotation.model_fields
    return last in fields


def test_unknown_variable_is_detected() -> None:
    assert is_setting("FAKEME_DETECTION__BATCH_MEDIA")
    assert not is_setting("FAKEME_DETECTION__BATCHES")
    assert not is_setting("FAKEME_KAFKAS")


@pytest.mark.parametrize("name", WORKER_SERVICES)
def test_worker_has_a_readiness_check_and_waits_for_setup(name: str) -> None:
    service = services()[name]

    assert service["healthcheck"]["test"][0] == "CMD"
    assert "http://127.0.0.1:9000/readyz" in service["healthcheck"]["test"][-1]
    assert service["depends_on"] == {"setup": {"condition": "service_completed_successfully"}}


def test_setup_waits_for_healthy_servers() -> None:
    assert services()["setup"]["depends_on"] == {name: {"condition": "service_healthy"} for name in SERVERS}
    assert all("test" in services()[name]["healthcheck"] for name in SERVERS)


@pytest.mark.parametrize("name", FAKEME_SERVICES)
def test_containers_run_with_minimal_privileges(name: str) -> None:
    service = services()[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")


@pytest.mark.parametrize("name", services())
def test_services_are_restarted(name: str) -> None:
    assert services()[name]["restart"] == ("no" if name == "setup" else "unless-stopped")


def test_ports_are_bound_to_the_loopback_interface() -> None:
    ports = [port for service in services().values() for port in service.get("ports", [])]

    assert len(ports) == 5
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_only_the_gateway_is_on_the_outside_network() -> None:
    content = load_compose()

    assert content["networks"]["inside"] == {"internal": True}
    assert [name for name in FAKEME_SERVICES if "outside" in services()[name]["networks"]] == ["gateway"]


def test_one_detection_worker_runs_by_profile_and_the_gpu_is_reserved() -> None:
    on_cpu, on_gpu = services()["detection"], services()["detection-gpu"]

    assert (on_cpu["profiles"], on_gpu["profiles"]) == (["cpu"], ["gpu"])
    assert example_variables()["COMPOSE_PROFILES"] == "cpu"
    assert on_gpu["deploy"]["resources"]["reservations"]["devices"] == [
        {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    ]
    assert on_gpu["environment"]["FAKEME_DETECTION__DEVICE"] == "cuda"


def test_topics_are_never_auto_created() -> None:
    kafka = services()["kafka"]["environment"]

    assert kafka["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert int(kafka["KAFKA_NUM_PARTITIONS"]) >= 3


def test_example_lists_exactly_the_used_variables() -> None:
    assert set(example_variables()) - {"COMPOSE_PROFILES"} == used_variables()


def test_secrets_have_no_default_and_a_placeholder_in_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    secrets = [name for name in used_variables() if re.search(r"PASSWORD|KEY", name)]

    assert len(secrets) == 13
    assert all(example_variables()[name].startswith("change-me") for name in secrets)
    assert not [name for name in secrets if re.search(rf"\$\{{{name}(:-|\}})", text)]


@pytest.mark.parametrize("name", WORKERS)
def test_worker_has_its_own_database_role(name: str) -> None:
    password = example_variables()[f"{name.upper()}_DB_PASSWORD"]
    setup = services()["setup"]["environment"]
    url = make_url(services()[name]["environment"]["FAKEME_DATABASE_URL"])

    assert (url.username, url.password) == (role_name(name), password)
    assert setup[f"FAKEME_ROLE_PASSWORDS__{name.upper()}"] == password
    assert make_url(setup["FAKEME_DATABASE_URL"]).username == "fakeme"


@pytest.mark.parametrize("name", WORKERS)
def test_worker_has_an_s3_key_if_it_uses_a_bucket(name: str) -> None:
    access = WORKERS[name].access

    assert ("FAKEME_S3_ACCESS_KEY" in services()[name]["environment"]) == bool(access.reads + access.writes)


def test_storage_identities_match_the_local_stack() -> None:
    variables = example_variables()
    key = {
        who: S3Key(variables[f"{who}_S3_ACCESS_KEY"], variables[f"{who}_S3_SECRET_KEY"])
        for who in ("PLATFORM", "DETECTION")
    }
    admin = S3Key(variables["S3_ADMIN_ACCESS_KEY"], variables["S3_ADMIN_SECRET_KEY"])
    local = actions(identities(Credentials(admin, key["PLATFORM"], admin, "", ""), {}))
    content = json.loads(load_compose()["configs"]["identities"]["content"])
    keys = {identity["name"]: identity["credentials"][0] for identity in content["identities"]}

    assert actions(content) == {
        "admin": local["admin"],
        "platform": local["platform"],
        "fakeme-detection": set(worker_actions(WORKERS["detection"].access)),
    }
    assert keys == {
        name: {"accessKey": pair.access, "secretKey": pair.secret}
        for name, pair in {
            "admin": admin,
            "platform": key["PLATFORM"],
            "fakeme-detection": key["DETECTION"],
        }.items()
    }


def actions(content: Any) -> dict[str, set[str]]:
    return {identity["name"]: set(identity["actions"]) for identity in content["identities"]}


def test_every_named_volume_network_and_config_is_declared() -> None:
    content = load_compose()
    mounted = {
        volume.split(":")[0]
        for service in services().values()
        for volume in service.get("volumes", [])
        if not volume.startswith(("./", "/"))
    }

    assert mounted == set(content["volumes"])
    assert {network for service in services().values() for network in service["networks"]} == set(
        content["networks"]
    )


def test_mounted_files_are_in_the_repository() -> None:
    mounted = [
        volume.split(":")[0]
        for service in services().values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    ]

    assert len(mounted) == 3
    assert all((ROOT / path).is_dir() for path in mounted)
