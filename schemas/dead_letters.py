"""What a dead letter says of itself: the headers that follow those of the original record, in their order."""

from schemas.errors import DeadLetterReason

_REASONS = ", ".join(f"`{reason.value}`" for reason in DeadLetterReason)

DEAD_LETTER_HEADERS: dict[str, str] = {
    "fakeme-dlq-reason": f"Why it is here: {_REASONS}.",
    "fakeme-dlq-detail": "The reason in words, for people.",
    "fakeme-dlq-topic": "The topic it was read from.",
    "fakeme-dlq-partition": "The partition there.",
    "fakeme-dlq-offset": "The offset there.",
    "fakeme-dlq-timestamp-ms": "Unix time of the original record, in milliseconds.",
    "fakeme-dlq-attempts": "How often it was tried.",
    "fakeme-dlq-dead-at": "When it was given up, RFC 3339.",
}
