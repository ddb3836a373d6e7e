"""Files that are not what they seem: polyglots, playlists, hidden tracks, wrong names, missing parts."""

import io
import random
from collections.abc import Iterator
from fractions import Fraction

import av

from tests.hostile.case import Case, Expected
from tests.hostile.seeds import drawing, encoded, pixel_format, saved, seeds

_PLAYLISTS = {
    "sdp": b"v=0\no=- 0 0 IN IP4 0.0.0.0\ns=x\nc=IN IP4 0.0.0.0\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "m3u8": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
    "concat": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "dash": b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>http://127.0.0.1:9/</BaseURL></MPD>",
    "rtsp": b"RTSPtextrtsp://127.0.0.1:9/x\n",
}
_MAGICS = {
    "ebml": b"\x1aE\xdf\xa3\n",
    "ebml-segment": b"\x1aE\xdf\xa3\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\n",
    "ftyp": b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00",
    "jpeg": b"\xff\xd8\xff",
    "gif": b"GIF89a",
    "riff": b"RIFF\xff\x00\x00\x00WEBP",
}
_TAILS = {
    "zip": b"PK\x03\x04" + bytes(60) + b"PK\x05\x06" + bytes(18),
    "html": b"<!--><script>alert(1)</script>",
    "pdf": b"%PDF-1.7\n%%EOF",
    "elf": b"\x7fELF" + bytes(100),
}


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield all deceptions."""
    yield from _playlists()
    yield from _polyglots(rng)
    yield from _wrong_names()
    yield from _tracks()
    yield from _missing_parts(rng)
    for size in (0, 1, 2, 3, 8, 12, 64):
        yield Case("tiny", f"zeros-{size}", bytes(size), Expected.REFUSED)
        yield Case("tiny", f"random-{size}", rng.randbytes(size), Expected.REFUSED)


def _playlists() -> Iterator[Case]:
    for magic_name, magic in _MAGICS.items():
        for name, text in _PLAYLISTS.items():
            data = magic + text
            yield Case("playlists", f"{magic_name}-{name}", data, Expected.REFUSED)
            yield Case("playlists", f"{magic_name}-{name}-long", data + b"\n" * 5_000, Expected.REFUSED)


def _polyglots(rng: random.Random) -> Iterator[Case]:
    everything = seeds()
    for name, data in everything.items():
        for tail_name, tail in _TAILS.items():
            yield Case("polyglots", f"{name}+{tail_name}", data + tail)
        other = rng.choice(sorted(everything))
        yield Case("polyglots", f"{name}+{other}", data + everything[other])


def _wrong_names() -> Iterator[Case]:
    for name, data in seeds().items():
        for declared in ("image/jpeg", "video/mp4", "image/x-unknown", "text/html", "IMAGE/PNG; q=1"):
            yield Case("declared", f"{name}-as-{declared.replace('/', '-')}", data, declared=declared)


def _tracks() -> Iterator[Case]:
    h264, mkv = encoded("mp4", "libx264"), encoded("matroska", "libx264")
    for fourcc in (b"zzzz", b"encv", b"drmi", b"\0\0\0\0"):
        yield Case("tracks", f"fourcc-{fourcc.hex()}", h264.replace(b"avc1", fourcc), Expected.REFUSED)
    unknown = mkv.replace(b"V_MPEG4/ISO/AVC", b"V_UNKNOWN\0\0\0\0\0\0")
    yield Case("tracks", "mkv-unknown-codec", unknown, Expected.REFUSED)
    for container, codec in (("mp4", "libx264"), ("webm", "libvpx"), ("matroska", "mjpeg")):
        sizes = ((96, 64),) * 5 + ((64, 96),) * 5 + ((200, 20),) * 5
        yield Case("tracks", f"size-changes-{container}", _with_sizes(container, codec, sizes))
    yield Case("tracks", "first-track-disabled", _two_tracks(first_enabled=False), Expected.DECODED)
    yield Case("tracks", "first-track-enabled", _two_tracks(first_enabled=True), Expected.DECODED)
    sequence = seeds()["avif-sequence"]
    start = sequence.index(b"mdhd") + 4
    yield Case("tracks", "avif-time-scale-0", sequence[: start + 12] + bytes(4) + sequence[start + 16 :])


def _with_sizes(container: str, codec: str, sizes: tuple[tuple[int, int], ...]) -> bytes:
    """Return a stream whose frames change their size: packets of several encoders in one track."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *sizes[0], pixel_format(codec)
        for index, size in enumerate(sizes):
            encoder = av.CodecContext.create(codec, "w")
            encoder.width, encoder.height, encoder.pix_fmt = *size, pixel_format(codec)
            encoder.time_base = Fraction(1, 25)
            frame = av.VideoFrame.from_image(drawing(*size, phase=index / 10))
            frame.pts = None
            for packet in [*encoder.encode(frame), *encoder.encode(None)]:
                packet.stream, packet.pts, packet.dts = stream, index, index
                packet.time_base = Fraction(1, 25)
                output.mux(packet)
    return buffer.getvalue()


def _two_tracks(*, first_enabled: bool) -> bytes:
    """Return a movie with a black track before the one with the picture."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        streams = [output.add_stream("libx264", rate=25) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for index in range(10):
            for stream, bright in zip(streams, (False, True), strict=True):
                picture = drawing(96, 64, index / 10)
                frame = av.VideoFrame.from_image(picture if bright else picture.point(lambda _: 0))
                output.mux(stream.encode(frame))
        for stream in streams:
            output.mux(stream.encode())
    data = bytearray(buffer.getvalue())
    first = data.index(b"tkhd")
    for start, enabled in ((first, first_enabled), (data.index(b"tkhd", first + 4), True)):
        data[start + 7] = 3 if enabled else 0  # the last byte of the flags; bit 0 means enabled
    return bytes(data)


def _missing_parts(rng: random.Random) -> Iterator[Case]:
    picture = saved(drawing(400, 400), "JPEG", quality=90)
    for percent in (10, 30, 60, 80):
        cut = picture[: len(picture) * percent // 100]
        yield Case("missing", f"jpeg-{percent}-end-marker", cut + b"\xff\xd9", Expected.NOT_CLEARED)
        yield Case("missing", f"jpeg-{percent}", cut, Expected.NOT_CLEARED)
    for name in ("mp4-h264", "mkv-h264", "webm-vp9", "mov-mjpeg"):
        data = seeds()[name]
        begin, end = _coded_part(data)
        middle = (begin + end) // 2
        noise = rng.randbytes(end - middle)
        yield Case("missing", f"{name}-noise", data[:middle] + noise + data[end:], Expected.NOT_CLEARED)
        zeros = data[:middle] + bytes(end - middle) + data[end:]
        yield Case("missing", f"{name}-zeros", zeros, Expected.NOT_CLEARED)


def _coded_part(data: bytes) -> tuple[int, int]:
    """Return where the coded frames begin and end: in `mdat`, or in the clusters of Matroska."""
    if data[4:8] == b"ftyp":
        start = data.index(b"mdat")
        return start + 4, start - 4 + int.from_bytes(data[start - 4 : start], "big")
    return data.index(b"\x1f\x43\xb6\x75") + 12, len(data) * 9 // 10
