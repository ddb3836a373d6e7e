"""Movies that state more than their bytes can hold are refused before FFmpeg builds an index from them."""

import struct
import time

import pytest

from inference.errors import Unprocessable
from inference.media import MediaLimits, decode
from inference.media.iso_boxes import MAX_BOXES
from inference.media.movie import decode_movie
from schemas.verdicts import UnprocessableReason
from tests.unit.inference.media_samples import video

SECONDS = 2.0  # far less than the minutes that these files took


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def movie(*tables: bytes, edits: bytes = b"") -> bytes:
    """Return a movie of one track with these boxes in its sample table."""
    track = box(b"trak", edits, box(b"mdia", box(b"minf", box(b"stbl", *tables))))
    return box(b"ftyp", b"isom", numbers(0)) + box(b"moov", track) + box(b"mdat", b"x" * 1000)


def refusal(data: bytes) -> Unprocessable:
    start = time.process_time()
    with pytest.raises(Unprocessable) as error:
        decode(data)
    assert time.process_time() - start < SECONDS
    return error.value


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (movie(box(b"stsz", numbers(0, 1, 10_000_000))), "10000000 samples in a track"),
        (movie(box(b"stsz", numbers(0, 0, 10_000_000))), "10000000 samples in a track"),
        (movie(box(b"stz2", numbers(0, 8, 10_000_000))), "10000000 samples in a track"),
        (movie(box(b"stts", numbers(0, 2, 4_000_000_000, 1, 4_000_000_000, 1))), "8000000000 durations"),
        (
            movie(box(b"stsz", numbers(0, 0, 20_000)), edits=box(b"edts", box(b"elst", numbers(0, 5_000)))),
            "5000 edits in a track",
        ),
        (
            movie(box(b"stsz", numbers(0, 0, 150_000)), edits=box(b"edts", box(b"elst", numbers(0, 900)))),
            "135000000 edits times samples",
        ),
        (
            movie() + box(b"moof", box(b"traf", box(b"trun", numbers(0, 900_000)))),
            "900000 samples in fragments",
        ),
    ],
)
def test_tables_beyond_the_limits_are_refused_at_once(data: bytes, what: str) -> None:
    error = refusal(data)

    assert error.reason is UnprocessableReason.TOO_LONG
    assert what in error.detail


def test_millions_of_boxes_are_refused_at_once() -> None:
    error = refusal(box(b"ftyp", b"isom", numbers(0)) + box(b"free") * 3_000_000)

    assert f"more than {MAX_BOXES} boxes" in error.detail


def test_millions_of_nested_boxes_are_refused_at_once() -> None:
    error = refusal(movie(*[box(b"free")] * 1_000_000))

    assert f"{MAX_BOXES}" in error.detail


def test_uncompressed_sound_may_have_a_sample_for_each_of_its_bytes() -> None:
    sound = box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", box(b"stsz", numbers(0, 2, 400_000))))))
    data = box(b"ftyp", b"isom", numbers(0)) + box(b"moov", sound) + box(b"mdat", b"x" * 800_000)

    with pytest.raises(Unprocessable, match="undecodable"):  # by FFmpeg: there is no video track
        decode_movie(data, MediaLimits())


@pytest.mark.parametrize("container", ["mp4", "mov"])
def test_honest_movies_pass(container: str) -> None:
    assert len(decode(video(container, "libx264")).frames) == 32
