"""A form is read piece by piece; what is no form, has no file or is too large is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_multipart.exceptions import FormParserError

from pipeline.producers.gateway.verify_page.refusal import Refusal, RefusalKind
from pipeline.producers.gateway.verify_page.upload import Form

TYPE = "multipart/form-data; boundary=X"
LIMIT = 1_000


def part(content: bytes, name: str = "file", extra: str = '; filename="a.jpg"') -> bytes:
    return f'--X\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode() + content + b"\r\n"


END = b"--X--\r\n"


def read(body: bytes, content_type: str = TYPE, piece: int = 7) -> bytes:
    form = Form(content_type, LIMIT)
    for start in range(0, len(body), piece):
        form.write(body[start : start + piece])
    return form.file()


@given(content=st.binary(min_size=1, max_size=LIMIT).filter(lambda content: b"\r\n--X" not in content))
def test_the_file_arrives_unchanged(content: bytes) -> None:
    body = part(b"ko", "lang", "") + part(content) + END

    assert read(body) == content
    assert read(body, piece=len(body)) == content


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", RefusalKind.MALFORMED),
        (part(b"x" * 10), RefusalKind.MALFORMED),  # cut off
        (part(b"x") + part(b"y") + END, RefusalKind.MALFORMED),
        (part(b"x", "y") * 11 + END, RefusalKind.MALFORMED),
        (part(b"") + END, RefusalKind.NO_FILE),
        (part(b"x", "picture") + END, RefusalKind.NO_FILE),
        (part(b"x" * (LIMIT + 1)) + END, RefusalKind.TOO_LARGE),
    ],
    ids=["nothing", "cut off", "two files", "many parts", "empty file", "another field", "too large"],
)
def test_a_form_without_one_file_is_refused(body: bytes, kind: RefusalKind) -> None:
    with pytest.raises(Refusal) as refused:
        read(body)

    assert refused.value.kind is kind


@pytest.mark.parametrize(
    "content_type", ["", "image/jpeg", "multipart/form-data", "multipart/mixed; boundary=X"]
)
def test_what_is_no_form_is_refused(content_type: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(part(b"x") + END, content_type)

    assert refused.value.kind is RefusalKind.MALFORMED


@given(
    body=st.lists(
        st.sampled_from([b"--X", b"\r\n", b"--", b":", b'name="file"', b"\x00", b"a" * 99]), max_size=40
    )
)
def test_any_bytes_give_a_file_or_a_refusal(body: list[bytes]) -> None:
    try:
        read(b"".join(body))
    except (Refusal, FormParserError):
        return
