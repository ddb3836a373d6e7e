"""Publishes the outcome of an event (answer, retry or dead letter) and writes its one log line."""

import time
from collections.abc import Sequence

import structlog

from pipeline.runtime import metrics
from pipeline.runtime.consumer import Answer
from pipeline.runtime.failures import LogFields, ReceivedRecord, give_up
from pipeline.runtime.kafka import PublishError, RecordPublisher
from pipeline.runtime.retries import GiveUp, Retry, delay_before, retry_decision
from pipeline.runtime.retry_records import jittered, retry_record
from pipeline.runtime.stages import Job, Outcome
from pipeline.settings import RetrySettings
from schemas.envelope import Record
from schemas.errors import DeadLetterReason

log = structlog.get_logger(__name__)


class OutcomePublisher:
    """Publishes outcomes. A record is complete when the broker has acknowledged all its messages."""

    def __init__(self, worker: str, publisher: RecordPublisher, retry: RetrySettings) -> None:
        self._worker = worker
        self._publisher = publisher
        self._retry = retry

    def publish(self, job: Job, outcome: Outcome, *, paused: bool = False) -> None:
        """Publish the outcome of ``job``. The job completes later, from the publisher's callbacks.

        ``paused`` tells whether consumption pauses because most events fail.
        """
        if isinstance(outcome, Answer):
            self._send(job, outcome.messages, "answered", outcome.log)
            return
        decision = retry_decision(outcome, job.tries, self._retry, paused=paused)
        if isinstance(decision, Retry):
            self._send_to_retry(job, decision, outcome)
        else:
            self._send_to_dead_letters(job, decision, outcome)

    def _send_to_retry(self, job: Job, retry: Retry, error: Exception) -> None:
        message = retry_record(
            job.topic.retry(self._worker),
            job.record,
            since_ms=job.since_ms,
            tries=job.tries.after(retry),
            due=time.time() + jittered(retry.delay),
        )
        metrics.RETRIES.labels(self._worker, job.topic.name).inc()
        fields = {"error": f"{type(error).__name__}: {error}", "delay": retry.delay}
        self._send(job, (message,), "retried", fields)

    def _send_to_dead_letters(self, job: Job, decision: GiveUp, error: Exception) -> None:
        received = ReceivedRecord(job.record, job.partition, job.offset, job.since_ms)
        letter, fields = give_up(received, decision, error, worker=self._worker, attempts=job.tries.total)
        self._send(job, (letter,), "dead_letter", fields)

    def _send(self, job: Job, messages: Sequence[Record], outcome: str, fields: LogFields) -> None:
        unacknowledged = len(messages)

        def acknowledged() -> None:
            nonlocal unacknowledged
            unacknowledged -= 1
            if unacknowledged == 0:
                self._complete(job, outcome, fields)

        def refused(error: PublishError) -> None:
            if outcome == "dead_letter":  # there is no other place for it: stop before the event is lost
                raise error
            if error.message_fault:
                self._send_to_dead_letters(job, GiveUp(DeadLetterReason.HANDLER_FAILED, str(error)), error)
            elif outcome == "retried":
                raise error
            else:  # the topic refuses every answer: the event waits until an operator has repaired it
                delay = delay_before(job.tries.total + 1, self._retry)
                self._send_to_retry(job, Retry(delay, counts=False), error)

        for message in messages:
            self._publisher.send(message, acknowledged, refused)
        if not messages:
            self._complete(job, outcome, fields)

    def _complete(self, job: Job, outcome: str, fields: LogFields) -> None:
        job.tracker.complete(job.offset)
        seconds = max(0.0, time.time() - job.since_ms / 1000)
        metrics.EVENTS.labels(self._worker, job.topic.name, outcome).inc()
        if outcome == "answered":
            metrics.EVENT_SECONDS.labels(self._worker, job.topic.name).observe(seconds)
        log.info(
            "event",
            outcome=outcome,
            topic=job.record.topic,
            partition=job.partition,
            offset=job.offset,
            key=(job.key or b"").decode("utf-8", "replace"),
            event_id=job.event.id if job.event else None,
            attempt=job.tries.total,
            seconds=round(seconds, 4),
            **{f"{stage}_seconds": round(spent, 4) for stage, spent in job.seconds.items()},
            **fields,
        )
