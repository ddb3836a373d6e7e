"""Refuses a body that is larger than any valid event, before it is all read."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.producers.gateway.problems import Problem, ProblemKind
from schemas.topics import MAX_EVENT_BYTES

MAX_BODY_BYTES = 2 * MAX_EVENT_BYTES  # JSON may spell an emoji as two escapes, 12 bytes for its 4


class BodyLimit:
    """ASGI middleware. (Starlette's own, of 1.x, answers in plain text where Content-Length is given.)"""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what the application receives."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise Problem(
                    ProblemKind.BODY_TOO_LARGE,
                    f"the body has more than {MAX_BODY_BYTES:,} bytes: media belong into object storage, "
                    "an event only says where they are",
                )
            return message

        await self._app(scope, counted, send)
