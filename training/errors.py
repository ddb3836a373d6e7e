"""What can go wrong while data are prepared, a detector is trained or measured."""


class TrainingError(Exception):
    """Base of this package's errors; the message says what was wrong, with which value, and what to do."""


class GeneratorUnreadableError(TrainingError):
    """A face autoencoder's file is missing or is not what it claims to be."""


class ConfigError(TrainingError):
    """A run's TOML file cannot be read, or asks for something that does not exist."""


class MissingPackageError(TrainingError):
    """A package of the extra ``train`` is not installed."""


class NoInitialWeightsError(TrainingError):
    """No ImageNet weights can be had for a network here."""


class NoPhotographsError(TrainingError):
    """The data hold nothing that can be trained on."""


class SourceMissingError(TrainingError):
    """The collection to preprocess is not there, or nothing of its layout is in it."""


class UnknownLayoutError(TrainingError):
    """No reader has the name that was asked for."""


class MediaUnreadableError(TrainingError):
    """One file of a collection cannot be read; it is passed over and named."""


class FolderBusyError(TrainingError):
    """Another process is writing the same folder."""


class OptionsChangedError(TrainingError):
    """A folder was begun with other options than it is asked to go on with."""


class WorkerDiedError(TrainingError):
    """A process of a pool ended on its own, as when the system runs out of memory."""


class CollectionUnreadableError(TrainingError):
    """A folder holds no preprocessed collection, or its index and shards do not belong together."""


class PhotoUnreadableError(TrainingError):
    """A photograph's bytes are no picture."""


class NotTrainedError(TrainingError):
    """A run that is to become a model has not been trained."""
