"""Why the page does not judge a file now, as a status, a problem type and texts in the catalogues."""

from enum import Enum


class RefusalKind(Enum):
    """The slug names the problem type, the texts and the outcome in the metrics."""

    MALFORMED = ("malformed-upload", 400)
    NO_FILE = ("no-file", 422)
    TOO_LARGE = ("file-too-large", 413)
    TOO_MANY = ("too-many-checks", 429)
    BUSY = ("busy", 503)
    LOADING = ("loading", 503)
    UNAVAILABLE = ("unavailable", 503)
    TOO_SLOW = ("too-slow", 503)
    FAILED = ("failed", 500)

    def __init__(self, slug: str, status: int) -> None:
        self.slug = slug
        self.status = status


class Refusal(Exception):  # noqa: N818 - an answer, not a failure
    """A file is not judged; ``retry_after`` is in whole seconds."""

    def __init__(self, kind: RefusalKind, retry_after: int | None = None) -> None:
        super().__init__(kind.slug)
        self.kind = kind
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """The headers that tell when to try again."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
