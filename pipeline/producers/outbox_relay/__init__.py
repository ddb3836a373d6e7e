"""The relay worker: publishes the events of the PostgreSQL outbox."""
