"""Persistence: objects in S3, rows in PostgreSQL and the database migrations."""
