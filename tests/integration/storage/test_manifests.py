"""A manifest is found by its payload, stored once, and never replaced."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from storage import manifests
from storage.database import transaction
from storage.errors import ManifestInvalidError, PayloadTakenError
from storage.manifests import MAX_BYTES, Manifest, StoredManifest
from tests.manifests import manifest

MANIFEST = manifest()


def add(engine: Engine, manifest: Manifest) -> None:
    with transaction(engine) as session:
        manifests.add(session, manifest)


def find(engine: Engine, payload: str) -> StoredManifest | None:
    with transaction(engine) as session:
        return manifests.find(session, payload)


def test_a_manifest_is_found_by_its_payload(engine: Engine) -> None:
    add(engine, MANIFEST)

    found = find(engine, MANIFEST.payload)

    assert found is not None
    assert found == StoredManifest(**asdict(MANIFEST), stored_at=found.stored_at)
    assert abs((datetime.now(UTC) - found.stored_at).total_seconds()) < 60
    assert find(engine, "0" * 13) is None


def test_the_same_manifest_is_stored_once(engine: Engine) -> None:
    add(engine, MANIFEST)
    first = find(engine, MANIFEST.payload)
    add(engine, MANIFEST)

    assert find(engine, MANIFEST.payload) == first


@pytest.mark.parametrize("change", [{"content": b"another"}, {"request_id": "request-2"}, {"actions": ()}])
def test_another_manifest_for_a_payload_is_refused(engine: Engine, change: dict[str, object]) -> None:
    add(engine, MANIFEST)

    with pytest.raises(
        PayloadTakenError, match="0000000abc123 already names the manifest of request request-1"
    ):
        add(engine, replace(MANIFEST, **change))  # type: ignore[arg-type]

    found = find(engine, MANIFEST.payload)
    assert found is not None
    assert (found.content, found.request_id, found.actions) == (
        MANIFEST.content,
        MANIFEST.request_id,
        MANIFEST.actions,
    )


def test_of_two_at_the_same_time_one_is_stored(engine: Engine) -> None:
    def attempt(number: int) -> bool:
        try:
            add(engine, replace(MANIFEST, request_id=f"request-{number}"))
        except PayloadTakenError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        stored = list(threads.map(attempt, range(8)))

    found = find(engine, MANIFEST.payload)
    assert found is not None
    assert [f"request-{number}" for number, won in enumerate(stored) if won] == [found.request_id]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"payload": "ABC123"}, "'ABC123' is not 13 lower-case hex digits"),
        ({"content": b""}, "has 0 bytes"),
        ({"content": bytes(MAX_BYTES + 1)}, "has 1,000,001 bytes: at least one and at most 1,000,000"),
        ({"request_id": "r" * 201}, "request_id is 'rrr.*at most 200 printable characters"),
        ({"model": "a\x00b"}, r"model is 'a\\x00b'"),
        ({"actions": ("c2pa.created", "\ud800")}, r"actions/1 is '\\ud800'"),
    ],
)
def test_values_of_a_wrong_form_are_named(engine: Engine, change: dict[str, object], message: str) -> None:
    with pytest.raises(ManifestInvalidError, match=message):
        add(engine, replace(MANIFEST, **change))  # type: ignore[arg-type]

    assert find(engine, MANIFEST.payload) is None


@pytest.mark.parametrize("change", ["payload = upper(payload)", "content = ''"])
def test_the_table_refuses_them_too(engine: Engine, change: str) -> None:
    add(engine, MANIFEST)

    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.execute(text(f"UPDATE manifests SET {change}"))
