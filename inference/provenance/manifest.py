"""Picks what FakeME needs from a C2PA manifest store, as c2pa-rs reports it in JSON. Pure functions.

Everything in the report except its validation results comes from the file and may have any type.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from inference.provenance.credentials import MAX_ITEMS, Credentials, CredentialsState
from inference.provenance.text import bounded_text

REQUEST_LABEL = "com.fakeme.request"  # FakeME's own assertion

_SOFT_BINDING = "c2pa.soft-binding"
_ACTIONS = frozenset({"c2pa.actions", "c2pa.actions.v2"})
_INSTANCE = "__"  # between a label and its number, where a manifest has several of a kind
_STATES = {"Trusted": CredentialsState.TRUSTED, "Valid": CredentialsState.UNTRUSTED}


def credentials_of(report: Mapping[str, Any]) -> Credentials:
    """Return the credentials in the detailed report of c2pa-rs; an unknown state of it is ``invalid``."""
    manifest = _mapping(_mapping(report.get("manifests")).get(bounded_text(report.get("active_manifest"))))
    claim = _mapping(manifest.get("claim"))
    assertions, gathered = _assertions(manifest, claim)
    actions = _actions(assertions)
    binding = _mapping(assertions.get(_SOFT_BINDING))
    block = next(_mappings(binding.get("blocks")), {})
    return Credentials(
        state=_STATES.get(bounded_text(report.get("validation_state")), CredentialsState.INVALID),
        claim_generator=_claim_generator(claim),
        issuer=bounded_text(_mapping(manifest.get("signature")).get("issuer")),
        actions=_distinct(bounded_text(action.get("action")) for action in actions),
        source_types=_source_types(actions),
        gathered_source_types=_source_types(_actions(gathered)),
        request_id=bounded_text(_mapping(assertions.get(REQUEST_LABEL)).get("request_id")),
        soft_binding_algorithm=bounded_text(binding.get("alg")),
        soft_binding=bounded_text(block.get("value")),
        reasons=_distinct(bounded_text(failure.get("code")) for failure in _failures(report)),
    )


def _assertions(
    manifest: Mapping[str, Any], claim: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the assertions that the signer made, and those that it gathered, by label.

    Its own are all of claim version 1, and the created ones of version 2.
    """
    listed = claim.get("created_assertions", claim.get("assertions"))
    urls = (bounded_text(entry.get("url")) for entry in _mappings(listed))
    own = {url.rsplit("/", 1)[-1] for url in urls}
    store = _mapping(manifest.get("assertion_store"))
    return (
        {label: content for label, content in store.items() if label in own},
        {label: content for label, content in store.items() if label not in own},
    )


def _actions(assertions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        action
        for label, content in assertions.items()
        if label.split(_INSTANCE)[0] in _ACTIONS
        for action in _mappings(_mapping(content).get("actions"))
    ]


def _source_types(actions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return _distinct(bounded_text(action.get("digitalSourceType")) for action in actions)


def _claim_generator(claim: Mapping[str, Any]) -> str:
    """Return name and version of the program that made the claim."""
    info = claim.get("claim_generator_info")
    first = next(_mappings(info), {}) if isinstance(info, list) else _mapping(info)
    named = f"{bounded_text(first.get('name'))} {bounded_text(first.get('version'))}".strip()
    return bounded_text(named or claim.get("claim_generator"))


def _failures(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    active = _mapping(_mapping(report.get("validation_results")).get("activeManifest"))
    yield from _mappings(active.get("failure"))


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))[:MAX_ITEMS]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else iter(())
