"""Limits how fast one client address sends requests to routes that need no API key."""

from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import Request

from pipeline.producers.gateway.problems import Problem, ProblemKind
from pipeline.producers.gateway.rate_limits import RateLimitExceededError
from pipeline.producers.gateway.response_headers import add_response_headers
from pipeline.producers.gateway.services import InjectedServices

IPV6_PREFIX = 64  # bits; the smallest network that a customer gets, who may use any address in it
UNKNOWN = "unknown"  # clients whose address a proxy did not pass on share one limit


def network_of(host: str | None) -> str:
    """Return what a client is limited by: its IPv4 address, or its IPv6 network."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return UNKNOWN
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), IPV6_PREFIX), strict=False))


def client_network(request: Request) -> str:
    """Return what the client of a request is limited by."""
    return network_of(request.client.host if request.client else None)


async def limit_by_address(request: Request, services: InjectedServices) -> None:
    """Take one request of the client's address; raises :class:`Problem` (429) if it has none left.

    The web server has put the address there; it believes ``X-Forwarded-For`` only of proxies that it was told
    to trust. Async, because the limiter belongs to the event loop's thread.
    """
    try:
        add_response_headers(request, services.address_limiter.take(client_network(request)))
    except RateLimitExceededError as error:
        raise Problem(
            ProblemKind.TOO_MANY_REQUESTS,
            "this address has sent too many requests: repeat the request after Retry-After seconds",
            headers=error.headers,
        ) from error
