"""Loads extensions that other packages install: signals, workers, networks and media formats.

A package declares a function in its entry points (PyPA, "Entry points specification"):

    [project.entry-points."fakeme.plugins"]
    acme = "acme_fakeme:register"

FakeME calls the function without arguments before a command runs. It registers what the package adds, with
:func:`pipeline.workers.register_worker`, :func:`pipeline.consumers.detection.signals.register_signal`,
:func:`inference.networks.register_network` or :func:`inference.media.formats.register_format`.
"""

from functools import cache
from importlib.metadata import entry_points

from pipeline.errors import PluginError

GROUP = "fakeme.plugins"


@cache
def load_plugins() -> tuple[str, ...]:
    """Call every plugin's function once per process; return the names of the plugins.

    Raise :class:`~pipeline.errors.PluginError` for a plugin that cannot be imported or that fails.
    """
    plugins = sorted(entry_points(group=GROUP), key=lambda plugin: plugin.name)
    for plugin in plugins:
        try:
            plugin.load()()
        except Exception as error:
            raise PluginError(
                f"the plugin {plugin.name!r} ({plugin.value}) failed: {type(error).__name__}: {error};"
                " fix or uninstall its package"
            ) from error
    return tuple(plugin.name for plugin in plugins)
