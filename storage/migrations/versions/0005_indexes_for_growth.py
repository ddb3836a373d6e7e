"""Add indexes by time, so that old rows can be found and deleted without a scan.

On a large database, create them before the upgrade with CREATE INDEX CONCURRENTLY, which blocks nobody; those
that exist are left alone here.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BY_TIME = (
    ("idempotent_requests", "at"),
    ("post_owners", "claimed_at"),
    ("posts", "seen_at"),
    ("media_analyses", "analysed_at"),
    ("verdicts", "issued_at"),
    ("reports", "reported_at"),
    ("decisions", "decided_at"),
)


def upgrade() -> None:
    for table, column in _BY_TIME:
        op.create_index(f"ix_{table}_{column}", table, [column], if_not_exists=True)
    op.create_index(
        "ix_outbox_published_at",
        "outbox",
        ["published_at"],
        postgresql_where=sa.text("published_at IS NOT NULL"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_audit_action_subject_at", "audit", ["action", "subject", "at"], if_not_exists=True
    )


def downgrade() -> None:
    op.drop_index("ix_audit_action_subject_at", table_name="audit")
    op.drop_index("ix_outbox_published_at", table_name="outbox")
    for table, column in _BY_TIME:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
