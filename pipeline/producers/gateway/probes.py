"""The routes for operators: liveness, readiness and Prometheus metrics."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pipeline.producers.gateway.services import InjectedServices

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> Response:
    """Answer whenever the event loop runs."""
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz")
def readyz(services: InjectedServices) -> Response:
    """Return 200 if the broker and the database answer, otherwise 503."""
    ready = services.ready()
    return Response("ok\n" if ready else "not ready\n", 200 if ready else 503, media_type="text/plain")


@router.get("/metrics")
async def metrics() -> Response:
    """Return the Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
