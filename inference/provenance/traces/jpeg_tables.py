"""The quantisation tables of a JPEG file: those of libjpeg at some quality, or those of a camera or program.

Cameras and Photoshop have tables of their own; libraries, websites and scripts use the standard ones
(ISO/IEC 10918-1, table K.1, scaled as libjpeg does). Re-encoding replaces them.
"""

from collections.abc import Iterator

from inference.errors import Unprocessable
from inference.media.jpeg_markers import quantisation_tables
from inference.provenance.traces.trace import Trace, Worth

# Table K.1, luminance, in the zigzag order in which files store it.
_LUMINANCE = (
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40,
    58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104,
    103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
)  # fmt: skip


def _scaled(quality: int) -> tuple[int, ...]:
    """Return the luminance table of libjpeg (``jpeg_quality_scaling``, baseline)."""
    scale = 5_000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(255, max(1, (value * scale + 50) // 100)) for value in _LUMINANCE)


_QUALITIES = {_scaled(quality): quality for quality in range(1, 101)}


def jpeg_traces(data: bytes) -> Iterator[Trace]:
    """Yield which encoder tables a JPEG file has."""
    if data[:3] != b"\xff\xd8\xff":
        return
    try:
        tables = quantisation_tables(data)
    except Unprocessable:
        return
    if 0 in tables:
        quality = _QUALITIES.get(tables[0])
        value = "an encoder of its own" if quality is None else f"libjpeg, quality {quality}"
        yield Trace("jpeg-tables", value, Worth.NEUTRAL)
