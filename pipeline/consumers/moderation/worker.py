"""Builds the moderation worker: the database, the consumer and its loop."""

from datetime import timedelta

from pipeline.consumers.moderation.consumer import Moderation, Prepared
from pipeline.consumers.moderation.surges import SurgeRule
from pipeline.runtime.kafka import RecordPublisher, make_consumer, make_producer
from pipeline.runtime.loop import Loop, LoopSettings
from pipeline.settings import Settings
from storage.database import connect

GROUP = "fakeme-moderation"


def make_moderation(settings: Settings) -> Loop[Prepared]:
    """Return the worker for these settings. It connects when it handles its first event."""
    engine = connect(settings.database_url.get_secret_value(), application=GROUP)
    surge_rule = SurgeRule(
        reporters=settings.moderation.surge_reporters,
        window=timedelta(seconds=settings.moderation.surge_window_seconds),
    )
    return Loop(
        Moderation(engine, source=settings.source, surge_rule=surge_rule),
        make_consumer(settings.brokers, GROUP),
        RecordPublisher(make_producer(settings.brokers, GROUP)),
        settings=LoopSettings(threads=2, batch_size=8, batch_wait=0.0, consumption=settings.consumption),
        retry=settings.retry,
    )
