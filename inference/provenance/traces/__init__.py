"""Traces that generators and editors leave in the metadata of files: weak evidence for moderators.

A new kind of trace is one file with a function from bytes to traces, and its name in ``_FINDERS``. All parse
bounded bytes in Python: no file makes them raise.
"""

from collections.abc import Callable, Iterator

from inference.provenance.traces.exif import exif_traces
from inference.provenance.traces.jpeg_tables import jpeg_traces
from inference.provenance.traces.png_text import png_traces
from inference.provenance.traces.trace import Trace, Worth
from inference.provenance.traces.xmp import xmp_traces

__all__ = ["Trace", "Worth", "find_traces"]

_FINDERS: tuple[Callable[[bytes], Iterator[Trace]], ...] = (
    xmp_traces,
    exif_traces,
    png_traces,
    jpeg_traces,
)


def find_traces(data: bytes) -> tuple[Trace, ...]:
    """Return the traces in a file, those that suggest most first. Never raises, whatever the bytes are."""
    found = [trace for finder in _FINDERS for trace in finder(data)]
    return tuple(sorted(dict.fromkeys(found), key=lambda trace: list(Worth).index(trace.worth)))
