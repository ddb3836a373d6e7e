"""Builds the detection worker: the model, the stores, the consumer and its loop."""

import atexit
from uuid import UUID

import structlog
import torch

from inference.detector import Detector
from inference.media.limits import MediaLimits
from inference.sandbox import DecoderPool, ProcessLimits
from pipeline.consumers.detection.consumer import ACTIVE, Detection, Prepared
from pipeline.consumers.detection.evidence_uploads import EvidenceUploader
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.known_media_follower import KnownMediaFollower
from pipeline.consumers.detection.match_rate import MatchRate
from pipeline.consumers.detection.media_decoder import MediaDecoder, count_attempt
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.consumers.detection.memory_budget import MemoryBudget
from pipeline.consumers.detection.model_queue import BatchLimits
from pipeline.consumers.detection.shadow import DELIVERY_TIMEOUT_MS, STOP_SECONDS, Shadow
from pipeline.consumers.detection.signals import SignalContext, make_signals
from pipeline.models import model_store
from pipeline.runtime import metrics
from pipeline.runtime.kafka import RecordPublisher, make_consumer, make_producer
from pipeline.runtime.loop import Loop, LoopSettings
from pipeline.settings import Settings
from storage.database import connect
from storage.objects import ObjectStore

GROUP = "fakeme-detection"
SHADOW_CLIENT = "fakeme-detection-shadow"
MEGABYTE = 1_000_000

log = structlog.get_logger(__name__)


def make_detection(settings: Settings) -> Loop[Prepared]:
    """Return the worker for these settings. Loading the model takes a few seconds."""
    detection = settings.detection
    if detection.torch_threads:
        torch.set_num_threads(detection.torch_threads)
    uploader = make_uploader(settings)
    known = make_known_media(settings)
    for thread in (uploader, known):
        thread.start()
        atexit.register(thread.close)
    return Loop(
        make_post_consumer(settings, uploader, known, make_shadow(settings)),
        make_consumer(settings.brokers, GROUP),
        RecordPublisher(make_producer(settings.brokers, GROUP)),
        settings=LoopSettings(threads=detection.threads, batch_size=detection.batch_media, batch_wait=0.0),
        retry=settings.retry,
    )


def make_post_consumer(
    settings: Settings,
    uploader: EvidenceUploader,
    known: KnownMediaFollower,
    shadow: Shadow | None = None,
) -> Detection:
    """Return detection with its model, signals and stores, but without Kafka."""
    detection = settings.detection
    limits = MediaLimits(
        max_bytes=settings.limits.max_media_bytes,
        max_pixels=settings.limits.max_pixels,
        max_seconds=settings.limits.max_video_seconds,
    )
    decoders = make_decoders(settings)  # their processes start while the model is loaded
    database = connect(settings.database_url.get_secret_value(), application=GROUP)
    return Detection(
        _load(settings, detection.model),
        MediaFetcher(
            _objects(settings, detection.threads),
            allowed_buckets=settings.allowed_buckets,
            max_bytes=limits.max_bytes,
            budget=_budget("fetched", detection.fetched_mb),
        ),
        MediaDecoder(decoders, limits, _budget("decoded", detection.decoded_mb)),
        database,
        uploader,
        known=known,
        explain=detection.explain,
        active=ACTIVE + detection.decoders,
        batch=BatchLimits(items=detection.batch_media, wait=detection.batch_wait_ms / 1000),
        signals=make_signals(SignalContext(settings, database, decoders), detection.disabled_signals),
        source=settings.source,
        unknown_post_tries=settings.retry.attempts,
        shadow=shadow,
    )


def make_decoders(settings: Settings) -> DecoderPool:
    """Return the decoding processes, which hold nothing of these settings but the limits."""
    detection = settings.detection
    return DecoderPool(
        detection.decoders,
        ProcessLimits(memory_bytes=detection.decoder_mb * MEGABYTE),
        count_attempt,
    )


def make_uploader(settings: Settings) -> EvidenceUploader:
    """Return the uploader of evidence; its thread is not started."""
    return EvidenceUploader(
        connect(settings.database_url.get_secret_value(), application=f"{GROUP}-evidence"),
        _objects(settings, connections=1),
        settings.evidence_bucket,
        settings=settings.detection.evidence,
        retry=settings.retry,
    )


def make_known_media(settings: Settings) -> KnownMediaFollower:
    """Return the known media, which are read once its thread is started."""
    media = KnownMedia(
        MatchRate(settings.known_media.matches_per_minute, report_flood),
        tag_similar=settings.known_media.tag_similar,
    )
    url = settings.database_url.get_secret_value()
    database = connect(url, application=f"{GROUP}-known-media")
    return KnownMediaFollower(url, database, media, retry=settings.retry)


def report_flood(entry: UUID, flooding: bool) -> None:
    """Tell operators that an entry of the known media matches too often, or no longer does."""
    metrics.KNOWN_MEDIA_FLOODING.inc(1 if flooding else -1)
    log.error("known_media.flood" if flooding else "known_media.flood_over", entry=str(entry))


def make_shadow(settings: Settings) -> Shadow | None:
    """Return the shadow model, which loads in its own thread; None if the settings name none."""
    reference = settings.detection.shadow_model
    if reference is None:
        return None
    producer = make_producer(settings.brokers, SHADOW_CLIENT, DELIVERY_TIMEOUT_MS)
    shadow = Shadow(lambda: _load(settings, reference), RecordPublisher(producer), source=settings.source)
    # The interpreter aborts if it exits while a thread runs torch code.
    atexit.register(shadow.close, STOP_SECONDS, finish=False)
    return shadow


def _budget(state: str, megabytes: int) -> MemoryBudget:
    """Return a budget whose use is shown in the metrics."""
    budget = MemoryBudget(megabytes * MEGABYTE)
    metrics.MEDIA_BYTES.labels(state).set_function(lambda: budget.held)
    return budget


def _objects(settings: Settings, connections: int) -> ObjectStore:
    return ObjectStore(settings.s3_endpoint, settings.s3_region, *settings.s3_keys, connections=connections)


def _load(settings: Settings, reference: str | None) -> Detector:
    folder = model_store(settings.model_registry).folder(reference)
    detector = Detector.load(folder, settings.detection.device)
    if not detector.card.calibrated:
        log.warning("model.uncalibrated", model=detector.card.reference, consequence="it never tags")
    return detector
