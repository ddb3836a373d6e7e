"""Known bytes settle a label; a picture that is only similar to a known deepfake is at most suspected."""

import secrets
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from inference.fingerprint import dihedral
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.match_rate import WINDOW_SECONDS, MatchRate
from schemas.verdicts import Label
from storage.known_media import KnownEntry, KnownLabel

A, B = "a" * 64, "b" * 64
PDQ = secrets.token_hex(32)
CASE = uuid4()
DEEPFAKE, AUTHENTIC = KnownLabel.DEEPFAKE, KnownLabel.AUTHENTIC


def entry(
    label: KnownLabel,
    sha256: str | None = None,
    *pdqs: str,
    change: int = 1,
    threshold: int = 31,
    removed: bool = False,
    bank: str = "decisions",
    entry_id: UUID | None = None,
) -> KnownEntry:
    return KnownEntry(
        entry_id=entry_id or uuid4(),
        label=label,
        bank=bank,
        sha256=sha256,
        pdqs=pdqs,
        threshold=threshold,
        reference="",
        case_id=CASE,
        added_by="moderator:kim",
        added_at=datetime.now(UTC),
        removed=removed,
        change=change,
    )


def known(*entries: KnownEntry, tag_similar: bool = False, limit: int = 100) -> KnownMedia:
    media = KnownMedia(MatchRate(limit, lambda *_: None), tag_similar=tag_similar)
    media.apply(entries)
    return media


def flipped(pdq: str, bits: int) -> str:
    """Return the hash with its first bits inverted."""
    return f"{int(pdq, 16) ^ ((1 << bits) - 1):064x}"


@pytest.mark.parametrize(
    ("entries", "sha256", "pdqs", "expected"),
    [
        ([], A, [PDQ], None),
        ([entry(DEEPFAKE, A)], A, [], (Label.DEEPFAKE, True)),
        ([entry(DEEPFAKE, A)], B, [], None),
        ([entry(DEEPFAKE, A)], None, [], None),
        ([entry(AUTHENTIC, A, PDQ)], A, [PDQ], (Label.AUTHENTIC, True)),
        ([entry(AUTHENTIC, A, PDQ)], B, [PDQ], None),  # a forgery is as similar to an authentic picture
        ([entry(DEEPFAKE, A, PDQ)], B, [PDQ], (Label.SUSPECTED, False)),
        ([entry(DEEPFAKE, A, PDQ)], B, [flipped(PDQ, 31)], (Label.SUSPECTED, False)),
        ([entry(DEEPFAKE, A, PDQ)], B, [flipped(PDQ, 32)], None),
        ([entry(DEEPFAKE, A, PDQ, threshold=3)], B, [flipped(PDQ, 4)], None),
        ([entry(DEEPFAKE, A, PDQ)], B, [dihedral(PDQ)[6]], (Label.SUSPECTED, False)),  # rotated
        ([entry(DEEPFAKE, A), entry(AUTHENTIC, A, change=2)], A, [], (Label.SUSPECTED, False)),
        (
            [entry(DEEPFAKE, A, bank="b"), entry(AUTHENTIC, A, bank="c", change=2)],
            A,
            [],
            (Label.SUSPECTED, False),
        ),
        ([entry(DEEPFAKE, A, bank="b"), entry(AUTHENTIC, A, change=2)], A, [], (Label.AUTHENTIC, True)),
        ([entry(DEEPFAKE, A), entry(AUTHENTIC, A, bank="b", change=2)], A, [], (Label.DEEPFAKE, True)),
        ([entry(AUTHENTIC, A, bank="b")], A, [], (None, False)),  # others cannot exempt
        ([entry(DEEPFAKE, B, PDQ), entry(AUTHENTIC, A, change=2)], A, [PDQ], (Label.AUTHENTIC, True)),
    ],
)
def test_finding(
    entries: list[KnownEntry], sha256: str | None, pdqs: list[str], expected: tuple[Label | None, bool] | None
) -> None:
    finding = known(*entries).find(sha256, pdqs, 0.0)

    assert (finding and (finding.label, finding.decisive)) == expected


