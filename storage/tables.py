"""The tables of everything that must not be lost, as SQLAlchemy models; migrations make them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

MomentNow = DateTime(timezone=True)


class Base(DeclarativeBase):
    """Common metadata: names of constraints are fixed, so that migrations can refer to them."""


Base.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Post(Base):
    """A post as the platform published it, with its media: what a later report refers to."""

    __tablename__ = "posts"

    post_id: Mapped[str] = mapped_column(Text, primary_key=True)
    author_id: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)  # the PostCreated contract
    seen_at: Mapped[datetime] = mapped_column(MomentNow, server_default=func.now())


class AnalysisRow(Base):
    """What a model found in some bytes; the same bytes are analysed once per model version."""

    __tablename__ = "media_analyses"
    __table_args__ = (UniqueConstraint("sha256", "model_version"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    sha256: Mapped[str] = mapped_column(Text)
    model_version: Mapped[str] = mapped_column(Text)  # name@version
    label: Mapped[str] = mapped_column(Text)
    score: Mapped[float | None] = mapped_column(Float)
    pdq: Mapped[str | None] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)  # the MediaVerdict contract, without the uri
    analysed_at: Mapped[datetime] = mapped_column(MomentNow, server_default=func.now())


class Verdict(Base):
    """A verdict as it was published; one for each post event and model version."""

    __tablename__ = "verdicts"
    __table_args__ = (
        UniqueConstraint("trigger_event_id", "model_version"),
        Index("ix_verdicts_post_id_issued_at", "post_id", "issued_at"),
    )

    verdict_id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[str] = mapped_column(Text)
    trigger_kind: Mapped[str] = mapped_column(Text)
    trigger_event_id: Mapped[str] = mapped_column(Text)
    model_version: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    score: Mapped[float | None] = mapped_column(Float)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)  # the VerdictIssued contract
    issued_at: Mapped[datetime] = mapped_column(MomentNow)


class PostTag(Base):
    """The tag state of a post: what stands, and on what."""

    __tablename__ = "post_tags"

    post_id: Mapped[str] = mapped_column(Text, primary_key=True)
    tagged: Mapped[bool]
    cause_kind: Mapped[str] = mapped_column(Text)  # verdict or decision
    cause_id: Mapped[UUID]
    cause_at: Mapped[datetime] = mapped_column(MomentNow)
    changed_at: Mapped[datetime] = mapped_column(MomentNow, server_default=func.now())


class Report(Base):
    """A user's report; whichever consumer sees it first keeps it."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_post_id_reported_at", "post_id", "reported_at"),)

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    report_id: Mapped[str] = mapped_column(Text)
    post_id: Mapped[str] = mapped_column(Text)
    reporter_id: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, server_default="")
    reported_at: Mapped[datetime] = mapped_column(MomentNow)


class Surge(Base):
    """Many distinct reporters of one post within a window; raised once per window."""

    __tablename__ = "surges"

    surge_id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[str] = mapped_column(Text, index=True)
    reporters: Mapped[int]
    surged_at: Mapped[datetime] = mapped_column(MomentNow)


class Case(Base):
    """A question for moderators; a post has at most one that is not decided."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("uq_cases_undecided_post", "post_id", unique=True, postgresql_where="state <> 'decided'"),
        CheckConstraint("state in ('open', 'claimed', 'escalated', 'decided')", name="state"),
    )

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    priority: Mapped[float] = mapped_column(Float)  # without age, see storage.priority
    score: Mapped[float | None] = mapped_column(Float)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reporters: Mapped[int]
    surged: Mapped[bool] = mapped_column(server_default="false")
    appealed: Mapped[bool] = mapped_column(server_default="false")
    escalated: Mapped[bool] = mapped_column(server_default="false")  # stays true when it is claimed again
    leased_by: Mapped[str | None] = mapped_column(Text)
    leased_until: Mapped[datetime | None] = mapped_column(MomentNow)
    lease_token: Mapped[UUID | None]
    opened_at: Mapped[datetime] = mapped_column(MomentNow)
    changed_at: Mapped[datetime] = mapped_column(MomentNow)


class CaseSignal(Base):
    """An event that opened or joined a case; its key makes a repeated delivery change nothing."""

    __tablename__ = "case_signals"

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    seen_at: Mapped[datetime] = mapped_column(MomentNow, server_default=func.now())


class Decision(Base):
    """What a moderator decided on a case."""

    __tablename__ = "decisions"

    decision_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), index=True)
    post_id: Mapped[str] = mapped_column(Text, index=True)
    decision: Mapped[str] = mapped_column(Text)
    moderator: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default="")
    decided_at: Mapped[datetime] = mapped_column(MomentNow)


class AuditEntry(Base):
    """Who did what to which thing; rows are only ever added."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(MomentNow, server_default=func.now())


class OutboxRow(Base):
    """A message that a committed change announces; the relay publishes it and notes when."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_unpublished", "id", postgresql_where="published_at IS NULL"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    topic: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(MomentNow, server_default=func.now())
    published_at: Mapped[datetime | None] = mapped_column(MomentNow)


class ApiKey(Base):
    """A key of the HTTP gateway: only its hash is kept."""

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(Text, primary_key=True)  # the public part, shown in lists
    secret_sha256: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(MomentNow, server_default=func.now())
    revoked_at: Mapped[datetime | None] = mapped_column(MomentNow)


class IdempotentRequest(Base):
    """An answer of the gateway, kept so that a repeated request gets the same one."""

    __tablename__ = "idempotent_requests"

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_sha256: Mapped[str] = mapped_column(Text)
    status: Mapped[int]
    response: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(MomentNow, server_default=func.now())
