"""The health server's port."""

import re
import socket

import pytest

from pipeline.errors import SettingsError
from pipeline.runtime.health import HealthServer


def test_taken_port_is_a_user_error_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        expected = (
            f"FAKEME_HEALTH_PORT: cannot listen on 127.0.0.1:{port} (Address already in use); "
            "choose another port, or 0 for any free one"
        )
        with pytest.raises(SettingsError, match=f"^{re.escape(expected)}$"):
            HealthServer("127.0.0.1", port, alive=lambda: True, ready=lambda: True)
