"""Posts, analyses, verdicts, reports and tags are stored once, also with repeats and races."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Engine

from schemas.posts import Media, PostCreated, PostReported, ReportReason
from schemas.tags import CauseKind
from schemas.verdicts import Label, MediaVerdict, ModelRef, Trigger, TriggerKind, VerdictIssued
from storage import analyses, posts, reports, tags, verdicts
from storage.database import transaction
from tests.integration.storage.moderation_queue import at_once

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MODEL = ModelRef(name="m", version="1", weights_sha256="0" * 64)
PHOTO = Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg")


def _media(sha256: str | None, score: float = 0.2, uri: str = PHOTO.uri) -> MediaVerdict:
    return MediaVerdict(uri=uri, label=Label.AUTHENTIC, score=score, threshold=0.9, sha256=sha256)


def _verdict(
    trigger: str, *, post: str = "p1", score: float | None = 0.2, at: datetime = NOW
) -> VerdictIssued:
    return VerdictIssued(
        verdict_id=uuid4(),
        post_id=post,
        trigger=Trigger(kind=TriggerKind.CREATED, event_id=trigger),
        label=Label.AUTHENTIC,
        score=score,
        media=(_media("a" * 64),),
        model=MODEL,
        issued_at=at,
    )


def _report(event: str, reporter: str, at: datetime, post: str = "p1") -> tuple[str, PostReported]:
    report = PostReported(
        report_id=event, post_id=post, reporter_id=reporter, reason=ReportReason.OTHER, reported_at=at
    )
    return event, report


def test_first_version_of_a_post_is_kept(engine: Engine) -> None:
    first = PostCreated(post_id="p1", author_id="u1", text="a\x00b", media=(PHOTO,), created_at=NOW)
    second = first.model_copy(update={"text": "changed", "media": (PHOTO, PHOTO)})
    with transaction(engine) as session:
        assert [posts.keep(session, post) for post in (first, second)] == [True, False]
    with transaction(engine) as session:
        assert posts.find(session, "p1") == first.model_copy(update={"text": "a\ufffdb"})
        assert posts.media(session, "p1") == (PHOTO,)
        assert (posts.find(session, "p2"), posts.media(session, "p2")) == (None, ())


def test_one_analysis_is_stored_for_each_hash_and_model(engine: Engine) -> None:
    known, unknown = "a" * 64, "b" * 64
    with transaction(engine) as session:
        kept = [
            analyses.keep(session, _media(known, 0.2), "m@1"),
            analyses.keep(session, _media(known, 0.8), "m@1"),
            analyses.keep(session, _media(known, 0.7), "m@2"),
        ]
    with transaction(engine) as session:
        found = analyses.find(session, [known, unknown], "m@1")
        nothing = analyses.find(session, [], "m@1")
    assert kept == [True, False, True]
    assert (list(found), nothing) == ([known], {})
    elsewhere = "s3://platform-media/repost.jpg"
    assert found[known].at(elsewhere) == _media(known, 0.2, elsewhere).model_copy(update={"reused": True})


def test_one_verdict_is_stored_for_each_event_and_model(engine: Engine) -> None:
    first, again = (
        verdict.model_copy(update={"trigger": verdict.trigger.model_copy(update={"source": "tests"})})
        for verdict in (_verdict("e1"), _verdict("e1", score=0.9))
    )
    with transaction(engine) as session:
        assert [verdicts.keep(session, verdict, "m@1") for verdict in (first, again)] == [True, False]
    with transaction(engine) as session:
        assert verdicts.find(session, "p1", first.trigger, "m@1") == first
        assert verdicts.find(session, "p1", first.trigger, "m@2") is None
        assert verdicts.find(session, "p2", first.trigger, "m@1") is None
        for differs in ({"event_id": "e2"}, {"source": "other"}, {"kind": TriggerKind.REPORTED}):
            trigger = first.trigger.model_copy(update=differs)
            assert verdicts.find(session, "p1", trigger, "m@1") is None


def test_verdict_without_a_source_answers_its_event_unless_there_is_one_with_it(engine: Engine) -> None:
    before = _verdict("e1")  # as the version before stored it
    trigger = before.trigger.model_copy(update={"source": "https://a.example"})
    now = _verdict("e1").model_copy(update={"trigger": trigger})
    with transaction(engine) as session:
        assert verdicts.keep(session, before, "m@1")
        assert verdicts.find(session, "p1", trigger, "m@1") == before
        assert verdicts.keep(session, now, "m@1")
        assert verdicts.find(session, "p1", trigger, "m@1") == now


def test_latest_verdict_and_highest_score_of_a_post(engine: Engine) -> None:
    given = [
        _verdict("e1", score=0.7, at=NOW),
        _verdict("e2", score=None, at=NOW + timedelta(hours=1)),
        _verdict("e3", score=0.1, at=NOW - timedelta(hours=1)),
        _verdict("e4", score=0.9, at=NOW + timedelta(hours=2), post="another"),
    ]
    with transaction(engine) as session:
        for verdict in given:
            verdicts.keep(session, verdict, "m@1")
        assert verdicts.latest(session, "p1") == given[1]
        assert verdicts.highest_score(session, "p1") == 0.7
        assert (verdicts.latest(session, "p2"), verdicts.highest_score(session, "p2")) == (None, None)


def test_distinct_reporters_are_counted_within_the_window(engine: Engine) -> None:
    window = timedelta(minutes=10)
    given = [
        _report("e1", "u1", NOW),
        _report("e2", "u1", NOW + timedelta(minutes=1)),
        _report("e3", "u2", NOW + timedelta(minutes=2)),
        _report("e4", "u3", NOW - timedelta(seconds=1)),  # too early
        _report("e5", "u4", NOW + window),  # too late
        _report("e6", "u5", NOW, post="another"),
    ]
    with transaction(engine) as session:
        for event, report in given:
            reports.record(session, event, "tests", report, report.reported_at)
        again, report = given[0]
        assert reports.record(session, again, "tests", report, NOW + window / 2) == NOW
        assert reports.distinct_reporters(session, "p1", NOW, NOW + window) == 2


def test_concurrent_first_tag_changes_are_serialised(engine: Engine) -> None:
    def tag_unless_tagged(cause: int) -> int | None:
        with transaction(engine) as session:
            if tags.lock_tag(session, "p1") is not None:
                return None
            tags.put_tag(
                session,
                "p1",
                tagged=True,
                cause_kind=CauseKind.VERDICT,
                cause_id=UUID(int=cause),
                cause_at=NOW,
            )
            return cause

    done = at_once([lambda cause=cause: tag_unless_tagged(cause) for cause in range(6)])

    winners = [cause for cause in done if isinstance(cause, int)]
    assert len(winners) == 1
    assert done.count(None) == 5
    with transaction(engine) as session:
        state = tags.find(session, "p1")
    assert state is not None
    assert (state.tagged, state.cause_id) == (True, UUID(int=winners[0]))


def test_tag_is_updated_in_place(engine: Engine) -> None:
    for tagged, kind, cause in [(True, CauseKind.VERDICT, 1), (False, CauseKind.DECISION, 2)]:
        with transaction(engine) as session:
            tags.lock_tag(session, "p1")
            tags.put_tag(
                session, "p1", tagged=tagged, cause_kind=kind, cause_id=UUID(int=cause), cause_at=NOW
            )
            state = tags.find(session, "p1")
        assert state is not None
        assert (state.tagged, state.cause_kind, state.cause_id) == (tagged, kind.value, UUID(int=cause))
