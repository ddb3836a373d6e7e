"""Add known media, and the hashes of all frames to analyses."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("media_analyses", sa.Column("pdqs", ARRAY(sa.Text())))
    op.create_table(
        "known_media",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text()),
        sa.Column("pdqs", ARRAY(sa.Text()), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("case_id", sa.Uuid()),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_by", sa.Text()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_known_media"),
        sa.UniqueConstraint("change", name="uq_known_media_change"),
        sa.CheckConstraint("label in ('deepfake', 'authentic')", name=op.f("ck_known_media_label")),
        sa.CheckConstraint(
            "sha256 IS NOT NULL OR cardinality(pdqs) > 0", name=op.f("ck_known_media_hashes")
        ),
    )
    op.create_index(
        "uq_known_media_hashes",
        "known_media",
        ["bank", "sha256", "pdqs"],
        unique=True,
        postgresql_where="removed_at IS NULL",
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_known_media_sha256", "known_media", ["sha256"], postgresql_where="removed_at IS NULL"
    )


def downgrade() -> None:
    op.drop_table("known_media")
    op.drop_column("media_analyses", "pdqs")
