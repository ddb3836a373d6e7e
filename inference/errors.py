"""What can go wrong in inference: media that cannot be judged, and models that cannot be used."""

from schemas.verdicts import UnprocessableReason


class InferenceError(Exception):
    """Base of what this package raises."""


class Unprocessable(InferenceError):  # noqa: N818 - an answer about the media, not a fault of ours
    """A media cannot be judged; permanent: the same bytes give the same answer.

    ``reason`` is for machines and goes into the verdict, ``detail`` says in words what was seen.
    """

    def __init__(self, reason: UnprocessableReason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class CheckpointError(InferenceError):
    """A model cannot be used as it lies on the disk."""


class CheckpointMissingError(CheckpointError):
    """A file of the model is not there."""


class CheckpointCorruptError(CheckpointError):
    """The card or the weights are not what they claim to be."""


class UnknownNetworkError(CheckpointError):
    """The card names a network this version does not know."""


class DuplicateNetworkError(InferenceError):
    """A network was registered under a name that is already taken."""


class PretrainedWeightsError(InferenceError):
    """The pretrained weights of a network cannot be obtained."""


class DeviceUnavailableError(InferenceError):
    """The device asked for is not there."""


class ScoreNotFiniteError(InferenceError):
    """The network gave no number: its weights or the arithmetic are broken, and no label may come of it."""


class RegistryError(InferenceError):
    """The registry of models cannot be used as it is."""


class UnknownModelError(RegistryError):
    """No model, or more than one, goes by that name."""


class ModelNotFetchedError(RegistryError):
    """The model is known, but its files are not here yet."""


class DownloadError(InferenceError):
    """A model's file could not be brought here whole."""


class ForeignWeightsError(InferenceError):
    """Somebody else's weights cannot be taken over."""
