"""What a platform's call can come back with; each message says whether to repeat, change or ask."""

from pipeline.errors import PipelineError


class ProducerError(PipelineError):
    """Base of what this package raises."""


class BrokerUnreachableError(ProducerError):
    """The broker takes nothing now. The same call may be repeated: its event keeps its id."""


class TopicMissingError(ProducerError):
    """The broker has no such topic."""


class PublishRefusedError(ProducerError):
    """The broker did not take the event, for a reason that a repeat does not change."""


class EventTooLargeError(ProducerError):
    """An event is larger than this broker takes; every valid event fits the limit that FakeME declares."""


class MediaTypeUnknownError(ProducerError):
    """Neither content nor name say that a file is a picture or video."""


class UploadError(ProducerError):
    """A file could not be read, or the object storage did not take it."""