@pytest.mark.parametrize(
    ("to_deepfake", "to_authentic", "bank", "suspected"),
    [
        (2, 4, "decisions", True),
        (4, 2, "decisions", False),
        (3, 3, "decisions", True),
        (4, 2, "partner", True),  # others cannot exempt
        (4, 40, "decisions", True),
    ],
)
def test_a_picture_nearer_to_an_authentic_one_is_not_suspected(
    to_deepfake: int, to_authentic: int, bank: str, suspected: bool
) -> None:
    media = known(
        entry(DEEPFAKE, A, flipped(PDQ, to_deepfake)),
        entry(AUTHENTIC, B, flipped(PDQ, to_authentic), change=2, bank=bank),
    )

    assert (media.find("c" * 64, [PDQ], 0.0) is not None) == suspected


def test_similar_pictures_are_tagged_if_the_operator_wants_it() -> None:
    finding = known(entry(DEEPFAKE, A, PDQ), tag_similar=True).find(B, [PDQ], 0.0)

    assert finding is not None
    assert (finding.label, finding.decisive) == (Label.DEEPFAKE, True)


def test_a_finding_names_the_case_it_came_from() -> None:
    finding = known(entry(DEEPFAKE, A, PDQ)).find(B, [flipped(PDQ, 3)], 0.0)

    assert finding is not None
    assert f"(case {CASE})" in finding.detail
    assert "3 of 256 bits differ" in finding.detail


def test_four_of_five_frames_of_a_video_must_match() -> None:
    frames = [secrets.token_hex(32) for _ in range(5)]
    media = known(entry(DEEPFAKE, A, *frames))

    assert media.similar([*frames[:4], secrets.token_hex(32)]) is not None
    assert media.similar([*frames[:3], secrets.token_hex(32), secrets.token_hex(32)]) is None


def test_a_removed_entry_matches_no_more() -> None:
    entry_id = uuid4()
    media = known(entry(DEEPFAKE, A, PDQ, entry_id=entry_id))
    media.apply([entry(DEEPFAKE, A, PDQ, entry_id=entry_id, change=2, removed=True)])

    assert (media.find(A, [PDQ], 0.0), media.settled(A), len(media)) == (None, None, 0)


def test_an_entry_that_is_added_and_removed_in_one_go_matches_not() -> None:
    entry_id = uuid4()
    media = known(
        entry(DEEPFAKE, A, PDQ, entry_id=entry_id),
        entry(DEEPFAKE, A, PDQ, entry_id=entry_id, change=2, removed=True),
        entry(DEEPFAKE, B, flipped(PDQ, 2), change=3),
    )

    match = media.similar([PDQ])
    assert match is not None
    assert (match.entry.sha256, match.distance) == (B, 2)


@pytest.mark.parametrize(("sha256", "pdqs", "tag_similar"), [(A, [], False), (B, [PDQ], True)])
def test_a_flood_of_matches_pauses_the_automatic_action(
    sha256: str, pdqs: list[str], tag_similar: bool
) -> None:
    """Given a limit of 10, twice as many matches within a minute: those above it are only suspected."""
    media = known(entry(DEEPFAKE, A, PDQ), tag_similar=tag_similar, limit=10)

    labels = [finding.label for n in range(20) if (finding := media.find(sha256, pdqs, n / 10))]

    assert labels == [Label.DEEPFAKE] * 10 + [Label.SUSPECTED] * 10
    assert media.settled(A) is None  # the model looks at it
    later = media.find(sha256, pdqs, 20 + WINDOW_SECONDS)
    assert later is not None
    assert later.label is Label.DEEPFAKE


def test_rate_reports_the_start_and_the_end_of_a_flood_once() -> None:
    told: list[tuple[UUID, bool]] = []
    entry_id = uuid4()
    rate = MatchRate(4, lambda *change: told.append(change))

    flooding = [rate.count(entry_id, now) for now in (0, 1, 2, 3, 4, 5, 62.5)]
    assert flooding == [False] * 4 + [True] * 3
    assert told == [(entry_id, True)]

    rate.end_floods(63)  # 3 matches in the last minute
    assert rate.flooding(entry_id)
    rate.end_floods(130)
    assert told == [(entry_id, True), (entry_id, False)]


def test_a_flood_ends_when_its_entry_is_removed() -> None:
    told: list[bool] = []
    entry_id = uuid4()
    media = KnownMedia(MatchRate(1, lambda _, flooding: told.append(flooding)))
    media.apply([entry(DEEPFAKE, A, entry_id=entry_id)])
    for now in (0, 1):
        media.find(A, [], now)
    assert told == [True]

    media.apply([entry(DEEPFAKE, A, entry_id=entry_id, change=2, removed=True)])

    assert told == [True, False]
