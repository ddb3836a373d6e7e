"""One example of every event, used in the event reference, the JSON Schemas and tests."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from schemas.base import Contract
from schemas.generation import Consent, GenerationFinished, GenerationOutcome, GenerationRequested
from schemas.identity import (
    case_event_id,
    case_id,
    decision_id,
    post_event_id,
    shadow_id,
    surge_id,
    tag_event_id,
    verdict_id,
)
from schemas.moderation import (
    CaseChange,
    CaseChanged,
    CaseOrigin,
    CaseState,
    DecisionKind,
    DecisionMade,
    ReportsSurged,
)
from schemas.posts import Media, PostAppealed, PostCreated, PostReplayed, PostReported, ReportReason
from schemas.tags import CauseKind, Explanation, PostTagged, TagAction, TagCause
from schemas.verdicts import (
    Box,
    FaceVerdict,
    Label,
    MediaVerdict,
    ModelRef,
    ShadowVerdict,
    Trigger,
    TriggerKind,
    VerdictIssued,
)

_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_POST = "post-8412"
_AUTHOR = "user-17"
_SHA256 = "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea"
_PHOTO = Media(
    uri="s3://platform-media/2026/11/23/portrait.jpg",
    media_type="image/jpeg",
    sha256=_SHA256,
    alt_text="A woman smiles into the camera.",
)
_MODEL = ModelRef(name="efficientnet-lite0", version="0.1.0", weights_sha256=_SHA256[::-1])
_CREATED = str(post_event_id("posts.created", _POST))
_REPORTED = str(post_event_id("posts.reported", "report-311"))
_TRIGGER = Trigger(kind=TriggerKind.CREATED, event_id=_CREATED, source="https://social.example")
_VERDICT = verdict_id(_POST, [_SHA256], "efficientnet-lite0@0.1.0", _TRIGGER.cause)
_CASE = case_id(_POST, _REPORTED)


def _after(seconds: float) -> datetime:
    return _NOON + timedelta(seconds=seconds)


EXAMPLES: tuple[Contract, ...] = (
    PostCreated(
        post_id=_POST,
        author_id=_AUTHOR,
        text="New profile picture",
        hashtags=("#selfie",),
        media=(_PHOTO,),
        created_at=_NOON,
    ),
    PostReported(
        report_id="report-311",
        post_id=_POST,
        reporter_id="user-99",
        reason=ReportReason.UNTAGGED_DEEPFAKE,
        text="The face flickers at the edges.",
        reported_at=_after(60),
    ),
    PostAppealed(
        appeal_id="appeal-5",
        post_id=_POST,
        author_id=_AUTHOR,
        text="This is me, with a new haircut.",
        appealed_at=_after(600),
    ),
    PostReplayed(replay_id="replay-2026-12", post_id=_POST, media=(_PHOTO,), replayed_at=_after(86_400)),
    VerdictIssued(
        verdict_id=_VERDICT,
        post_id=_POST,
        trigger=_TRIGGER,
        label=Label.DEEPFAKE,
        score=0.97,
        media=(
            MediaVerdict(
                uri=_PHOTO.uri,
                label=Label.DEEPFAKE,
                score=0.97,
                threshold=0.9,
                faces=(FaceVerdict(box=Box(x0=212.0, y0=84.5, x1=431.0, y1=370.0), score=0.97),),
                evidence=("s3://fakeme-evidence/3f/79/face-0.jpg",),
                sha256=_SHA256,
                pdq="f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22",
            ),
        ),
        model=_MODEL,
        timings={"fetch": 0.021, "decode": 0.034, "detect": 0.312},
        issued_at=_after(0.5),
    ),
    ShadowVerdict(
        shadow_id=shadow_id(_POST, [_SHA256], "efficientnet-v2-s@0.2.0", _TRIGGER.cause),
        verdict_id=_VERDICT,
        post_id=_POST,
        trigger=_TRIGGER,
        label=Label.SUSPECTED,
        score=0.81,
        media=(
            MediaVerdict(
                uri=_PHOTO.uri,
                label=Label.SUSPECTED,
                score=0.81,
                threshold=0.93,
                faces=(FaceVerdict(box=Box(x0=212.0, y0=84.5, x1=431.0, y1=370.0), score=0.81),),
                sha256=_SHA256,
                pdq="f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22",
            ),
        ),
        model=ModelRef(name="efficientnet-v2-s", version="0.2.0", weights_sha256=_SHA256[::-1]),
        timings={"score": 0.118},
        issued_at=_after(0.9),
    ),
    PostTagged(
        tag_event_id=tag_event_id(_POST, TagAction.ADD, _VERDICT),
        post_id=_POST,
        action=TagAction.ADD,
        why=Explanation(
            en="A face in this post was probably generated or altered by AI.",
            ko="이 게시물의 얼굴은 AI로 생성되었거나 변형되었을 가능성이 높습니다.",
        ),
        cause=TagCause(kind=CauseKind.VERDICT, id=_VERDICT),
        tagged_at=_after(0.6),
    ),
    ReportsSurged(
        surge_id=surge_id(_POST, "2026-11-23T12:00:00+00:00"),
        post_id=_POST,
        reporters=5,
        window_seconds=600,
        surged_at=_after(240),
    ),
    CaseChanged(
        event_id=case_event_id(_CASE, CaseChange.OPENED, _REPORTED),
        case_id=_CASE,
        post_id=_POST,
        state=CaseState.OPEN,
        change=CaseChange.OPENED,
        origin=CaseOrigin.REPORT,
        priority=62.5,
        reasons=(ReportReason.UNTAGGED_DEEPFAKE,),
        reporters=1,
        score=0.97,
        changed_at=_after(61),
    ),
    DecisionMade(
        decision_id=decision_id(_CASE, "moderator-3", "1b4e28ba-2fa1-4d1a-8d5c-6e1c3a6f9f10"),
        case_id=_CASE,
        post_id=_POST,
        decision=DecisionKind.AUTHENTIC,
        moderator="moderator-3",
        note="Compared with the author's earlier pictures.",
        decided_at=_after(900),
    ),
    GenerationRequested(
        request_id="swap-77",
        requester_id=_AUTHOR,
        source=_PHOTO,
        target=Media(uri="s3://platform-media/scenes/beach.mp4", media_type="video/mp4"),
        consent=Consent(
            subject_id=_AUTHOR,
            record_uri="s3://platform-media/consents/user-17.pdf",
            record_sha256=_SHA256,
            expires_at=_after(31_536_000),
        ),
        requested_at=_NOON,
    ),
    GenerationFinished(
        result_id=UUID("2f1de0e2-7f7f-5b5c-9a7a-6f2f8a0c7d11"),
        request_id="swap-77",
        outcome=GenerationOutcome.DONE,
        output=Media(uri="s3://fakeme-evidence/swaps/swap-77.mp4", media_type="video/mp4"),
        finished_at=_after(40),
    ),
)

EXAMPLE_OF: dict[type[Contract], Contract] = {type(example): example for example in EXAMPLES}
