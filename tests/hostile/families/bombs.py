"""Files of a few bytes that ask for minutes or gigabytes."""

import io
import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from PIL import Image

from tests.hostile.case import Case, Expected
from tests.hostile.seeds import drawing, encoded, saved

_FAMILY = "bombs"
# Less work for the encoder and a larger file, with the same tools for the decoder: it has as much work.
_HASTY_X264 = {"x264-params": "me=dia:subme=1:trellis=0:rc-lookahead=0:mbtree=0"}


def cases() -> Iterator[Case]:
    """Yield all bombs."""
    refused = {
        "png-1-bit-1x50000000": _png(1, 50_000_000, bits=1),
        "png-65000x65000": _png(65_000, 65_000, bits=1, rows=10),
        "jpeg-5000-scans": _jpeg_scans(5_000),
        "jpeg-2000000-segments": b"\xff\xd8" + b"\xff\xe1\x00\x02" * 2_000_000 + saved(drawing(), "JPEG")[2:],
        "mp4-10000000-samples": _movie(_box(b"stsz", _numbers(0, 1, 10_000_000))),
        "mp4-edits-5000x20000": _movie(
            _box(b"stsz", _numbers(0, 0, 20_000)),
            edits=_box(b"edts", _box(b"elst", _numbers(0, 5_000), bytes(60_000))),
        ),
        "mp4-3000000-boxes": _box(b"ftyp", b"isom", _numbers(0)) + _box(b"free") * 3_000_000,
        "mp4-nested-boxes": _box(b"ftyp", b"isom", _numbers(0)) + _nested(100_000),
        "mov-32-png-7000x7000": _mov_of_one_png(32, 7_000),
        "mp4-50-days": _stretched(encoded("mp4", "libx264")),
        "tiff-1000000-strips": _tiff_strips(1_000_000),
        "tiff-loop": b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00" + bytes(100),
    }
    for name, data in refused.items():
        yield Case(_FAMILY, name, data, Expected.REFUSED)
    yield Case(_FAMILY, "apng-40x7000x7000", _apng(40, 7_000), Expected.NOT_CLEARED)
    yield Case(_FAMILY, "gif-60x7000x7000", _gif_frames(60, 7_000), Expected.NOT_CLEARED)
    for name, data in {
        "gif-1x1-canvas": _gif_frames(40, 5_000, canvas=1),
        "mkv-2000000-voids": _voids(2_000_000),
        "gif-50000-frames": _gif_frames(50_000, 1),
        "png-ztxt": _png_with(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(200_000_000), 9)),
        "png-icc": _png_with(b"iCCP", b"a\x00\x00" + zlib.compress(bytes(200_000_000), 9)),
        "webp-1000-frames": _webp_frames(1_000),
        "mp4-5120x3840": encoded("mp4", "libx264", sizes=((5_120, 3_840),) * 8, options=_HASTY_X264),
        "mkv-7000x7000-mjpeg": encoded("matroska", "mjpeg", sizes=((7_000, 7_000),) * 2),
        "png-300-text-chunks": _png_with(b"tEXt", b"a\x00" + b"x" * 1_000, times=300),
    }.items():
        yield Case(_FAMILY, name, data)


def _numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _movie(*tables: bytes, edits: bytes = b"") -> bytes:
    track = _box(b"trak", edits, _box(b"mdia", _box(b"minf", _box(b"stbl", *tables))))
    return _box(b"ftyp", b"isom", _numbers(0)) + _box(b"moov", track) + _box(b"mdat", bytes(1_000))


