"""Another package extends FakeME through an entry point, without changes to FakeME."""

import os
import subprocess
import sys
from pathlib import Path

PLUGIN = Path(__file__).parents[2] / "plugin"
SETTINGS = {"FAKEME_KAFKA_BOOTSTRAP": "localhost:1", "FAKEME_DATABASE_URL": "postgresql://localhost/none"}


def run(*command: str, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with another package installed in ``path``."""
    paths = os.pathsep.join([str(path), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **SETTINGS, **environment, "PYTHONPATH": paths},
    )


REPORT = """
import sys
from pipeline.plugins import load_plugins
print(load_plugins())
from pipeline.operations.local_workers import worker_specs
from pipeline.workers import WORKERS, topics
from pipeline.consumers.detection.signals import SignalContext, make_signals
from pipeline.settings import load_settings
print(list(WORKERS), [spec.name for spec in worker_specs()][-1])
print([topic.name for topic in topics() if topic.name.startswith("posts.tags")])
print([signal.name for signal in make_signals(SignalContext(load_settings(), None, None))])
print("torch" in sys.modules)
from inference.media import decode
from inference.networks import build_network
print(type(build_network("acme")).__name__)
media = decode(b"ACME" + (2).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(6), "image/x-acme")
print(media.media_type, media.width, media.height)
"""


def test_plugin_adds_a_worker_a_signal_a_network_and_a_format() -> None:
    result = run("-c", REPORT, path=PLUGIN)

    assert result.stdout.splitlines() == [
        "('acme',)",
        "['detection', 'tagging', 'moderation', 'relay', 'gateway', 'acme-amplifier'] acme-amplifier",
        "['posts.tags', 'posts.tags.acme-amplifier.retry']",
        "['credentials', 'metadata', 'acme-letterhead']",
        "False",  # only a process that looks up networks or formats loads what they need
        "AcmeNetwork",
        "image/x-acme 2 1",
    ], result.stderr


def test_command_lists_the_worker_of_a_plugin() -> None:
    with_plugin = run("-m", "pipeline", "worker", "nonsense", path=PLUGIN)
    without_plugin = run("-m", "pipeline", "worker", "nonsense", path=Path())

    assert "relay, gateway, acme-amplifier" in with_plugin.stderr
    assert "acme" not in without_plugin.stderr


def test_plugin_that_fails_is_named_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "broken-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[fakeme.plugins]\nbroken = no_such_module:register\n")

    result = run("-m", "pipeline", "worker", "relay", path=tmp_path)

    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "error: the plugin 'broken' (no_such_module:register) failed: ModuleNotFoundError:"
        " No module named 'no_such_module'; fix or uninstall its package"
    ]
