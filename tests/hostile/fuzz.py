"""Coverage-guided fuzzing with atheris: ``python -m tests.hostile.fuzz media|events --seconds N``.

Decodes in this process, without confinement, so that coverage can be seen. Anything but a refusal (media) or
an unreadable event (events) is a finding: atheris stops and writes the input to the current folder.
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import atheris
import typer

with atheris.instrument_imports(include=["inference.media", "schemas"]):
    from inference.errors import Unprocessable
    from inference.media import MediaLimits, decode
    from schemas.envelope import decode as decode_event
    from schemas.errors import UnreadableEventError
    from schemas.examples import EXAMPLES
    from schemas.topics import BY_CONTRACT

from tests.hostile.seeds import seeds

_LIMITS = MediaLimits(max_pixels=1_000_000, max_animation_pixels=5_000_000, max_decoded_pixels=5_000_000)
_TYPES = sorted(topic.event_type for topic in BY_CONTRACT.values())


class Target(StrEnum):
    """What is fuzzed."""

    MEDIA = "media"
    EVENTS = "events"


def fuzz_media(data: bytes) -> None:
    """Decode a file."""
    try:
        decode(data, limits=_LIMITS)
    except Unprocessable as refusal:
        if "decoder failed" in refusal.detail:  # the boundary for what no decoder foresaw
            raise RuntimeError(refusal.detail) from refusal


def fuzz_event(data: bytes) -> None:
    """Decode an event: the first byte chooses its type, the rest is its body."""
    event_type = _TYPES[data[0] % len(_TYPES)] if data else ""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"1"),
        ("ce_source", b"fuzz"),
        ("ce_type", event_type.encode()),
    ]
    with suppress(UnreadableEventError):
        decode_event(headers, data[1:])


def _media_seeds() -> list[bytes]:
    return list(seeds().values())


def _event_seeds() -> list[bytes]:
    return [
        bytes([_TYPES.index(BY_CONTRACT[type(example)].event_type)]) + example.model_dump_json().encode()
        for example in EXAMPLES
    ]


_TARGETS: dict[Target, tuple[Callable[[bytes], None], Callable[[], list[bytes]]]] = {
    Target.MEDIA: (fuzz_media, _media_seeds),
    Target.EVENTS: (fuzz_event, _event_seeds),
}


def main(
    target: Target,
    seconds: Annotated[int, typer.Option(min=1)] = 60,
    corpus: Annotated[Path | None, typer.Option(help="Kept between runs; default: a new folder.")] = None,
) -> None:
    """Fuzz TARGET."""
    function, make_seeds = _TARGETS[target]
    folder = corpus or Path(tempfile.mkdtemp(prefix=f"fuzz-{target}-"))
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(make_seeds()):
        (folder / f"seed-{number:03d}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-timeout=30", "-rss_limit_mb=4096", "-max_len=100000"]
    atheris.Setup([sys.argv[0], *options, str(folder)], function)
    atheris.Fuzz()


if __name__ == "__main__":
    typer.run(main)
