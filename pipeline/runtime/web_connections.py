"""Connections of web clients, bounded in number and in time, so that slow clients cannot occupy a server.

uvicorn limits only the pause between requests. Without more, a client that sends one byte a minute
(slowloris), or that never reads its response, keeps its connection for ever.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 768  # a process may have 1,024 files open, and needs some for the broker and the database
CLIENT_SECONDS = 20.0  # for a client to send one request, or to read on; an event takes 1 s at 10 Mbit/s
SLOWEST_UPLOAD = 100_000  # bytes a second; who sends at least so fast has longer, or no large file arrives
_BAD_REQUEST = b'{"title":"Bad Request","status":400,"detail":"this is not a valid HTTP request"}'


class BoundedConnection(H11Protocol):
    """An HTTP/1.1 connection that is closed if its client is too slow, or is one too many.

    uvicorn's counterpart for httptools has other internals, so the choice of h11 is explicit.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._request_deadline: asyncio.TimerHandle | None = None
        self._request_began = 0.0
        self._request_bytes = 0
        self._response_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept the connection unless there are :data:`MAX_CONNECTIONS`."""
        assert isinstance(transport, asyncio.Transport)  # of a TCP server
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        self._watch_request()

    def data_received(self, data: bytes) -> None:
        """Handle the bytes; the deadline is for the whole request, not for each piece."""
        self._request_bytes += len(data)
        super().data_received(data)
        self._watch_request()

    def pause_writing(self) -> None:
        """Start the deadline of a client that does not read its response."""
        super().pause_writing()
        self._response_deadline = self.loop.call_later(CLIENT_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """End the deadline."""
        super().resume_writing()
        _cancel(self._response_deadline)

    def connection_lost(self, exc: Exception | None) -> None:
        """End both deadlines."""
        _cancel(self._request_deadline)
        _cancel(self._response_deadline)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text; ours is problem+json
        """Refuse what is not HTTP, and close the connection."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # a response has begun
            self.transport.abort()
            return
        status = HTTPStatus.BAD_REQUEST
        headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
        response = h11.Response(status_code=status, headers=headers, reason=status.phrase.encode())
        events = (response, h11.Data(data=_BAD_REQUEST), h11.EndOfMessage())
        self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()

    def _watch_request(self) -> None:
        """Run the deadline while a request is arriving; the pause between requests is uvicorn's."""
        arriving = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if not arriving:
            _cancel(self._request_deadline)
            self._request_deadline = None
        elif self._request_deadline is None:
            self._request_began, self._request_bytes = self.loop.time(), 0
            self._request_deadline = self.loop.call_later(CLIENT_SECONDS, self._end_slow_request)

    def _end_slow_request(self) -> None:
        """Close the connection, unless its client has sent fast enough until now, and has no answer yet."""
        answered = self.cycle is not None and self.cycle.response_complete
        allowed = CLIENT_SECONDS + self._request_bytes / SLOWEST_UPLOAD
        left = self._request_began + allowed - self.loop.time()
        if answered or left <= 0:
            self.transport.abort()
            return
        self._request_deadline = self.loop.call_later(min(left, CLIENT_SECONDS), self._end_slow_request)


def _cancel(deadline: asyncio.TimerHandle | None) -> None:
    if deadline is not None:
        deadline.cancel()
