"""A tenant sees its own posts; all others need the scope all-posts. Sources name the tenant."""

import pytest

from pipeline.producers.gateway.tenants import Caller, event_source
from storage.api_keys import TENANT_SCOPES, Scope


@pytest.mark.parametrize(
    ("scopes", "owner", "seen"),
    [
        (TENANT_SCOPES, "social.example", True),
        (TENANT_SCOPES, "other.example", False),
        (TENANT_SCOPES, "", False),
        (TENANT_SCOPES, None, False),
        ((Scope.ALL_POSTS,), "other.example", True),
        ((Scope.ALL_POSTS,), None, True),
    ],
)
def test_the_posts_that_a_caller_sees(scopes: tuple[Scope, ...], owner: str | None, seen: bool) -> None:
    assert Caller("0" * 16, "social.example", frozenset(scopes)).sees(owner) == seen


@pytest.mark.parametrize(
    ("tenant", "source"),
    [
        ("social.example", "fakeme/tenants/social.example"),
        ("a/../b", "fakeme/tenants/a%2F..%2Fb"),
        ("카페 1", "fakeme/tenants/%EC%B9%B4%ED%8E%98%201"),
    ],
)
def test_the_source_of_a_tenants_events_is_a_uri_reference(tenant: str, source: str) -> None:
    assert event_source("fakeme", tenant) == event_source("fakeme/", tenant) == source
