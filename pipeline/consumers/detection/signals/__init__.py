"""The registered signals, in the order in which they run: cheap ones first.

A new signal is one file with a factory and one line in ``_factories``; another package calls
:func:`register_signal`. Each signal has a name, a version, a switch (``detection.disabled_signals``) and
metrics.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import Engine

from inference.sandbox import DecoderPool
from pipeline.consumers.detection.signals.credentials import credentials_signal
from pipeline.consumers.detection.signals.metadata import metadata_signal
from pipeline.consumers.detection.signals.signal import ExaminedMedia, Finding, Signal
from pipeline.consumers.detection.signals.watermark import stored_manifests, watermark_signal
from pipeline.errors import DuplicateRegistrationError, UnknownSignalError
from pipeline.settings import Settings

__all__ = [
    "ExaminedMedia",
    "Finding",
    "Signal",
    "SignalContext",
    "make_signals",
    "register_signal",
]


@dataclass(frozen=True)
class SignalContext:
    """What a signal's factory may use. ``decoders`` parse bytes of strangers in confined processes."""

    settings: Settings
    database: Engine
    decoders: DecoderPool


SignalFactory = Callable[[SignalContext], Signal | None]  # None: the settings give it nothing to do

_factories: dict[str, SignalFactory] = {
    "credentials": lambda context: credentials_signal(context.settings.trust_folder, context.decoders),
    "metadata": lambda _: metadata_signal(),
    "watermark": lambda context: watermark_signal(
        context.settings.watermark, stored_manifests(context.database)
    ),
}


def register_signal(name: str, factory: SignalFactory) -> None:
    """Add a signal behind those that are registered already.

    Raise :class:`~pipeline.errors.DuplicateRegistrationError` if the name is taken.
    """
    if name in _factories:
        raise DuplicateRegistrationError(
            f"a signal named {name!r} is registered already; choose another name"
        )
    _factories[name] = factory


def make_signals(context: SignalContext, disabled: Collection[str] = ()) -> tuple[Signal, ...]:
    """Return all registered signals except the ``disabled`` ones, in their order.

    Raise :class:`~pipeline.errors.UnknownSignalError` if a disabled name is not a signal's.
    """
    unknown = [name for name in disabled if name not in _factories]
    if unknown:
        known = ", ".join(_factories) or "none"
        raise UnknownSignalError(
            f"detection.disabled_signals names {', '.join(unknown)}; the registered signals are: {known}"
        )
    made = (factory(context) for name, factory in _factories.items() if name not in disabled)
    return tuple(signal for signal in made if signal is not None)
