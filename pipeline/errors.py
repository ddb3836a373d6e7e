"""What the pipeline raises, and which of it is worth another try."""


class PipelineError(Exception):
    """Base of what this package raises."""


class TransientError(PipelineError):
    """Something needed is away for now: the event waits and is tried again until it is back."""


class SettingsError(PipelineError):
    """A setting is missing or wrong; the message names it and says what to do."""


class ServiceUnreachableError(PipelineError):
    """A service that a command needs does not answer."""


class EvidenceFolderError(PipelineError):
    """Evidence cannot be written to the folder that was given."""


class ExportFolderError(PipelineError):
    """A folder is no export of labels that can be extended; the message says what is wrong with it."""
