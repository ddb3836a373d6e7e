"""SQLAlchemy models of the database tables. Alembic migrations create the tables."""

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
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Timestamp = DateTime(timezone=True)


class Base(DeclarativeBase):
    """Common metadata with fixed constraint names, so that migrations can refer to them."""


Base.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Post(Base):
    """A published post with its media items."""

    __tablename__ = "posts"

    post_id: Mapped[str] = mapped_column(Text, primary_key=True)
    author_id: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)  # the PostCreated contract
    seen_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now(), index=True)


class AnalysisRow(Base):
    """The analysis of one file's bytes; the same bytes are analysed once per model version."""

    __tablename__ = "media_analyses"
    __table_args__ = (UniqueConstraint("sha256", "model_version"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    sha256: Mapped[str] = mapped_column(Text)
    # The column kept its name, so that workers of the version before still run on this schema.
    analysis_identity: Mapped[str] = mapped_column("model_version", Text)
    label: Mapped[str] = mapped_column(Text)
    score: Mapped[float | None] = mapped_column(Float)
    pdq: Mapped[str | None] = mapped_column(Text)
    # Of each frame with enough features. NULL: an analysis of the version before, with only the one above.
    pdqs: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)  # the MediaVerdict contract, without the uri
    analysed_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now(), index=True)


class MediaObject(Base):
    """The content of an object when it was last read; valid while the store reports the same version."""

    __tablename__ = "media_objects"

    uri: Mapped[str] = mapped_column(Text, primary_key=True)
    etag: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    modified_at: Mapped[datetime] = mapped_column(Timestamp)
    sha256: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now(), index=True)


class KnownMediaRow(Base):
    """A media item that was found to be a deepfake or authentic, here or elsewhere. Removed ones stay."""

    __tablename__ = "known_media"
    __table_args__ = (
        # One entry of a bank for the same hashes.
        Index(
            "uq_known_media_hashes",
            "bank",
            "sha256",
            "pdqs",
            unique=True,
            postgresql_where="removed_at IS NULL",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_known_media_sha256", "sha256", postgresql_where="removed_at IS NULL"),
        CheckConstraint("label in ('deepfake', 'authentic')", name="label"),
        CheckConstraint("sha256 IS NOT NULL OR cardinality(pdqs) > 0", name="hashes"),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(Text)
    pdqs: Mapped[list[str]] = mapped_column(ARRAY(Text))  # of a video, those of its frames
    threshold: Mapped[int]  # bits in which a similar picture's hash may differ
    bank: Mapped[str] = mapped_column(Text)  # whose list it is from
    reference: Mapped[str] = mapped_column(Text, server_default="")  # its name in that list
    case_id: Mapped[UUID | None]
    added_by: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    removed_by: Mapped[str | None] = mapped_column(Text)
    removed_at: Mapped[datetime | None] = mapped_column(Timestamp)
    change: Mapped[int] = mapped_column(BigInteger, unique=True)  # grows with each change of any row


class ManifestRow(Base):
    """The manifest of a file that FakeME signed, by the payload of its watermark, and what it states."""

    __tablename__ = "manifests"
    __table_args__ = (
        CheckConstraint("payload ~ '^[0-9a-f]{13}$'", name="payload"),
        CheckConstraint("octet_length(content) BETWEEN 1 AND 1000000", name="content"),
    )

    payload: Mapped[str] = mapped_column(Text, primary_key=True)
    request_id: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)  # of the signed file
    media_type: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    model_version: Mapped[str] = mapped_column(Text)
    actions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    digital_source_type: Mapped[str] = mapped_column(Text)
    signer: Mapped[str] = mapped_column(Text)
    pdqs: Mapped[list[str]] = mapped_column(ARRAY(Text))  # perceptual hashes of its frames
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stored_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class PendingEvidence(Base):
    """An evidence file of a stored verdict that is not in its bucket yet."""

    __tablename__ = "pending_evidence"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    uri: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class Verdict(Base):
    """A published verdict; one for each post event and analysis identity.

    The version before wrote no source: its rows have an empty one, here and in reports and case signals.
    """

    __tablename__ = "verdicts"
    __table_args__ = (
        Index(
            "uq_verdicts_trigger",
            "trigger_event_id",
            "trigger_source",
            "trigger_kind",
            "post_id",
            "model_version",
            unique=True,
        ),
        Index("ix_verdicts_post_id_issued_at", "post_id", "issued_at"),
    )

    verdict_id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[str] = mapped_column(Text)
    trigger_kind: Mapped[str] = mapped_column(Text)
    trigger_event_id: Mapped[str] = mapped_column(Text)
    trigger_source: Mapped[str] = mapped_column(Text, server_default="")
    analysis_identity: Mapped[str] = mapped_column("model_version", Text)
    label: Mapped[str] = mapped_column(Text)
    score: Mapped[float | None] = mapped_column(Float)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)  # the VerdictIssued contract
    issued_at: Mapped[datetime] = mapped_column(Timestamp, index=True)


