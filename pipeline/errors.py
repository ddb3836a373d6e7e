"""The exceptions of this package, and which of them are worth a retry."""


class PipelineError(Exception):
    """Base class of this package's exceptions."""


class TransientError(PipelineError):
    """A service that is needed is unavailable: the event waits until it is back, and tries do not count."""


class EarlyEventError(PipelineError):
    """The event came before what it refers to: it is retried, and each try counts as an attempt."""


class SettingsError(PipelineError):
    """A setting is missing or wrong; the message names the setting and the remedy."""


class ServiceUnreachableError(PipelineError):
    """A service that a command needs does not answer."""


class EvidenceFolderError(PipelineError):
    """Evidence cannot be written to the given folder."""


class ExportFolderError(PipelineError):
    """The folder is not a label export that can be extended; the message says why."""


class UnknownWorkerError(PipelineError):
    """No worker has this name."""


class WorkerNameError(PipelineError):
    """A worker cannot have this name."""


class UnknownSignalError(PipelineError):
    """No signal has this name."""


class DuplicateRegistrationError(PipelineError):
    """The name of a worker or signal is registered already."""
