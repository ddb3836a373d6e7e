"""Adds headers to the response of a request, whichever route or error handler answers it."""

from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = "fakeme.response_headers"  # key in the ASGI scope


def add_response_headers(request: Request, headers: Mapping[str, str]) -> None:
    """Set ``headers`` on the response of ``request``."""
    request.scope[_HEADERS].update(headers)


class ResponseHeaders:
    """ASGI middleware that sends the headers of :func:`add_response_headers`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        headers: dict[str, str] = {}
        scope[_HEADERS] = headers

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, send_with_headers)
