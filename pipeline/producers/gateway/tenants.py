"""Which posts a caller may see, and the source of its events. Pure.

A tenant is the owner of API keys. It sees the posts that it published through the gateway. Posts that came by
Kafka have no owner; only keys with the scope ``all-posts`` see them.
"""

from dataclasses import dataclass
from urllib.parse import quote

from storage.api_keys import Scope


@dataclass(frozen=True)
class Caller:
    """The key of a request: its public id, its tenant, and what it allows."""

    key_id: str
    tenant: str
    scopes: frozenset[Scope]

    @property
    def sees_all_posts(self) -> bool:
        """Whether the caller sees the posts of every tenant, and those without one."""
        return Scope.ALL_POSTS in self.scopes

    def sees(self, owner: str | None) -> bool:
        """Whether the caller sees a post of ``owner``; None: the post is unknown or came by Kafka."""
        return self.sees_all_posts or owner == self.tenant


def event_source(gateway_source: str, tenant: str) -> str:
    """Return the CloudEvents source of a tenant's events, a URI reference.

    Source and id together identify an event, so equal report ids of two tenants give two events.
    """
    return f"{gateway_source.rstrip('/')}/tenants/{quote(tenant, safe='')}"
