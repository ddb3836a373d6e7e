"""How an event ends: its answer, its retry or its dead letter is published, and one log line says so."""

import time
from collections.abc import Mapping, Sequence

import structlog

from pipeline.runtime import metrics
from pipeline.runtime.consumer import Answer
from pipeline.runtime.dead_letters import dead_letter
from pipeline.runtime.kafka import PublishError, RecordPublisher
from pipeline.runtime.retries import GiveUp, Retry, retry_decision, retry_record
from pipeline.runtime.stages import Job, Outcome
from pipeline.settings import RetrySettings
from schemas.envelope import Record
from schemas.errors import DeadLetterReason

log = structlog.get_logger(__name__)

Said = Mapping[str, object]


class OutcomePublisher:
    """Publishes outcomes; a record is complete once the broker has acknowledged all that it led to."""

    def __init__(self, worker: str, publisher: RecordPublisher, retry: RetrySettings) -> None:
        self._worker = worker
        self._publisher = publisher
        self._retry = retry

    def end(self, job: Job, outcome: Outcome) -> None:
        """Bring ``job`` to its end, which comes when the publisher reports back."""
        if isinstance(outcome, Answer):
            self._send(job, outcome.messages, "answered", outcome.log)
            return
        decided = retry_decision(outcome, job.attempt, self._retry)
        if isinstance(decided, Retry):
            self._send_to_retry(job, decided.delay, outcome)
        else:
            self._publish_dead_letter(job, decided, outcome)

    def _send_to_retry(self, job: Job, delay: float, error: Exception) -> None:
        message = retry_record(
            job.topic, job.record, since_ms=job.since_ms, attempt=job.attempt + 1, delay=delay
        )
        metrics.RETRIES.labels(self._worker, job.topic.name).inc()
        self._send(job, (message,), "retried", {"error": f"{type(error).__name__}: {error}", "delay": delay})

    def _publish_dead_letter(self, job: Job, why: GiveUp, error: Exception) -> None:
        message = dead_letter(
            topic=job.record.topic,
            partition=job.partition,
            offset=job.offset,
            timestamp_ms=job.since_ms,
            key=job.record.key,
            value=job.record.value,
            headers=job.record.headers,
            reason=why.reason,
            detail=why.detail,
            attempts=job.attempt,
        )
        metrics.DEAD_LETTERS.labels(self._worker, why.reason.value).inc()
        said: dict[str, object] = {"reason": why.reason.value, "error": why.detail}
        if why.reason is DeadLetterReason.HANDLER_FAILED:  # a fault of ours: the traceback is wanted
            said["exc_info"] = error
        self._send(job, (message,), "dead_letter", said)

    def _send(self, job: Job, messages: Sequence[Record], ending: str, said: Said) -> None:
        unsafe = len(messages)

        def safe() -> None:
            nonlocal unsafe
            unsafe -= 1
            if unsafe == 0:
                self._complete(job, ending, said)

        def refused(error: PublishError) -> None:
            if ending == "dead_letter":  # nowhere left to put it: stop before it is lost
                raise error
            self._publish_dead_letter(job, GiveUp(DeadLetterReason.HANDLER_FAILED, str(error)), error)

        for message in messages:
            self._publisher.send(message, safe, refused)
        if not messages:
            self._complete(job, ending, said)

    def _complete(self, job: Job, ending: str, said: Said) -> None:
        job.tracker.complete(job.offset)
        seconds = max(0.0, time.time() - job.since_ms / 1000)
        metrics.EVENTS.labels(self._worker, job.topic.name, ending).inc()
        metrics.EVENT_SECONDS.labels(self._worker, job.topic.name).observe(seconds)
        log.info(
            "event",
            outcome=ending,
            topic=job.record.topic,
            partition=job.partition,
            offset=job.offset,
            key=(job.key or b"").decode("utf-8", "replace"),
            event_id=job.event.id if job.event else None,
            attempt=job.attempt,
            seconds=round(seconds, 4),
            **{f"{stage}_seconds": round(spent, 4) for stage, spent in job.seconds.items()},
            **said,
        )
