"""Reads the file of a form into memory, piece by piece. Nothing of it is ever written to a disk.

Starlette's own reader of forms puts files above 1 MB into a temporary file, so it is not used.
"""

from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from pipeline.producers.gateway.verify_page.refusal import Refusal, RefusalKind

FIELD = "file"
MAX_FORM_BYTES = 20_000  # of the form around the file: boundaries and headers
DISCARDED = 4  # times the largest file: so much of a refused upload is read, and thrown away
_MAX_HEADER_BYTES = 4_000  # of one part
_MAX_PARTS = 10  # our form has one; a million of them take 20 s to parse


class Upload:
    """The body of a request, which is read once."""

    def __init__(self, request: Request, max_bytes: int) -> None:
        """``max_bytes``: the largest file."""
        self._request = request
        self._max_bytes = max_bytes
        self._received = 0
        self._ended = False

    async def file(self) -> bytes:
        """Return the file of the form field ``file``; raise :class:`Refusal` or ``ClientDisconnect``."""
        if self._declared_size() > self._max_bytes + MAX_FORM_BYTES:
            raise Refusal(RefusalKind.TOO_LARGE)
        try:
            form = Form(self._request.headers.get("content-type", ""), self._max_bytes)
            async for piece in self._pieces():
                if self._received > self._max_bytes + MAX_FORM_BYTES:
                    raise Refusal(RefusalKind.TOO_LARGE)
                form.write(piece)
        except FormParserError as error:
            raise Refusal(RefusalKind.MALFORMED) from error
        return form.file()

    async def discard(self) -> None:
        """Read the rest without keeping it, within bounds: a browser shows an answer only after that."""
        if self._declared_size() > DISCARDED * self._max_bytes:
            return
        async for _ in self._pieces():
            if self._received > DISCARDED * self._max_bytes:
                return

    async def _pieces(self) -> AsyncIterator[bytes]:
        while not self._ended:
            message = await self._request.receive()
            if message["type"] == "http.disconnect":
                self._ended = True
                raise ClientDisconnect
            piece: bytes = message.get("body", b"")
            self._received += len(piece)
            self._ended = not message.get("more_body", False)
            yield piece

    def _declared_size(self) -> int:
        length = self._request.headers.get("content-length", "")[:20]
        return int(length) if length.isascii() and length.isdigit() else 0


class Form:
    """A multipart form (RFC 7578), of which only the first file of the field is kept."""

    def __init__(self, content_type: str, max_bytes: int) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise Refusal(RefusalKind.MALFORMED)
        self._max_bytes = max_bytes
        self._field = self._value = b""
        self._name: bytes | None = None  # of the part that is being read
        self._content: bytearray | None = None
        self._complete = False
        self._parts = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_field,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_part_data": self._add_data,
                "on_end": self._end,
            },
        )

    def write(self, piece: bytes) -> None:
        """Parse the next piece; raise :class:`Refusal` (too large) or ``FormParserError``."""
        self._parser.write(piece)

    def file(self) -> bytes:
        """Return the file; raise :class:`Refusal` if the form has none or was cut off."""
        if not self._complete:
            raise Refusal(RefusalKind.MALFORMED)
        if not self._content:
            raise Refusal(RefusalKind.NO_FILE)
        return bytes(self._content)

    def _begin_part(self) -> None:
        self._name = None
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise Refusal(RefusalKind.MALFORMED)

    def _add_field(self, data: bytes, start: int, end: int) -> None:
        self._field = (self._field + data[start:end])[:_MAX_HEADER_BYTES]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value = (self._value + data[start:end])[:_MAX_HEADER_BYTES]

    def _end_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._name = parse_options_header(self._value.decode("latin-1"))[1].get(b"name")
            if self._name == FIELD.encode() and self._content is not None:
                raise Refusal(RefusalKind.MALFORMED)  # a second file
        self._field = self._value = b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._name != FIELD.encode():
            return
        self._content = bytearray() if self._content is None else self._content
        self._content += data[start:end]
        if len(self._content) > self._max_bytes:
            raise Refusal(RefusalKind.TOO_LARGE)

    def _end(self) -> None:
        self._complete = True
