"""A stored manifest for tests, with any of its values changed."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from inference.provenance.source_types import COMPOSITE_WITH_AI
from storage.manifests import Manifest, StoredManifest


def manifest(**changes: Any) -> Manifest:
    values = {
        "payload": "0000000abc123",
        "request_id": "request-1",
        "sha256": "a" * 64,
        "media_type": "image/jpeg",
        "model": "swapper",
        "model_version": "1.2",
        "actions": ("c2pa.created", "c2pa.watermarked.bound"),
        "digital_source_type": COMPOSITE_WITH_AI,
        "signer": "Example Organisation",
        "pdqs": ("0f" * 32,),
        "content": b"\x00\x00\x00\x1ejumb" + bytes(range(256)),
    }
    return Manifest(**values | changes)


def stored_manifest(**changes: Any) -> StoredManifest:
    return StoredManifest(**asdict(manifest(**changes)), stored_at=datetime(2026, 1, 1, tzinfo=UTC))
