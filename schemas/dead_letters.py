"""The headers of a dead letter, in order. They follow the headers of the original record."""

from schemas.errors import DeadLetterReason

_REASONS = ", ".join(f"`{reason.value}`" for reason in DeadLetterReason)

DEAD_LETTER_HEADERS: dict[str, str] = {
    "fakeme-dlq-reason": f"Why the event is a dead letter: {_REASONS}.",
    "fakeme-dlq-detail": "A readable explanation of the reason.",
    "fakeme-dlq-topic": "The topic of the original record.",
    "fakeme-dlq-partition": "The partition of the original record.",
    "fakeme-dlq-offset": "The offset of the original record.",
    "fakeme-dlq-timestamp-ms": "Unix time of the original record, in milliseconds.",
    "fakeme-dlq-attempts": "The number of processing attempts.",
    "fakeme-dlq-dead-at": "When the event was moved to the dead-letter topic, RFC 3339.",
}
