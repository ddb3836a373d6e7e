"""Files of known media: what is exported can be imported, and what cannot be used is named."""

import contextlib
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.operations.known_media_files import KnownMediaFileError, as_csv, as_json, read_entries
from storage.known_media import KnownEntry, KnownLabel, NewEntry

PDQ, SHA256 = "0f" * 32, "a1" * 32
hashes = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
stored = st.builds(
    KnownEntry,
    entry_id=st.builds(uuid4),
    label=st.sampled_from(KnownLabel),
    bank=st.just("ours"),
    sha256=st.none() | hashes,
    pdqs=st.lists(hashes, min_size=1, max_size=3).map(tuple),
    threshold=st.integers(0, 31),
    reference=st.just(""),
    case_id=st.none(),
    added_by=st.just("kim"),
    added_at=st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    removed=st.just(False),
    change=st.just(1),
)


@given(st.lists(stored, max_size=5), st.sampled_from([as_csv, as_json]))
def test_exported_hashes_are_imported_again(entries: list[KnownEntry], write: object) -> None:
    assert callable(write)
    again = read_entries(write(entries), "theirs")

    expected = [
        (entry.label, pdqs, sha256, entry.threshold)
        for entry in entries
        for sha256, pdqs in [
            *([(entry.sha256, ())] if entry.sha256 else []),
            *[(None, (pdq,)) for pdq in entry.pdqs],
        ]
    ]
    assert [(entry.label, entry.pdqs, entry.sha256, entry.threshold) for entry in again] == expected
    assert {entry.bank for entry in again} <= {"theirs"}


def test_indicators_of_threatexchange_are_read() -> None:
    document = {
        "data": [
            {"id": "788497497903212", "type": "HASH_PDQ", "indicator": PDQ.upper(), "status": "MALICIOUS"},
            {"id": "2", "type": "HASH_SHA256", "indicator": SHA256, "status": "NON_MALICIOUS"},
            {"id": "3", "type": "HASH_PDQ", "indicator": PDQ, "status": "SUSPICIOUS"},
        ],
        "paging": {"cursors": {}},
    }

    assert read_entries(json.dumps(document), "partner") == [
        NewEntry(KnownLabel.DEEPFAKE, "partner", pdqs=(PDQ,), reference="788497497903212"),
        NewEntry(KnownLabel.AUTHENTIC, "partner", sha256=SHA256, reference="2"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 must name the columns signal_type and signal_str; it is ''"),
        ("hash\nabc\n", "line 1 must name the columns .* it is 'hash'"),
        (f"signal_type,signal_str\npdq,{PDQ}\nmd5,{PDQ}\n", "line 3: the type 'md5' is not pdq or sha256"),
        ("signal_type,signal_str\npdq,xyz\n", "line 2: 'xyz' is no hash of 64 hex digits"),
        (f"signal_type,signal_str,label\npdq,{PDQ},fake\n", "line 2: the label 'fake' is not deepfake or"),
        (f"signal_type,signal_str,threshold\npdq,{PDQ},90\n", "the threshold '90' is not from 0 to 31"),
        ("{", "this is no JSON"),
        ("{}", 'needs a list "data"'),
        ('{"data": [1]}', r"data\[0\] is no object but '1'"),
        ('{"data": [{"type": "URI", "indicator": "x"}]}', r"data\[0\]: the type 'uri' is not pdq or sha256"),
        (
            f'{{"data": [{{"type": "HASH_PDQ", "indicator": "{PDQ}", "status": "?"}}]}}',
            "the status '\\?' is not",
        ),
    ],
)
def test_what_cannot_be_used_is_named(text: str, message: str) -> None:
    with pytest.raises(KnownMediaFileError, match=message):
        read_entries(text, "partner")


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(KnownMediaFileError):
        read_entries(text, "partner")
