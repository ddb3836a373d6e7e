"""Traces in the text chunks of PNG files: generators write their prompt and settings there."""

from collections.abc import Iterator

from inference.errors import Unprocessable
from inference.media.png_chunks import PngText, is_png, text_chunks
from inference.provenance.text import bounded_text
from inference.provenance.traces.software import worth_of_software
from inference.provenance.traces.trace import Trace, Worth

# Keywords by program: AUTOMATIC1111 and its forks; ComfyUI; InvokeAI; Fooocus and others.
_GENERATOR_KEYWORDS = frozenset({
    "parameters", "prompt", "workflow", "sd-metadata", "invokeai_metadata", "invokeai_graph", "Dream",
    "dream", "generation_data", "fooocus_scheme", "negative_prompt",
})  # fmt: skip
_SOFTWARE_KEYWORDS = frozenset({"Software", "Source", "Creator"})
_MAX_TRACES = 8


def png_traces(data: bytes) -> Iterator[Trace]:
    """Yield what the text chunks of a PNG file say about how it was made."""
    if not is_png(data):
        return
    try:
        found = [trace for text in text_chunks(data) if (trace := _trace(text)) is not None]
    except Unprocessable:
        return
    yield from found[:_MAX_TRACES]


def _trace(text: PngText) -> Trace | None:
    value = bounded_text(text.text)
    if text.keyword in _GENERATOR_KEYWORDS:
        return Trace(f"png-text {text.keyword}", value, Worth.GENERATED)
    if text.keyword in _SOFTWARE_KEYWORDS and value:
        return Trace(f"png-text {text.keyword}", value, worth_of_software(value))
    return None
