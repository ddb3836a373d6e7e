"""Plugins load once, in the thread that needs them first, and completely before others continue."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from inference import plugins
from inference.errors import PluginError

GROUP = "fakeme.test"
TIMEOUT_SECONDS = 10


@dataclass
class FakeEntryPoint:
    """An entry point that names ``register``."""

    name: str
    register: Callable[[], None]
    value: str = "package:register"

    def load(self) -> Callable[[], None]:
        return self.register


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``install(register, ...)``: packages with these functions are installed."""
    monkeypatch.setattr(plugins, "_loaded", {})

    def replace(*functions: Callable[[], None]) -> None:
        found = [FakeEntryPoint(f"p{number}", function) for number, function in enumerate(functions)]
        monkeypatch.setattr(plugins, "entry_points", lambda group: found if group == GROUP else [])

    return replace


def test_each_plugin_is_called_once(install: Callable[..., None]) -> None:
    calls: list[str] = []
    install(lambda: calls.append("first"), lambda: calls.append("second"))

    assert plugins.load_plugins(GROUP) == plugins.load_plugins(GROUP) == ("p0", "p1")
    assert calls == ["first", "second"]


def test_a_plugin_may_look_up_what_is_registered(install: Callable[..., None]) -> None:
    install(lambda: plugins.load_plugins(GROUP) and None)

    assert plugins.load_plugins(GROUP) == ("p0",)


def test_a_second_thread_waits_until_all_plugins_are_registered(install: Callable[..., None]) -> None:
    # given a plugin that is slow to register
    started, may_finish, seen = threading.Event(), threading.Event(), []

    def register() -> None:
        started.set()
        assert may_finish.wait(TIMEOUT_SECONDS)

    install(register)
    first = threading.Thread(target=plugins.load_plugins, args=(GROUP,))
    second = threading.Thread(target=lambda: seen.append(plugins.load_plugins(GROUP)))

    # when another thread needs the plugins meanwhile
    first.start()
    assert started.wait(TIMEOUT_SECONDS)
    second.start()
    second.join(0.1)
    assert seen == []  # it does not continue without them

    # then it gets them when they are complete
    may_finish.set()
    first.join(TIMEOUT_SECONDS)
    second.join(TIMEOUT_SECONDS)
    assert seen == [("p0",)]


def test_a_failure_is_reported_every_time(install: Callable[..., None]) -> None:
    def register() -> None:
        raise RuntimeError("no licence")

    install(register)

    for _ in range(2):
        with pytest.raises(PluginError, match=r"'p0' \(package:register\) failed: RuntimeError: no licence"):
            plugins.load_plugins(GROUP)
