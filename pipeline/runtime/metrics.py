"""Prometheus metrics of the workers; dashboards and alerts in infra/ use these names."""

from prometheus_client import Counter, Gauge, Histogram

_STAGE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

EVENTS = Counter("fakeme_events_total", "Events that came to an end.", ["worker", "topic", "outcome"])
EVENT_SECONDS = Histogram(
    "fakeme_event_seconds",
    "From the event's arrival in the broker to its answer published, retries included.",
    ["worker", "topic"],
    buckets=_STAGE_BUCKETS,
)
BATCH_SIZE = Histogram(
    "fakeme_batch_size", "Events handled together.", ["worker"], buckets=(1, 2, 4, 8, 16, 32, 64)
)
BATCH_SECONDS = Histogram(
    "fakeme_batch_seconds", "Time to handle a batch.", ["worker"], buckets=_STAGE_BUCKETS
)
WAITING = Gauge("fakeme_waiting_events", "Events read and not yet answered.", ["worker", "priority"])
LAG = Gauge("fakeme_consumer_lag", "Records not yet committed.", ["worker", "topic", "partition"])
RETRIES = Counter("fakeme_retries_total", "Events sent to wait for another try.", ["worker", "topic"])
DEAD_LETTERS = Counter("fakeme_dead_letters_total", "Events sent to the dead letters.", ["worker", "reason"])

MEDIA = Counter("fakeme_media_total", "Media judged, by label.", ["label"])
MEDIA_REUSED = Counter("fakeme_media_reused_total", "Media whose analysis was known already.")
STAGE_SECONDS = Histogram(
    "fakeme_stage_seconds", "Time of one stage of detection.", ["stage"], buckets=_STAGE_BUCKETS
)
SIGNAL_SECONDS = Histogram(
    "fakeme_signal_seconds", "Time to ask one signal about a media item.", ["signal"], buckets=_STAGE_BUCKETS
)
SIGNAL_FINDINGS = Counter(
    "fakeme_signal_findings_total", "Findings of signals, decisive or advisory.", ["signal", "kind"]
)
SHADOW_VERDICTS = Counter(
    "fakeme_shadow_verdicts_total", "Verdicts of the model on trial, by what became of them.", ["outcome"]
)
EXPLANATIONS = Counter(
    "fakeme_explanations_total", "Flagged media, by whether their pictures were drawn.", ["outcome"]
)