def _nested(depth: int) -> bytes:
    return b"".join(struct.pack(">I4s", 8 * (depth - level), b"moov") for level in range(depth))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, *, bits: int, rows: int | None = None) -> bytes:
    row = bytes(1 + (width * bits + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(
        packer.compress(row * 10_000) for _ in range((height if rows is None else rows) // 10_000 + 1)
    )
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", packed + packer.flush()) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _png_with(kind: bytes, body: bytes, times: int = 1) -> bytes:
    data = saved(drawing(), "PNG")
    after_header = 8 + 25
    return data[:after_header] + _chunk(kind, body) * times + data[after_header:]


def _apng(frames: int, side: int) -> bytes:
    blank = Image.new("L", (side, side))
    plain = saved(blank, "PNG")
    data = plain[plain.index(b"IDAT") - 4 : plain.index(b"IEND") - 4]
    packed = b"".join(_chunk_bodies(data))
    parts = [plain[:33], _chunk(b"acTL", _numbers(frames, 0))]
    sequence = 0
    for index in range(frames):
        control = _numbers(sequence, side, side, 0, 0) + struct.pack(">HHBB", 1, 10, 0, 0)
        parts.append(_chunk(b"fcTL", control))
        sequence += 1
        if index == 0:
            parts.append(_chunk(b"IDAT", packed))
        else:
            parts.append(_chunk(b"fdAT", _numbers(sequence) + packed))
            sequence += 1
    return b"".join([*parts, _chunk(b"IEND", b"")])


def _chunk_bodies(data: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        yield data[position + 8 : position + 8 + length]
        position += length + 12


def _gif_frames(frames: int, side: int, canvas: int | None = None) -> bytes:
    """Return a GIF whose frames all have the same data; ``canvas`` is the side that its header states."""
    one = saved(Image.new("P", (side, side)), "GIF")
    image = one[one.index(b"\x2c", 13 + 3 * (2 << (one[10] & 7))) : -1]
    state = side if canvas is None else canvas
    header = b"GIF89a" + struct.pack("<HH", state, state) + one[10 : 13 + 3 * (2 << (one[10] & 7))]
    control = b"\x21\xf9\x04\x00\x05\x00\x00\x00"
    return header + (control + image) * frames + b"\x3b"


def _jpeg_scans(scans: int) -> bytes:
    data = saved(drawing(2_000, 2_000), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    return data[:start] + data[start:-2] * 1 + data[start : start + 12] * scans + b"\xff\xd9"


def _mov_of_one_png(frames: int, side: int) -> bytes:
    packet = saved(Image.new("L", (side, side)), "PNG")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mov") as output:
        stream = output.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = side, side, "gray"
        for index in range(frames):
            copy = av.Packet(packet)
            copy.stream, copy.pts, copy.dts, copy.time_base = stream, index, index, Fraction(1, 25)
            copy.is_keyframe = True
            output.mux(copy)
    return buffer.getvalue()


def _stretched(data: bytes) -> bytes:
    """Let every frame of a movie last for two days."""
    start = data.index(b"stts") + 4
    return data[: start + 12] + _numbers(0x7FFFFFFF) + data[start + 16 :]


def _voids(count: int) -> bytes:
    data = encoded("matroska", "libx264")
    segment = data.index(b"\x18\x53\x80\x67")
    unknown_size = b"\x01\xff\xff\xff\xff\xff\xff\xff"
    return data[: segment + 4] + unknown_size + b"\xec\x80" * count + data[segment + 12 :]


def _tiff_strips(count: int) -> bytes:
    """Return a TIFF of one column of ``count`` rows, each row a strip of its own at the same place."""
    entries = (
        (256, 4, 1, 1), (257, 4, 1, count), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, count, 200), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, count, 200 + 4 * count),
    )  # fmt: skip
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = (b"II*\x00\x08\x00\x00\x00" + directory + bytes(4)).ljust(200, b"\0")
    return head + np.full(count, 100, "<u4").tobytes() + np.full(count, 1, "<u4").tobytes()


def _webp_frames(frames: int) -> bytes:
    first, *rest = [Image.new("RGB", (16, 16), (index % 256, 0, 0)) for index in range(frames)]
    return saved(first, "WEBP", save_all=True, append_images=rest, duration=1)
