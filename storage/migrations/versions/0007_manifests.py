"""Add manifests of signed files."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "manifests",
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("actions", ARRAY(sa.Text()), nullable=False),
        sa.Column("digital_source_type", sa.Text(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("pdqs", ARRAY(sa.Text()), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("payload", name="pk_manifests"),
        sa.CheckConstraint("payload ~ '^[0-9a-f]{13}$'", name=op.f("ck_manifests_payload")),
        sa.CheckConstraint(
            "octet_length(content) BETWEEN 1 AND 1000000", name=op.f("ck_manifests_content")
        ),
    )


def downgrade() -> None:
    op.drop_table("manifests")
