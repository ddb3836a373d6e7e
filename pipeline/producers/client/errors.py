"""The errors of the SDK; each message says whether to repeat the call, change it or ask the operator."""

from pipeline.errors import PipelineError


class ProducerError(PipelineError):
    """Base class of the SDK's errors."""


class BrokerUnreachableError(ProducerError):
    """The broker is unavailable. Repeating the call is safe: the event keeps its id."""


class TopicMissingError(ProducerError):
    """The topic does not exist on the broker."""


class PublishRefusedError(ProducerError):
    """The broker rejected the event for a reason that a repeat does not change."""


class EventTooLargeError(ProducerError):
    """The event exceeds the broker's size limit; every valid event fits the limit that FakeME declares."""


class MediaTypeUnknownError(ProducerError):
    """Neither the content nor the name identifies the file as a picture or video."""


class UploadError(ProducerError):
    """A file could not be read or stored."""
