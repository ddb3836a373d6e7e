"""Errors of inference: media items that cannot be judged, and models that cannot be used."""

from schemas.verdicts import UnprocessableReason


class InferenceError(Exception):
    """Base class of the errors of this package."""


class Unprocessable(InferenceError):  # noqa: N818 - a result about the media item, not a failure
    """A media item cannot be judged. This is permanent: the same bytes give the same result.

    ``reason`` is machine-readable and goes into the verdict; ``detail`` explains it in words.
    """

    def __init__(self, reason: UnprocessableReason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class CheckpointError(InferenceError):
    """A model's files cannot be used."""


class CheckpointMissingError(CheckpointError):
    """A file of the model is missing."""


class CheckpointCorruptError(CheckpointError):
    """The card or the weights are invalid, or do not belong together."""


class WrongPurposeError(CheckpointError):
    """The model is for another purpose."""


class UnknownNetworkError(CheckpointError):
    """No network is registered under the given name."""


class DuplicateNetworkError(InferenceError):
    """A network was registered under a name that is already taken."""


class PluginError(InferenceError):
    """An installed plugin cannot be imported, or its registration failed."""


class DuplicateFormatError(InferenceError):
    """A media format was registered for a media type that another format has."""


class PretrainedWeightsError(InferenceError):
    """The pretrained weights of a network cannot be obtained."""


class DeviceUnavailableError(InferenceError):
    """The requested device cannot be used."""


class ScoreNotFiniteError(InferenceError):
    """The network returned NaN or infinity, so its weights or the arithmetic are broken."""


class RegistryError(InferenceError):
    """The registry of models is invalid."""


class UnknownModelError(RegistryError):
    """No model, or more than one, has the given name."""


class ModelNotFetchedError(RegistryError):
    """The model is known, but its files have not been fetched."""


class DownloadError(InferenceError):
    """A model's file could not be downloaded completely."""


class ForeignWeightsError(InferenceError):
    """Weights from another project cannot be imported."""


class SwapperError(InferenceError):
    """A face cannot be swapped."""


class SwapperInputError(SwapperError):
    """Faces or identities have a shape that the network does not take."""


class SwapperWeightsError(SwapperError):
    """Weights do not fit the network."""


class SandboxUnavailableError(InferenceError):
    """No confined process can be started for decoding."""


class ProvenanceError(InferenceError):
    """Content credentials cannot be made or verified."""


class SigningError(ProvenanceError):
    """A file cannot be signed: the key, its certificates or the format is wrong."""


class TrustListError(ProvenanceError):
    """The trust list cannot be read or changed."""
