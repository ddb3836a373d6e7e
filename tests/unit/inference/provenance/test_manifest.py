"""A report of c2pa-rs becomes credentials, whatever types a file puts into it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.provenance.credentials import Credentials, CredentialsState
from inference.provenance.manifest import credentials_of
from inference.sandbox.messages import MAX_MESSAGE_BYTES, Verified

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def report(claim: dict[str, Any], label: str = "c2pa.actions.v2") -> dict[str, Any]:
    assertion = {"actions": [{"action": "c2pa.created", "digitalSourceType": AI}]}
    manifest = {"claim": claim, "assertion_store": {label: assertion}}
    return {"active_manifest": "m", "manifests": {"m": manifest}, "validation_state": "Trusted"}


def url(label: str) -> dict[str, str]:
    return {"url": f"self#jumbf=c2pa.assertions/{label}"}


@pytest.mark.parametrize(
    ("claim", "label", "states_generation"),
    [
        ({"created_assertions": [url("c2pa.actions.v2")]}, "c2pa.actions.v2", True),
        ({"created_assertions": [url("c2pa.actions.v2__2")]}, "c2pa.actions.v2__2", True),
        ({"assertions": [url("c2pa.actions")]}, "c2pa.actions", True),  # claim version 1
        (
            {"created_assertions": [], "gathered_assertions": [url("c2pa.actions.v2")]},
            "c2pa.actions.v2",
            False,  # the signer does not vouch for it
        ),
        ({}, "c2pa.actions.v2", False),
    ],
)
def test_only_what_the_signer_vouches_for_counts(
    claim: dict[str, Any], label: str, states_generation: bool
) -> None:
    assert credentials_of(report(claim, label)).states_generation is states_generation


@pytest.mark.parametrize("state", ["Invalid", "", None, 3, "Unheard of"])
def test_an_unknown_state_is_invalid(state: object) -> None:
    assert credentials_of({"validation_state": state}).state is CredentialsState.INVALID


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children),
    max_leaves=20,
)


@given(claim=JSON, store=JSON, signature=JSON, results=JSON)
def test_any_types_give_bounded_credentials(
    claim: object, store: object, signature: object, results: object
) -> None:
    manifest = {"claim": claim, "assertion_store": store, "signature": signature}

    credentials = credentials_of(
        {"active_manifest": "m", "manifests": {"m": manifest}, "validation_results": results}
    )

    assert Credentials.model_validate_json(credentials.model_dump_json()) == credentials


def test_long_and_many_texts_are_cut() -> None:
    actions = [{"action": f"{number:03}" + "x" * 1000} for number in range(100)]
    manifest = {
        "claim": {"created_assertions": [url("c2pa.actions.v2")], "claim_generator": "g" * 1000},
        "assertion_store": {"c2pa.actions.v2": {"actions": actions}},
    }

    credentials = credentials_of({"active_manifest": "m", "manifests": {"m": manifest}})

    assert len(credentials.actions) == 16
    assert max(map(len, (*credentials.actions, credentials.claim_generator))) == 200


def test_the_largest_credentials_fit_into_a_message_of_the_decoding_process() -> None:
    text = "\U0001f600" * 200  # four bytes each
    fields = {
        name: (text,) * 16 if field.annotation is not str else text
        for name, field in Credentials.model_fields.items()
        if name != "state"
    }
    largest = Credentials(state=CredentialsState.INVALID, **fields)

    message = Verified(credentials=largest, cpu_seconds=1.0, max_rss_bytes=10**9).to_bytes()

    assert 50_000 < len(message) <= MAX_MESSAGE_BYTES
