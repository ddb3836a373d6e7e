"""Runs the migrations on the connection, and in the transaction, that storage.migrate passes in."""

from alembic import context

from storage.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
