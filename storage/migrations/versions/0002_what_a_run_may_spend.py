"""What a run may spend and has spent, and what its runners tell each other."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("run", sa.Column("account", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("run", "account")
