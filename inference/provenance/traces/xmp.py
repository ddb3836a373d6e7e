"""Traces in XMP (ISO 16684-1), found by packet scanning: its text is the same in every container.

It is searched, not parsed as XML: entities of hostile documents cannot grow, and broken ones still show.
"""

import re
from collections.abc import Iterator

from inference.provenance.source_types import is_generated, short_name
from inference.provenance.text import bounded_text
from inference.provenance.traces.software import worth_of_software
from inference.provenance.traces.trace import Trace, Worth

MAX_PACKET_BYTES = 256_000  # of the beginning of a packet; histories of edits make some long
_MAX_VALUES = 4  # of one property

_START = b"<x:xmpmeta"
_END = b"</x:xmpmeta"
# A property is an attribute or an element: name="value" or <name>value</name>.
_VALUE = r"(?:\s{0,9}=\s{0,9}[\"']|(?:\s[^<>]{0,99})?>\s{0,99})([^\"'<>]{1,300})"
_SOURCE_TYPE = re.compile(r"Iptc4xmpExt:DigitalSourceType" + _VALUE)
_RESOURCE = re.compile(
    r"Iptc4xmpExt:DigitalSourceType\s{1,9}rdf:resource\s{0,9}=\s{0,9}[\"']([^\"'<>]{1,300})"
)
_SOFTWARE = re.compile(r"(?:xmp:CreatorTool|stEvt:softwareAgent|tiff:Software|photoshop:Credit)" + _VALUE)


def xmp_traces(data: bytes) -> Iterator[Trace]:
    """Yield the digital source type and the programs that the first packet names."""
    packet = _first_packet(data)
    for value in (*_values(_SOURCE_TYPE, packet), *_values(_RESOURCE, packet)):
        worth = Worth.GENERATED if is_generated(value) else Worth.NEUTRAL
        yield Trace("iptc-source-type", short_name(value), worth)
    for value in _values(_SOFTWARE, packet):
        yield Trace("xmp-software", value, worth_of_software(value))


def _first_packet(data: bytes) -> str:
    start = data.find(_START)
    if start < 0:
        return ""
    end = data.find(_END, start, start + MAX_PACKET_BYTES)
    return data[start : end if end >= 0 else start + MAX_PACKET_BYTES].decode("utf-8", "replace")


def _values(pattern: re.Pattern[str], packet: str) -> tuple[str, ...]:
    found = (bounded_text(match[1]) for match in pattern.finditer(packet))
    return tuple(dict.fromkeys(value for value in found if value))[:_MAX_VALUES]
