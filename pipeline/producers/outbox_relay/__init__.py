"""The relay worker: publishes what PostgreSQL committed to the outbox."""
