"""Builds the detection worker: the model, the stores, the consumer and its loop."""

import atexit

import structlog
import torch

from inference.detector import Detector
from inference.media.limits import MediaLimits
from pipeline.consumers.detection.analyser import EvidenceStore
from pipeline.consumers.detection.consumer import Detection, Prepared
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.consumers.detection.shadow import DELIVERY_TIMEOUT_MS, STOP_SECONDS, Shadow
from pipeline.consumers.detection.signals import SignalContext, make_signals
from pipeline.models import model_store
from pipeline.runtime.kafka import RecordPublisher, make_consumer, make_producer
from pipeline.runtime.loop import Loop, LoopSettings
from pipeline.settings import Settings
from storage.database import connect
from storage.objects import ObjectStore

GROUP = "fakeme-detection"
SHADOW_CLIENT = "fakeme-detection-shadow"

log = structlog.get_logger(__name__)


def make_detection(settings: Settings) -> Loop[Prepared]:
    """Return the worker for these settings. Loading the model takes a few seconds."""
    detection = settings.detection
    if detection.torch_threads:
        torch.set_num_threads(detection.torch_threads)
    return Loop(
        make_post_consumer(settings, make_shadow(settings)),
        make_consumer(settings.kafka_bootstrap, GROUP),
        RecordPublisher(make_producer(settings.kafka_bootstrap, GROUP)),
        settings=LoopSettings(
            threads=detection.threads,
            batch_size=detection.batch_media,
            batch_wait=detection.batch_wait_ms / 1000,
            consumption=settings.consumption,
        ),
        retry=settings.retry,
    )


def make_post_consumer(settings: Settings, shadow: Shadow | None = None) -> Detection:
    """Return detection with its model, signals and stores, but without Kafka."""
    detection = settings.detection
    limits = MediaLimits(
        max_bytes=settings.limits.max_media_bytes,
        max_pixels=settings.limits.max_pixels,
        max_seconds=settings.limits.max_video_seconds,
    )
    objects = ObjectStore(
        settings.s3_endpoint,
        settings.s3_region,
        *settings.s3_keys,
        connections=detection.threads + 1,
    )
    database = connect(settings.database_url.get_secret_value(), application=GROUP)
    return Detection(
        _load(settings, detection.model),
        MediaFetcher(objects, allowed_buckets=settings.allowed_buckets, max_bytes=limits.max_bytes),
        database,
        EvidenceStore(objects, settings.evidence_bucket, detection.explain),
        signals=make_signals(SignalContext(settings, database), detection.disabled_signals),
        limits=limits,
        source=settings.source,
        unknown_post_tries=settings.retry.attempts,
        shadow=shadow,
    )


def make_shadow(settings: Settings) -> Shadow | None:
    """Return the shadow model, which loads in its own thread; None if the settings name none."""
    reference = settings.detection.shadow_model
    if reference is None:
        return None
    producer = make_producer(settings.kafka_bootstrap, SHADOW_CLIENT, DELIVERY_TIMEOUT_MS)
    shadow = Shadow(lambda: _load(settings, reference), RecordPublisher(producer), source=settings.source)
    # The interpreter aborts if it exits while a thread runs torch code.
    atexit.register(shadow.close, STOP_SECONDS, finish=False)
    return shadow


def _load(settings: Settings, reference: str | None) -> Detector:
    folder = model_store(settings.model_registry).folder(reference)
    detector = Detector.load(folder, settings.detection.device)
    if not detector.card.calibrated:
        log.warning("model.uncalibrated", model=detector.card.reference, consequence="it never tags")
    return detector
