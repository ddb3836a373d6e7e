"""Traces in EXIF (CIPA DC-008): the programs that it names, and the prompt that generators write into it."""

from collections.abc import Iterator

from inference.errors import Unprocessable
from inference.media.jpeg_markers import read_header as read_jpeg_header
from inference.media.tiff_tags import TiffDirectory, read_directory, tag_bytes
from inference.media.webp_chunks import read_header as read_webp_header
from inference.provenance.text import bounded_text
from inference.provenance.traces.software import worth_of_software
from inference.provenance.traces.trace import Trace, Worth

_SOFTWARE = (305, 11)  # Software and ProcessingSoftware
_EXIF_DIRECTORY, _USER_COMMENT = 0x8769, 0x9286
_TIFF = (b"II*\x00", b"MM\x00*")
_CHARACTER_CODES = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16-be"}
_PROMPT_WORDS = ("Steps: ", "Sampler: ")  # both are in every "parameters" text of Stable Diffusion's tools
_MAX_COMMENT_BYTES = 4_000


def exif_traces(data: bytes) -> Iterator[Trace]:
    """Yield the programs, and the prompt, that the EXIF metadata of a JPEG, WebP or TIFF file name."""
    try:
        exif = _exif_of(data)
        directory = read_directory(exif) if exif[:4] in _TIFF else None
    except Unprocessable:
        return
    if directory is None:
        return
    for number in _SOFTWARE:
        name = bounded_text(_text(tag_bytes(exif, directory, number)))
        if name:
            yield Trace("exif-software", name, worth_of_software(name))
    comment = _user_comment(exif, directory)
    if all(word in comment for word in _PROMPT_WORDS):
        yield Trace("exif-comment", bounded_text(comment), Worth.GENERATED)


def _exif_of(data: bytes) -> bytes:
    if data[:4] in _TIFF:
        return data
    if data[:3] == b"\xff\xd8\xff":
        return read_jpeg_header(data).exif
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return read_webp_header(data).exif.removeprefix(b"Exif\x00\x00")
    return b""


def _user_comment(exif: bytes, directory: TiffDirectory) -> str:
    pointer = tag_bytes(exif, directory, _EXIF_DIRECTORY)[:4]
    try:
        nested = read_directory(exif, int.from_bytes(pointer, directory.byte_order)) if pointer else None
    except Unprocessable:
        return ""
    raw = tag_bytes(exif, nested, _USER_COMMENT)[:_MAX_COMMENT_BYTES] if nested else b""
    encoding = _CHARACTER_CODES.get(raw[:8], "ascii")
    return raw[8:].decode(encoding, "replace")


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")
