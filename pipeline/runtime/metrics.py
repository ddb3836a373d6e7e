"""Prometheus metrics of the workers; dashboards and alerts in infra/ use these names."""

from prometheus_client import Counter, Gauge, Histogram

_STAGE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

EVENTS = Counter(
    "fakeme_events_total",
    "Events that were answered, retried or sent to the dead-letter topic.",
    ["worker", "topic", "outcome"],
)
EVENT_SECONDS = Histogram(
    "fakeme_event_seconds",
    "From the arrival of an event in the broker until its answer is published, including retries;"
    " only of answered events.",
    ["worker", "topic"],
    buckets=_STAGE_BUCKETS,
)
BATCH_SIZE = Histogram("fakeme_batch_size", "Events per batch.", ["worker"], buckets=(1, 2, 4, 8, 16, 32, 64))
BATCH_SECONDS = Histogram(
    "fakeme_batch_seconds", "Time to handle a batch.", ["worker"], buckets=_STAGE_BUCKETS
)
WAITING = Gauge(
    "fakeme_waiting_events", "Events that were read and are not finished.", ["worker", "priority"]
)
LAG = Gauge("fakeme_consumer_lag", "Records that are not committed yet.", ["worker", "topic", "partition"])
PAUSED = Gauge(
    "fakeme_consumption_paused", "1 while consumption pauses because most events fail, else 0.", ["worker"]
)
RETRIES = Counter("fakeme_retries_total", "Retries of failed events.", ["worker", "topic"])
DEAD_LETTERS = Counter(
    "fakeme_dead_letters_total", "Events sent to the dead-letter topic.", ["worker", "reason"]
)

MEDIA = Counter("fakeme_media_total", "Media items in published verdicts, by label.", ["label"])
MEDIA_REUSED = Counter("fakeme_media_reused_total", "Media items whose earlier analysis was reused.")
STAGE_SECONDS = Histogram(
    "fakeme_stage_seconds", "Time spent in one stage of detection.", ["stage"], buckets=_STAGE_BUCKETS
)
MODEL_BATCH_SIZE = Histogram(
    "fakeme_model_batch_size", "Media items per batch of the model.", buckets=(1, 2, 4, 8, 16, 32, 64)
)
MODEL_BATCH_SECONDS = Histogram(
    "fakeme_model_batch_seconds", "Time of the model for a batch.", buckets=_STAGE_BUCKETS
)
KNOWN_MEDIA = Counter(
    "fakeme_known_media_matches_total", "Media items that match known media, decisive or advisory.", ["kind"]
)
KNOWN_MEDIA_FLOODING = Gauge(
    "fakeme_known_media_flooding", "Known media whose automatic action pauses because they match too often."
)
MEDIA_BYTES = Gauge("fakeme_media_bytes", "Memory that fetched and decoded media items hold.", ["state"])
DECODING = Counter(
    "fakeme_decoding_attempts_total",
    "Attempts to decode or verify a media item in a confined process.",
    ["outcome"],
)
DECODING_CPU_SECONDS = Histogram(
    "fakeme_decoding_cpu_seconds", "CPU time of one attempt to decode or verify.", buckets=_STAGE_BUCKETS
)
SIGNAL_SECONDS = Histogram(
    "fakeme_signal_seconds",
    "Time that one signal took to examine a media item.",
    ["signal"],
    buckets=_STAGE_BUCKETS,
)
SIGNAL_FINDINGS = Counter(
    "fakeme_signal_findings_total", "Findings of signals, decisive or advisory.", ["signal", "kind"]
)
SHADOW_VERDICTS = Counter(
    "fakeme_shadow_verdicts_total", "Verdicts of the shadow model, by outcome.", ["outcome"]
)
EXPLANATIONS = Counter(
    "fakeme_explanations_total",
    "Flagged media items, by whether their explanatory pictures were drawn.",
    ["outcome"],
)
