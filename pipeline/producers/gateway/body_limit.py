"""Refuses a request body that is larger than any valid event, before reading all of it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.producers.gateway.problems import Problem, ProblemKind
from schemas.topics import MAX_EVENT_BYTES

MAX_BODY_BYTES = 2 * MAX_EVENT_BYTES  # JSON may escape a 4-byte emoji as 12 bytes
_OWN_LIMIT = ("/verify",)  # paths of uploads, which limit what they read themselves


class BodyLimit:
    """ASGI middleware that limits the request body.

    Starlette 1.x has such a middleware, but it answers in plain text if the request has a Content-Length.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the bytes that the application receives; raises :class:`Problem` (413) over the limit."""
        if scope["type"] == "http" and scope["path"] in _OWN_LIMIT:
            await self._app(scope, receive, send)
            return
        received_bytes = 0

        async def counting_receive() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > MAX_BODY_BYTES:
                raise Problem(
                    ProblemKind.BODY_TOO_LARGE,
                    f"the body has more than {MAX_BODY_BYTES:,} bytes: upload media to object storage "
                    "and send only their URIs",
                )
            return message

        await self._app(scope, counting_receive, send)
