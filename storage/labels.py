"""Reads posts with moderators' decisions, their media and the verdict at the time of the decision.

The caller maps decisions to training labels.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from schemas.moderation import CaseState, DecisionKind
from schemas.posts import Media, PostCreated
from schemas.verdicts import VerdictIssued
from storage.tables import Case, CaseSignal, Decision, Post, Verdict


@dataclass(frozen=True)
class DecidedPost:
    """A post with all decisions of all its cases, oldest first.

    ``media`` comes from the published post, or from the first report or appeal that lists media if FakeME
    never received the post. ``verdict`` is the newest verdict that was issued no later than the last decision
    of the requested kinds. ``reopened`` is true if an undecided case on the post exists.
    """

    post_id: str
    author_id: str | None
    media: tuple[Media, ...]
    decisions: tuple[Decision, ...]
    verdict: VerdictIssued | None
    reopened: bool


def decided_since(session: Session, kinds: Collection[DecisionKind], since: datetime | None) -> list[str]:
    """Return the sorted ids of posts with a decision of these kinds at ``since`` or later (None: ever)."""
    query = select(Decision.post_id).where(_of(kinds)).distinct().order_by(Decision.post_id)
    if since is not None:
        query = query.where(Decision.decided_at >= since)
    return list(session.scalars(query))


def read_decided_posts(
    session: Session, post_ids: Collection[str], kinds: Collection[DecisionKind]
) -> list[DecidedPost]:
    """Return these posts. Runs five queries per call, so pass a few hundred ids at a time."""
    posts = _posts(session, post_ids)
    reported = _reported_media(session, set(post_ids) - posts.keys())
    decisions = _decisions(session, post_ids)
    verdicts = _verdicts(session, post_ids, kinds)
    reopened = _reopened(session, post_ids)
    return [
        DecidedPost(
            post_id,
            posts[post_id].author_id if post_id in posts else reported[post_id][0],
            posts[post_id].media if post_id in posts else reported[post_id][1],
            tuple(decisions[post_id]),
            verdicts.get(post_id),
            post_id in reopened,
        )
        for post_id in post_ids
    ]


def _of(kinds: Collection[DecisionKind]) -> ColumnElement[bool]:
    return Decision.decision.in_([kind.value for kind in kinds])


def _posts(session: Session, post_ids: Collection[str]) -> dict[str, PostCreated]:
    query = select(Post.post_id, Post.body).where(Post.post_id.in_(post_ids))
    return {post_id: PostCreated.model_validate(body) for post_id, body in session.execute(query)}


def _reported_media(
    session: Session, post_ids: Collection[str]
) -> dict[str, tuple[str | None, tuple[Media, ...]]]:
    """Return author and media of posts that FakeME did not receive, taken from reports and appeals."""
    query = select(Case.post_id, CaseSignal.body).join(Case, Case.case_id == CaseSignal.case_id)
    query = query.where(Case.post_id.in_(post_ids)).order_by(CaseSignal.seen_at, CaseSignal.event_id)
    reported: dict[str, tuple[str | None, tuple[Media, ...]]] = dict.fromkeys(post_ids, (None, ()))
    for post_id, body in session.execute(query) if post_ids else ():
        author, media = reported[post_id]
        # Bodies of verdicts also have "media", but those are results without a media_type.
        listed = [fields for fields in body.get("media", ()) if "media_type" in fields]
        reported[post_id] = (
            author or body.get("author_id"),
            media or tuple(Media.model_validate(fields) for fields in listed),
        )
    return reported


def _decisions(session: Session, post_ids: Collection[str]) -> dict[str, list[Decision]]:
    query = select(Decision).where(Decision.post_id.in_(post_ids))
    return _by_post(session.scalars(query.order_by(Decision.decided_at, Decision.decision_id)))


def _by_post(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    found: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        found[decision.post_id].append(decision)
    return found


def _verdicts(
    session: Session, post_ids: Collection[str], kinds: Collection[DecisionKind]
) -> dict[str, VerdictIssued]:
    last = (
        select(Decision.post_id, func.max(Decision.decided_at).label("at"))
        .where(Decision.post_id.in_(post_ids), _of(kinds))
        .group_by(Decision.post_id)
        .subquery()
    )
    query = (
        select(Verdict.post_id, Verdict.body)
        .join(last, last.c.post_id == Verdict.post_id)
        .where(Verdict.issued_at <= last.c.at)
        .order_by(Verdict.post_id, Verdict.issued_at.desc())
        .ext(distinct_on(Verdict.post_id))
    )
    return {post_id: VerdictIssued.model_validate(body) for post_id, body in session.execute(query)}


def _reopened(session: Session, post_ids: Collection[str]) -> set[str]:
    query = select(Case.post_id).where(Case.post_id.in_(post_ids), Case.state != CaseState.DECIDED.value)
    return set(session.scalars(query))
