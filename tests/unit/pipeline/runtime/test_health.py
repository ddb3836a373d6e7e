"""A health port that is taken is a user's mistake, and is explained as one."""

import socket

import pytest

from pipeline.errors import SettingsError
from pipeline.runtime.health import HealthServer


def test_a_taken_port_is_explained() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(SettingsError, match=f"FAKEME_HEALTH_PORT: cannot listen on 127.0.0.1:{port}"):
            HealthServer("127.0.0.1", port, alive=lambda: True, ready=lambda: True)
