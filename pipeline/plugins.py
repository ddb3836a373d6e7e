"""Loads the workers and signals that other packages install.

A package declares functions in its entry points:

    [project.entry-points."fakeme.plugins"]      # called at the start of every process
    acme = "acme_fakeme:register"

    [project.entry-points."fakeme.inference"]    # called when a network or format is first looked up
    acme = "acme_fakeme.models:register"

The first registers with :func:`pipeline.workers.register_worker` and
:func:`pipeline.consumers.detection.signals.register_signal`, the second with
:func:`inference.networks.register_network` and :func:`inference.media.formats.register_format`.
"""

from inference import plugins

PIPELINE_GROUP = "fakeme.plugins"


def load_plugins() -> tuple[str, ...]:
    """Call the functions of the group ``fakeme.plugins``, once per process; return the plugins' names.

    Raise :class:`~inference.errors.PluginError` for a plugin that cannot be imported or that fails.
    """
    return plugins.load_plugins(PIPELINE_GROUP)
