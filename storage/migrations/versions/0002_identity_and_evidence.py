"""Identify events by source and id, remember objects, and hold evidence until its bucket takes it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NOW = sa.text("now()")


def upgrade() -> None:
    # Wider keys: the version before inserts with ON CONFLICT DO NOTHING and no target, which accepts any key.
    op.add_column("verdicts", _source("trigger_source"))
    op.drop_constraint("uq_verdicts_trigger_event_id_model_version", "verdicts")
    op.create_index(
        "uq_verdicts_trigger",
        "verdicts",
        ["trigger_event_id", "trigger_source", "trigger_kind", "post_id", "model_version"],
        unique=True,
    )
    op.add_column("reports", _source("source"))
    op.drop_constraint("pk_reports", "reports")
    op.create_primary_key("pk_reports", "reports", ["event_id", "source", "post_id"])
    op.add_column("case_signals", _source("source"))
    op.drop_constraint("pk_case_signals", "case_signals")
    op.create_primary_key("pk_case_signals", "case_signals", ["event_id", "source", "kind", "case_id"])
    _count_reporters()
    # Posts of which the contract would no longer accept the date; nothing else depends on it.
    op.execute(
        """
        UPDATE posts SET body = jsonb_set(body, '{created_at}', to_jsonb(seen_at))
        WHERE NOT body ->> 'created_at' ~ '^2[01]\\d\\d-'
           OR body ->> 'created_at' ~ '^(2000-01-01|2199-12-31)'
        """
    )
    op.create_table(
        "media_objects",
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("uri", name="pk_media_objects"),
    )
    op.create_index("ix_media_objects_seen_at", "media_objects", ["seen_at"])
    op.create_table(
        "pending_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pending_evidence"),
    )


def downgrade() -> None:
    op.drop_table("pending_evidence")
    op.drop_table("media_objects")
    op.drop_column("cases", "counted_reporters")
    op.drop_table("case_reporters")
    # The narrower keys hold one of the events that share an id: keep the one that was written first.
    _keep_first("case_signals", "event_id", "seen_at")
    op.drop_constraint("pk_case_signals", "case_signals")
    op.drop_column("case_signals", "source")
    op.create_primary_key("pk_case_signals", "case_signals", ["event_id"])
    _keep_first("reports", "event_id", "reported_at")
    op.drop_constraint("pk_reports", "reports")
    op.drop_column("reports", "source")
    op.create_primary_key("pk_reports", "reports", ["event_id"])
    _keep_first("verdicts", "trigger_event_id, model_version", "issued_at")
    op.drop_index("uq_verdicts_trigger", "verdicts")
    op.drop_column("verdicts", "trigger_source")
    op.create_unique_constraint(
        "uq_verdicts_trigger_event_id_model_version", "verdicts", ["trigger_event_id", "model_version"]
    )


def _source(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _count_reporters() -> None:
    """Create the table of reporters, and fill it for the cases that more reports may join."""
    op.create_table(
        "case_reporters",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reporter_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_case_reporters_case_id"),
        sa.PrimaryKeyConstraint("case_id", "reporter_id", name="pk_case_reporters"),
    )
    op.add_column("cases", sa.Column("counted_reporters", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        """
        INSERT INTO case_reporters (case_id, reporter_id)
        SELECT DISTINCT case_id, body ->> 'reporter_id'
        FROM case_signals JOIN cases USING (case_id)
        WHERE kind = 'report' AND state <> 'decided' AND body ->> 'reporter_id' IS NOT NULL
        """
    )
    op.execute(
        """
        UPDATE cases SET counted_reporters = counted.reporters
        FROM (SELECT case_id, count(*) AS reporters FROM case_reporters GROUP BY case_id) AS counted
        WHERE cases.case_id = counted.case_id
        """
    )


def _keep_first(table: str, key: str, written: str) -> None:
    op.execute(
        f"""
        DELETE FROM {table} USING (
            SELECT ctid AS row, row_number() OVER (PARTITION BY {key} ORDER BY {written}, ctid) AS number
            FROM {table}
        ) AS ranked
        WHERE {table}.ctid = ranked.row AND ranked.number > 1
        """  # noqa: S608 - constants of this file
    )
