"""The counts of the page: all that remains of a check."""

from prometheus_client import Counter, Histogram

VERIFICATIONS = Counter(
    "fakeme_verifications_total",
    "Files that strangers had checked, by the label of the answer or the reason of the refusal.",
    ["outcome"],
)
VERIFICATION_SECONDS = Histogram(
    "fakeme_verification_seconds",
    "From the end of an upload until its answer, including the wait for earlier ones.",
    buckets=(0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