class PostTag(Base):
    """The tag state of a post and its cause."""

    __tablename__ = "post_tags"

    post_id: Mapped[str] = mapped_column(Text, primary_key=True)
    tagged: Mapped[bool]
    cause_kind: Mapped[str] = mapped_column(Text)  # verdict or decision
    cause_id: Mapped[UUID]
    cause_at: Mapped[datetime] = mapped_column(Timestamp)
    changed_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class Report(Base):
    """A user's report. ``reported_at`` is the time at which it counts."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_post_id_reported_at", "post_id", "reported_at"),)

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True, server_default="")
    post_id: Mapped[str] = mapped_column(Text, primary_key=True)
    report_id: Mapped[str] = mapped_column(Text)
    reporter_id: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, server_default="")
    reported_at: Mapped[datetime] = mapped_column(Timestamp, index=True)


class Surge(Base):
    """A surge of distinct reporters of one post; published once per window."""

    __tablename__ = "surges"

    surge_id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[str] = mapped_column(Text, index=True)
    reporters: Mapped[int]
    surged_at: Mapped[datetime] = mapped_column(Timestamp, index=True)


class Case(Base):
    """A moderation case; a post has at most one undecided case."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("uq_cases_undecided_post", "post_id", unique=True, postgresql_where="state <> 'decided'"),
        CheckConstraint("state in ('open', 'claimed', 'escalated', 'decided')", name="state"),
    )

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[str] = mapped_column(Text, index=True)
    origin: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    priority: Mapped[float] = mapped_column(Float)  # without age, see storage.priority
    score: Mapped[float | None] = mapped_column(Float)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reporters: Mapped[int]
    counted_reporters: Mapped[int] = mapped_column(server_default="0")  # rows in case_reporters
    surged: Mapped[bool] = mapped_column(server_default="false")
    appealed: Mapped[bool] = mapped_column(server_default="false")
    escalated: Mapped[bool] = mapped_column(server_default="false")  # stays true after a new claim
    leased_by: Mapped[str | None] = mapped_column(Text)
    leased_until: Mapped[datetime | None] = mapped_column(Timestamp)
    lease_token: Mapped[UUID | None]
    opened_at: Mapped[datetime] = mapped_column(Timestamp)
    changed_at: Mapped[datetime] = mapped_column(Timestamp)


class CaseSignal(Base):
    """An event that opened or joined a case; the primary key makes repeated deliveries idempotent."""

    __tablename__ = "case_signals"

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True, server_default="")
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), primary_key=True, index=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    seen_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class CaseReporter(Base):
    """A user who reported the post of a case; counted once, whatever the number of their reports."""

    __tablename__ = "case_reporters"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), primary_key=True)
    reporter_id: Mapped[str] = mapped_column(Text, primary_key=True)


class Decision(Base):
    """A moderator's decision on a case."""

    __tablename__ = "decisions"

    decision_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), index=True)
    post_id: Mapped[str] = mapped_column(Text, index=True)
    decision: Mapped[str] = mapped_column(Text)
    moderator: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default="")
    decided_at: Mapped[datetime] = mapped_column(Timestamp, index=True)


class AuditEntry(Base):
    """An entry of the audit log. Rows are never changed or deleted."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_action_subject_at", "action", "subject", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class OutboxRow(Base):
    """A message of a committed change; the relay publishes it and records the time."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_unpublished", "id", postgresql_where="published_at IS NULL"),
        Index("ix_outbox_published_at", "published_at", postgresql_where="published_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    topic: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    published_at: Mapped[datetime | None] = mapped_column(Timestamp)


class ApiKey(Base):
    """An API key of the HTTP gateway; only the hash of its secret is stored."""

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(Text, primary_key=True)  # the public part, shown in lists
    secret_sha256: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text)  # the tenant: its keys see the same posts
    # The default is for keys that are older than scopes, or that the version before creates.
    scopes: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{publish,report,read,all-posts}'")
    )
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    expires_at: Mapped[datetime | None] = mapped_column(Timestamp)
    last_used_at: Mapped[datetime | None] = mapped_column(Timestamp)  # up to a minute late
    revoked_at: Mapped[datetime | None] = mapped_column(Timestamp)


class PostOwner(Base):
    """The tenant that published a post through the gateway. Posts that came by Kafka have no row."""

    __tablename__ = "post_owners"

    post_id: Mapped[str] = mapped_column(Text, primary_key=True)
    owner: Mapped[str] = mapped_column(Text)
    claimed_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class IdempotentRequest(Base):
    """A response of the gateway, stored so that a repeated request gets the same one."""

    __tablename__ = "idempotent_requests"

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_sha256: Mapped[str] = mapped_column(Text)
    status: Mapped[int]
    response: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now(), index=True)
