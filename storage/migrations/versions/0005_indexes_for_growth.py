"""Index what is pruned by age, and what the audit log and the export of labels are asked for."""

from collections.abc import Sequence

from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INDEXES = {
    "ix_audit_action_subject_at": ("audit", ["action", "subject", "at"]),
    "ix_cases_post_id": ("cases", ["post_id"]),
    "ix_decisions_decided_at": ("decisions", ["decided_at"]),
    "ix_idempotent_requests_at": ("idempotent_requests", ["at"]),
    "ix_media_analyses_analysed_at": ("media_analyses", ["analysed_at"]),
    "ix_posts_seen_at": ("posts", ["seen_at"]),
    "ix_reports_reported_at": ("reports", ["reported_at"]),
    "ix_surges_surged_at": ("surges", ["surged_at"]),
    "ix_verdicts_issued_at": ("verdicts", ["issued_at"]),
}


def upgrade() -> None:
    # Building an index blocks writes to its table. With many rows, build it before, without that lock: see
    # "Upgrade" in docs/operations.md.
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns, if_not_exists=True)
    op.create_index(
        "ix_outbox_published_at",
        "outbox",
        ["published_at"],
        postgresql_where="published_at IS NOT NULL",
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_published_at", "outbox")
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table)
