"""Loads what other packages add to FakeME, by entry points (PyPA, "Entry points specification").

Each entry point names a function without arguments that registers what its package adds. The group
``fakeme.inference`` is for networks and media formats: it is loaded when one of them is first looked up, so
that only processes that decode media or run a model import it. The group ``fakeme.plugins`` is for the rest
and is loaded by :mod:`pipeline.plugins`.
"""

from importlib.metadata import entry_points
from threading import RLock

from inference.errors import PluginError

INFERENCE_GROUP = "fakeme.inference"

_lock = RLock()  # a second thread waits until all plugins are registered; a plugin may look things up itself
_loading: set[str] = set()
_loaded: dict[str, tuple[str, ...]] = {}


def load_plugins(group: str = INFERENCE_GROUP) -> tuple[str, ...]:
    """Call the functions of all entry points of ``group``, once per process; return the plugins' names.

    Raise :class:`~inference.errors.PluginError` for a plugin that cannot be imported or that fails.
    """
    if group in _loaded:
        return _loaded[group]
    with _lock:
        if group not in _loaded and group not in _loading:
            _loading.add(group)
            try:
                _loaded[group] = _call_all(group)
            finally:
                _loading.discard(group)
    return _loaded.get(group, ())


def _call_all(group: str) -> tuple[str, ...]:
    plugins = sorted(entry_points(group=group), key=lambda plugin: plugin.name)
    for plugin in plugins:
        try:
            plugin.load()()
        except Exception as error:
            raise PluginError(
                f"the plugin {plugin.name!r} ({plugin.value}) failed: {type(error).__name__}: {error};"
                " fix or uninstall its package"
            ) from error
    return tuple(plugin.name for plugin in plugins)
