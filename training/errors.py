"""Errors of data preparation, training and evaluation."""


class TrainingError(Exception):
    """Base of this package's errors. Messages name the problem, the value and the remedy."""


class GeneratorUnreadableError(TrainingError):
    """The file of a face autoencoder is missing or invalid."""


class ConfigError(TrainingError):
    """A run's TOML file cannot be read or is invalid."""


class MissingPackageError(TrainingError):
    """A package of the extra ``train`` is not installed."""


class NoInitialWeightsError(TrainingError):
    """No ImageNet weights are available for a network."""


class NoPhotographsError(TrainingError):
    """The data contain no usable photographs."""


class SourceMissingError(TrainingError):
    """The collection to preprocess is missing or does not have the expected layout."""


class UnknownLayoutError(TrainingError):
    """There is no reader for the given layout."""


class MediaUnreadableError(TrainingError):
    """A file of a collection cannot be read; it is skipped and reported."""


class FolderBusyError(TrainingError):
    """Another process is writing the same folder."""


class OptionsChangedError(TrainingError):
    """A folder was started with other options than the current ones."""


class WorkerDiedError(TrainingError):
    """A worker process ended unexpectedly, for example for lack of memory."""


class CollectionUnreadableError(TrainingError):
    """A folder is not a preprocessed collection, or its index and shards do not match."""


class PhotoUnreadableError(TrainingError):
    """A photograph cannot be decoded."""


class NotTrainedError(TrainingError):
    """A run cannot be exported because it has not been trained."""
