"""Traces in files as programs write them, and no exception for any bytes."""

import io
import struct
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inference.provenance.traces import Trace, Worth, find_traces
from tests.unit.inference.media_samples import encoded, portrait, still

COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
XMP_ATTRIBUTES = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description
 xmp:CreatorTool="Adobe Photoshop 26.0" Iptc4xmpExt:DigitalSourceType="{COMPOSITE}"
 photoshop:Credit='Made with Google AI'/></rdf:RDF></x:xmpmeta>"""
XMP_ELEMENTS = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description>
 <xmp:CreatorTool>GIMP 3.0</xmp:CreatorTool>
 <Iptc4xmpExt:DigitalSourceType rdf:resource="{COMPOSITE}"/>
 </rdf:Description></rdf:RDF></x:xmpmeta>"""
PROMPT = "a portrait\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1"


def png(**texts: str) -> bytes:
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    return encoded(portrait(32, 32), "PNG", pnginfo=info)


def exif(number: int, value: str) -> bytes:
    block = Image.Exif()
    block[number] = value
    return block.tobytes()


def user_comment(text: str) -> bytes:
    block = Image.Exif()
    block.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
    return block.tobytes()


SMALL = portrait(32, 32)
GENERATED, EDITED, NEUTRAL = Worth.GENERATED, Worth.EDITED, Worth.NEUTRAL
TABLES = Trace("jpeg-tables", "libjpeg, quality 75", NEUTRAL)


@pytest.mark.parametrize(
    ("data", "traces"),
    [
        (still("PNG"), []),
        (encoded(SMALL, "JPEG"), [TABLES]),
        (encoded(SMALL, "JPEG", quality=92), [Trace("jpeg-tables", "libjpeg, quality 92", NEUTRAL)]),
        (
            encoded(SMALL, "JPEG", qtables=[[7] * 64, [9] * 64]),
            [Trace("jpeg-tables", "an encoder of its own", NEUTRAL)],
        ),
        (
            encoded(SMALL, "JPEG", xmp=XMP_ATTRIBUTES.encode()),
            [
                Trace("iptc-source-type", "compositeWithTrainedAlgorithmicMedia", GENERATED),
                Trace("xmp-software", "Made with Google AI", GENERATED),
                Trace("xmp-software", "Adobe Photoshop 26.0", EDITED),
                TABLES,
            ],
        ),
        (
            encoded(SMALL, "WEBP", xmp=XMP_ELEMENTS.encode()),
            [
                Trace("iptc-source-type", "compositeWithTrainedAlgorithmicMedia", GENERATED),
                Trace("xmp-software", "GIMP 3.0", EDITED),
            ],
        ),
        (
            encoded(SMALL, "JPEG", exif=exif(305, "FaceApp 11.2")),
            [Trace("exif-software", "FaceApp 11.2", GENERATED), TABLES],
        ),
        (
            encoded(SMALL, "WEBP", exif=exif(305, "Canon DPP 4")),
            [Trace("exif-software", "Canon DPP 4", NEUTRAL)],
        ),
        (
            encoded(SMALL, "TIFF", tiffinfo={305: "Adobe Lightroom"}),
            [Trace("exif-software", "Adobe Lightroom", EDITED)],
        ),
        (
            encoded(SMALL, "JPEG", exif=user_comment(PROMPT)),
            [Trace("exif-comment", PROMPT.replace("\n", " "), GENERATED), TABLES],
        ),
        (encoded(SMALL, "JPEG", exif=user_comment("Steps: to the beach")), [TABLES]),
        (
            png(parameters="a portrait, Steps: 20", Author="somebody"),
            [Trace("png-text parameters", "a portrait, Steps: 20", GENERATED)],
        ),
        (png(workflow="{}", Software="gnome-screenshot"), [
            Trace("png-text workflow", "{}", GENERATED),
            Trace("png-text Software", "gnome-screenshot", NEUTRAL),
        ]),
    ],
)  # fmt: skip
def test_traces_of_files(data: bytes, traces: list[Trace]) -> None:
    assert list(find_traces(data)) == traces


def test_compressed_and_international_texts_are_read() -> None:
    info = PngInfo()
    info.add_text("parameters", "x" * 1_000_000, zip=True)
    info.add_itxt("prompt", "인물 사진", zip=True)

    (compressed, international) = find_traces(encoded(SMALL, "PNG", pnginfo=info))

    assert compressed == Trace("png-text parameters", "x" * 200, GENERATED)
    assert international == Trace("png-text prompt", "인물 사진", GENERATED)


def test_a_deflate_bomb_in_a_text_stays_small() -> None:
    body = b"parameters\0\0" + zlib.compress(bytes(50_000_000), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + bytes(4)
    start = time.process_time()

    find_traces(b"\x89PNG\r\n\x1a\n" + chunk)

    assert time.process_time() - start < 0.5


BEGINNINGS = st.sampled_from(
    [
        b"",
        b"\xff\xd8\xff\xdb\x00\x43",
        b"\xff\xd8\xff\xe1\x00\x40Exif\0\0II*\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\x20tEXt",
        b"\x89PNG\r\n\x1a\n\0\0\0\x20iTXtprompt\0\1",
        b"II*\0",
        b"MM\0*",
        b"RIFF\xff\xff\0\0WEBPEXIF",
        b"<x:xmpmeta Iptc4xmpExt:DigitalSourceType=",
        b"<x:xmpmeta xmp:CreatorTool>",
    ]
)


@given(beginning=BEGINNINGS, rest=st.binary(max_size=400))
def test_no_bytes_raise(beginning: bytes, rest: bytes) -> None:
    find_traces(beginning + rest)


SAMPLES = [
    encoded(SMALL, "JPEG", xmp=XMP_ATTRIBUTES.encode(), exif=user_comment(PROMPT)),
    png(parameters=PROMPT, Software="x"),
    encoded(SMALL, "WEBP", exif=exif(305, "FaceApp")),
    encoded(SMALL, "TIFF", tiffinfo={305: "Adobe Lightroom"}),
]


@given(sample=st.sampled_from(SAMPLES), position=st.floats(0, 1), change=st.binary(min_size=1, max_size=8))
def test_no_damage_raises(sample: bytes, position: float, change: bytes) -> None:
    start = int(position * len(sample))

    for trace in find_traces(sample[:start] + change + sample[start + len(change) :]):
        assert len(trace.value) <= 200
        assert trace.value.isprintable()


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + (b"\0\0\0\x01tEXtx" + bytes(4)) * 200_000,
        b"\xff\xd8\xff\xdb\x00\x02" * 400_000,
        b"<x:xmpmeta " + b"xmp:CreatorTool " * 200_000,
        b"<x:xmpmeta xmp:CreatorTool" + b" " * 3_000_000,
        b"<x:xmpmeta " * 300_000,
    ],
)
def test_large_files_take_a_bounded_time(data: bytes) -> None:
    start = time.process_time()

    find_traces(data)

    assert time.process_time() - start < 1.0


def test_a_picture_of_pillow_is_read_as_written() -> None:
    assert Image.open(io.BytesIO(SAMPLES[0])).info["xmp"]  # the sample is what this test file says
